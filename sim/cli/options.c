#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "scenario/values.h"

/* getopt's keys: letters, and numbers above them for what has none. */
enum { FIRST_KEY = 256, HELP_KEY = 'h' };

static int key_of(const struct cli_option *options, size_t n)
{
    return options[n].letter ? options[n].letter : FIRST_KEY + (int)n;
}

/* The list as getopt_long() wants it; both arrays are zeroed. */
static void describe(const struct cli_option *options, struct option *longs,
                     char *letters)
{
    size_t n = 0;
    for (; options[n].name; n++) {
        assert(n + 2 < CLI_MAX_OPTIONS);
        int has_value = options[n].flag ? no_argument : required_argument;
        longs[n] = (struct option){options[n].name, has_value, NULL,
                                   key_of(options, n)};
        if (!options[n].letter)
            continue;
        *letters++ = options[n].letter;
        if (has_value)
            *letters++ = ':';
    }
    longs[n] = (struct option){"help", no_argument, NULL, HELP_KEY};
    *letters = HELP_KEY;
}

/* NULL: none of them. */
static const struct cli_option *find(const struct cli_option *options, int key)
{
    for (size_t n = 0; options[n].name; n++)
        if (key_of(options, n) == key)
            return &options[n];
    return NULL;
}

/* There are never more values than words on the line. */
static int add_text(struct cli_texts *texts, const char *value, int argc)
{
    if (!texts->items)
        texts->items = calloc((size_t)argc, sizeof *texts->items);
    if (!texts->items)
        return cli_complain(CLI_HOST, "out of memory");
    texts->items[texts->count++] = value;
    return CLI_OK;
}

static int take_count(const struct cli_option *option, const char *value)
{
    if (cli_read_count(value, option->most, option->count))
        return CLI_OK;
    return cli_complain(CLI_USAGE, "--%s: a number from 1 to %u is wanted",
                        option->name, option->most);
}

static int take(const struct cli_option *option, const char *value, int argc)
{
    if (option->texts)
        return add_text(option->texts, value, argc);
    if (option->count)
        return take_count(option, value);
    if (option->take)
        return option->take(option->target, value);
    if (option->flag)
        *option->flag = true;
    else
        *option->text = value;
    return CLI_OK;
}

int cli_read_options(int argc, char **argv, const struct cli_option *options,
                     const char *help, enum cli_hint hint)
{
    struct option longs[CLI_MAX_OPTIONS] = {0};
    char letters[2 * CLI_MAX_OPTIONS] = "";
    int key;
    describe(options, longs, letters);
    optind = 0; /* start anew, also after another command */
    while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (key == HELP_KEY && help) {
            fputs(help, stdout);
            return CLI_HELPED;
        }
        const struct cli_option *option = find(options, key);
        if (!option && hint == CLI_SEE_HELP)
            cli_complain(CLI_USAGE, "see lowtide %s --help", argv[0]);
        int status = option ? take(option, optarg, argc) : CLI_USAGE;
        if (status != CLI_OK)
            return status;
    }
    return CLI_OK;
}

const char *cli_only_word(int argc, char **argv, const char *wanted,
                          const char *single)
{
    if (optind + 1 == argc)
        return argv[optind];
    cli_complain(CLI_USAGE, "%s; see --help",
                 optind == argc || !single ? wanted : single);
    return NULL;
}

bool cli_wants_help(int argc, char **argv)
{
    for (int n = 1; n < argc && strcmp(argv[n], "--") != 0; n++)
        if (strcmp(argv[n], "--help") == 0 || strcmp(argv[n], "-h") == 0)
            return true;
    return false;
}

bool cli_read_count(const char *text, unsigned most, unsigned *count)
{
    uint64_t number;
    if (value_count(text, &number) != VALUE_OK || number == 0 || number > most)
        return false;
    *count = (unsigned)number;
    return true;
}

int cli_exit(int status)
{
    return status == CLI_HELPED ? CLI_OK : status;
}
