/*
 * The detail of a page event: what can be said in words, then facts by name.
 *
 *     read again on=reclaim0 class=pager
 *     reclaim6 by=continuous aim=only_oldest level=warning free=352 need=240
 *     \__head_/ \________________________ facts ___________________________/
 *
 * The page trace writes it, `lowtide explain` reads it, and so can SQL: the
 * head comes first and the names are fixed.
 *
 *   on      the policy's list that the page has joined
 *   class   pager, anonymous or discardable: what the page is made of
 *   by      who took it: eviction, continuous (the eviction thread, asked once
 *           or while a level lasts), oom (the watchdog), lru (the LRU thread:
 *           it had aged out) or script
 *   aim     how hard the eviction tried: only_oldest or include_newest
 *   level   memory pressure level at that moment
 *   free    free pages at that moment; those of a pass under way are not yet
 *   need    pages that the pass still wanted, this one included
 *   state   active or inactive, where the policy tells
 *   hint    always_need: a page that is to stay
 *   line    of the scenario, for what the script does
 */
#ifndef LOWTIDE_RECORD_PAGE_NOTE_H
#define LOWTIDE_RECORD_PAGE_NOTE_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a detail or any part of it. */
#define PAGE_NOTE_BYTES 256

/* The detail without its facts, into `head` (PAGE_NOTE_BYTES); "" for NULL. */
void page_note_head(const char *detail, char *head);

/* The value of a fact, into `value` (PAGE_NOTE_BYTES), which is "" if there is
 * none. Returns whether there is one. */
bool page_note_fact(const char *detail, const char *name, char *value);

/* Fact after fact: its name and value into `name` and `value`
 * (PAGE_NOTE_BYTES each); moves `cursor`, which begins at the detail. False:
 * there is no more. */
bool page_note_next(const char **cursor, char *name, char *value);

#endif
