/*
 * One page event as a sentence.
 *
 *     evicted | reclaim6 by=oom aim=include_newest level=oom free=119 need=6
 *
 *     It was evicted as the next victim, from reclaim6: the watchdog, out of
 *     memory, would take even the newest and still wanted 6 pages; the level
 *     was oom, 119 pages were free.
 */
#ifndef LOWTIDE_EXPLAIN_PAGE_SENTENCE_H
#define LOWTIDE_EXPLAIN_PAGE_SENTENCE_H

#include <stdbool.h>

/* What an event does to the page, as far as its life goes. */
enum page_turn {
    PAGE_COMES,     /* into memory, or to a policy's notice again */
    PAGE_STAYS,     /* moves between lists, is looked at */
    PAGE_IS_HELD,   /* stays in memory, where reclaim can't take it */
    PAGE_IS_TAKEN,  /* by reclaim */
    PAGE_IS_FREED,  /* by its user */
    PAGE_TURN_OTHER /* a word of a later version */
};

enum page_turn page_turn_of(const char *what);

/*
 * The sentence, malloc()ed and returned; NULL: out of memory.
 *
 *   what, detail   of the row; detail may be NULL
 *   more           what the caller knows beyond it, put before the full stop;
 *                  "" for nothing
 */
char *page_sentence(const char *what, const char *detail, const char *more);

#endif
