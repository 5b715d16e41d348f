#include "cli/common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { LINE_BYTES = 16 << 10 };

char *cli_join(int argc, char **argv)
{
    size_t bytes = sizeof "lowtide";
    for (int n = 0; n < argc; n++)
        bytes += strlen(argv[n]) + 1;
    char *joined = malloc(bytes);
    if (!joined)
        return NULL;
    char *at = stpcpy(joined, "lowtide");
    for (int n = 0; n < argc; n++) {
        *at++ = ' ';
        at = stpcpy(at, argv[n]);
    }
    return joined;
}

static const char *speaker = ""; /* the command under way */

void cli_speak_for(const char *command)
{
    speaker = command;
}

int cli_complain(int status, const char *format, ...)
{
    /* One write, so that the lines of several processes stay whole. */
    char message[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fprintf(stderr, "lowtide %s: %s\n", speaker, message);
    return status;
}

int cli_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CLI_OK;
    return cli_complain(CLI_HOST, "cannot write to standard output");
}

/* A handler has no other way to say it. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

const volatile sig_atomic_t *cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &interrupted;
}

int cli_study_exit(enum study_status status)
{
    static const int statuses[] = {
        [STUDY_OK] = CLI_OK,
        [STUDY_FAILED] = CLI_FAILED,
        [STUDY_INPUT] = CLI_USAGE,
        [STUDY_HOST] = CLI_HOST,
        [STUDY_BROKEN] = CLI_INVARIANT,
        [STUDY_INTERRUPTED] = CLI_INTERRUPTED,
    };
    return statuses[status];
}

int cli_results_exit(enum results_check check)
{
    static const int statuses[] = {
        [RESULTS_OK] = CLI_OK,
        [RESULTS_BAD_INPUT] = CLI_USAGE,
        [RESULTS_HOST] = CLI_HOST,
    };
    return statuses[check];
}
