/*
 * What several commands do alike: complaints, interruption, exit statuses.
 */
#ifndef LOWTIDE_CLI_COMMON_H
#define LOWTIDE_CLI_COMMON_H

#include <signal.h>

#include "record/results.h"
#include "study/study.h"

/* The command line as one string, to be freed; NULL: out of memory. */
char *cli_join(int argc, char **argv);

/* From here on complaints are this command's; its name is borrowed. */
void cli_speak_for(const char *command);

/* A line on stderr: "lowtide COMMAND: ...". Returns `status`. */
int cli_complain(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Is all of stdout written? CLI_OK, or CLI_HOST after a complaint. */
int cli_flush(void);

/*
 * From here on the first SIGINT or SIGTERM sets the flag that is returned; a
 * second one ends the process as usual.
 */
const volatile sig_atomic_t *cli_catch_signals(void);

/* The exit status that says what became of a study. */
int cli_study_exit(enum study_status status);

/* The exit status that says what a look into a results file came to. */
int cli_results_exit(enum results_check check);

#endif
