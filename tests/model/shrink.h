/*
 * Makes a program that fails short: what can be left out is left out, what
 * remains is made small, as long as it fails in the same way (the message's
 * words, whatever its numbers).
 */
#ifndef MODEL_SHRINK_H
#define MODEL_SHRINK_H

#include "run.h"

/*
 * `steps` (`*count` of them) is a program that fails as the report says; both
 * are changed in place. Returns how many programs were tried.
 */
uint32_t shrink(const struct trial_config *config, struct step *steps,
                uint32_t *count, struct report *report);

#endif
