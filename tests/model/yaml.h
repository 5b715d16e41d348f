/*
 * A program as a scenario: what `lowtide run` does step by step as the trial
 * does, with the statuses and, at the end, everything the model expects.
 */
#ifndef MODEL_YAML_H
#define MODEL_YAML_H

#include <stdio.h>

#include "trial.h"

enum { MAX_ENDED = 4096 }; /* numbers of steps that are remembered */

struct yaml {
    FILE *file;        /* owned; NULL: nothing is written */
    long rewind_to;    /* where the event of the step that is done begins */
    bool is_in_step;   /* written, its status not known yet */
    int32_t passed_ms; /* time that has passed since the event before */
    enum vm_status
        ended[MAX_ENDED]; /* of operations that waited, by their number */
    bool has_ended[MAX_ENDED];
};

/* False: the file can't be made. */
bool yaml_begin(struct yaml *yaml, const char *path,
                const struct trial_config *config);
/* Before the step, so that one that kills the program is in the file. */
void yaml_step(struct yaml *yaml, const struct trial *trial,
               const struct step *step);
void yaml_outcome(struct yaml *yaml, const struct trial *trial,
                  const struct step *step, const struct outcome *outcome);
/* A step is known to be wrong: the status that it should have had. */
void yaml_wanted(struct yaml *yaml, const struct trial *trial,
                 const struct step *step, enum vm_status status);
/* What the model expects of all objects, and the end of the file. */
void yaml_end(struct yaml *yaml, struct trial *trial);

#endif
