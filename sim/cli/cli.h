/*
 * The command line: what every sub-command shares.
 *
 * Results go to stdout, diagnostics to stderr. A command parses its own
 * options (getopt_long; argv[0] is its name) and returns an exit status.
 */
#ifndef LOWTIDE_CLI_H
#define LOWTIDE_CLI_H

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,       /* an expectation or a comparison gate failed */
    CLI_USAGE = 2,        /* bad usage or bad input; nothing was written */
    CLI_HOST = 3,         /* disk, memory, gnuplot missing ... */
    CLI_BUG = 4,          /* an invariant of ours is broken */
    CLI_INTERRUPTED = 130 /* results so far are kept */
};

struct cli_command {
    const char *name;
    const char *summary; /* one line for `lowtide --help` */
    int (*run)(int argc, char **argv);
};

/* One file each: cmd_NAME.c. */
int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_policies(int argc, char **argv);

#endif
