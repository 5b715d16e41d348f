/*
 * Colours, where somebody sees them: on a terminal that knows them, unless
 * NO_COLOR is set and not empty (no-color.org). Elsewhere every style is "",
 * so that what is piped is the bare text.
 */
#ifndef LOWTIDE_CLI_TERMINAL_H
#define LOWTIDE_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum terminal_style {
    TERMINAL_PLAIN, /* ends another style */
    TERMINAL_BOLD,
    TERMINAL_FAINT,
    TERMINAL_GOOD,
    TERMINAL_BAD,
};

/* Is `stream` a screen that understands more than lines? */
bool terminal_is_screen(FILE *stream);

/* What switches a style on; "" where there are no colours. Takes no width. */
const char *terminal_style(FILE *stream, enum terminal_style style);

/* The style of a run's status, such as "ok" or "failed". */
enum terminal_style terminal_status_style(const char *status);

#endif
