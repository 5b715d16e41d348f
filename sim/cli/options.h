/*
 * What stands on a command line, read by getopt_long() into the places where a
 * command wants it. A command lists its options, each with the one target that
 * it has; --help is everywhere and is not listed.
 *
 *     const struct cli_option rows[] = {
 *         {"seeds", .count = &seeds, .most = 100},
 *         {"output", 'o', .text = &path},
 *         {0},
 *     };
 */
#ifndef LOWTIDE_CLI_OPTIONS_H
#define LOWTIDE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    CLI_MAX_JOBS = 1024,
    CLI_MAX_OPTIONS = 24, /* of one command, with --help */
};

/* The values of an option that may be repeated, in their order. */
struct cli_texts {
    const char **items; /* owned by the command; the texts are borrowed */
    size_t count;
};

struct cli_option {
    const char *name; /* NULL ends the list */
    char letter;      /* the short form; 0: none */

    /* one of these, borrowed */
    bool *flag;              /* takes no value; is set */
    const char **text;       /* the value */
    struct cli_texts *texts; /* the value is added */
    unsigned *count;         /* the value is a number from 1 to `most` */
    /* Read the value; returns CLI_OK, or the status after a complaint. */
    int (*take)(void *target, const char *value);

    void *target;  /* of `take` */
    unsigned most; /* of `count` */
};

/* Nothing, after getopt's own words about a wrong option, or where help is. */
enum cli_hint { CLI_NO_HINT, CLI_SEE_HELP };

/* Instead of an exit status: help was asked for and is printed. */
enum { CLI_HELPED = -1 };

/*
 * Read all options; then argv[optind] is the first of the other words.
 *
 *   help  printed for --help, at which reading stops. NULL: the command has
 *         looked for it before, and what is left of it is a wrong option
 *
 * Returns CLI_OK, CLI_HELPED, or the status to end with after a message.
 */
int cli_read_options(int argc, char **argv, const struct cli_option *options,
                     const char *help, enum cli_hint hint);

/* The exit status of a command that ends with `status`: help is no failure. */
int cli_exit(int status);

/*
 * The one word that stands besides the options, NULL after a complaint.
 *
 *   wanted  the complaint where there is none
 *   single  where there are several; NULL: the same
 */
const char *cli_only_word(int argc, char **argv, const char *wanted,
                          const char *single);

/* Does --help or -h stand among the words, before any `--`? */
bool cli_wants_help(int argc, char **argv);

/* A number from 1 to `most`. */
bool cli_read_count(const char *text, unsigned most, unsigned *count);

#endif
