/*
 * Saying what is wrong with a scenario: where, and what would be right.
 */
#ifndef LOWTIDE_SCENARIO_REPORT_H
#define LOWTIDE_SCENARIO_REPORT_H

#include "scenario/errors.h"
#include "scenario/script.h"

struct scenario;

struct reporter {
    const char *path;               /* borrowed */
    const char *const *overrides;   /* borrowed: as typed, for places */
    struct scenario_errors *errors; /* borrowed; NULL: only counted */
    size_t found;
};

void report(struct reporter *reporter, struct scenario_place place,
            const char *format, ...) __attribute__((format(printf, 3, 4)));
void report_list(struct reporter *reporter, struct scenario_place place,
                 const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* More errors than are kept: messages that cost something can be spared. */
bool report_is_full(const struct reporter *reporter);

/* What is wrong with a scenario that was read without error: "FILE:LINE:COL: "
 * or the override that `place` came from, then the text. */
void scenario_message_at(const struct scenario *scenario,
                         const struct scenario_place *place, const char *text,
                         char *message, size_t message_bytes);

/*
 * A word that is none of those accepted: which of them may have been meant.
 *
 *     choice_init(&choice, "annonymous");
 *     choice_add(&choice, "anonymous"); choice_add(&choice, "pager");
 *     choice_text(&choice)
 *         -> ", did you mean 'anonymous'? accepted: anonymous, pager"
 */
struct choice {
    const char *word;  /* borrowed */
    const char *best;  /* borrowed: the nearest; NULL: none is near */
    unsigned distance; /* of the best; else one more than is near */
    size_t length;
    char accepted[1200];
    char text[1400];
};

void choice_init(struct choice *choice, const char *word);
/* `accepted` is borrowed until choice_text(). */
void choice_add(struct choice *choice, const char *accepted);
/* The end of a message; it lives in the choice. */
const char *choice_text(struct choice *choice);
/* As choice_text(), without the list: ", did you mean 'x'?" or "". */
const char *choice_hint(struct choice *choice);

#endif
