/*
 * What several commands do alike: options, interruption, statuses of studies.
 */
#ifndef LOWTIDE_CLI_COMMON_H
#define LOWTIDE_CLI_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "study/study.h"

/* The command line as one string, to be freed; NULL: out of memory. */
char *cli_join(int argc, char **argv);

/* A count from 1 to `most`. */
bool cli_read_count(const char *text, unsigned most, unsigned *count);

/*
 * From here on the first SIGINT or SIGTERM sets the flag that is returned; a
 * second one ends the process as usual.
 */
const volatile sig_atomic_t *cli_catch_signals(void);

/* The exit status that says what became of a study. */
int cli_study_exit(enum study_status status);

#endif
