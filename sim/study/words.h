/* Comma-separated lists of options. */
#ifndef LOWTIDE_STUDY_WORDS_H
#define LOWTIDE_STUDY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* "a,b" as "a\0b\0": word n + 1 begins behind word n's NUL. */
struct words {
    char *text; /* owned */
    size_t count;
};

/* Cut a list at its commas; words may be empty. False: out of memory. */
bool words_cut(struct words *words, const char *text);
void words_release(struct words *words);

#endif
