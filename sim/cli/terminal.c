#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_is_screen(FILE *stream)
{
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && !(term && strcmp(term, "dumb") == 0);
}

const char *terminal_style(FILE *stream, enum terminal_style style)
{
    /* SGR sequences of ECMA-48. Colours of the terminal's own palette, which
     * its owner has made readable. */
    static const char *const sequences[] = {
        [TERMINAL_PLAIN] = "\033[0m", [TERMINAL_BOLD] = "\033[1m",
        [TERMINAL_FAINT] = "\033[2m", [TERMINAL_GOOD] = "\033[32m",
        [TERMINAL_BAD] = "\033[31m",
    };
    const char *no_color = getenv("NO_COLOR");
    if ((no_color && *no_color) || !terminal_is_screen(stream))
        return "";
    return sequences[style];
}

enum terminal_style terminal_status_style(const char *status)
{
    static const struct {
        const char *status;
        enum terminal_style style;
    } styles[] = {
        {"ok", TERMINAL_GOOD},           {"failed", TERMINAL_BAD},
        {"stopped", TERMINAL_BAD},       {"error", TERMINAL_BAD},
        {"interrupted", TERMINAL_FAINT},
    };
    for (size_t i = 0; status && i < sizeof styles / sizeof styles[0]; i++)
        if (strcmp(status, styles[i].status) == 0)
            return styles[i].style;
    return TERMINAL_PLAIN;
}
