/*
 * The life of one page, from the page events of a run.
 *
 *     added -> aged ... -> evicted   . . away . . .   refaulted -> ... -> freed
 *     |--------- life 1 ---------|                    |------- life 2 ------|
 *
 * A page that is pinned, dirty or protected goes on living, out of reclaim's
 * reach. What the core does in several steps at one instant (a page is filed
 * twice, or copied on its way down a tree of clones) is one step to a reader:
 * the others are kept, but not told.
 */
#ifndef LOWTIDE_EXPLAIN_PAGE_LIFE_H
#define LOWTIDE_EXPLAIN_PAGE_LIFE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/results.h"
#include "units.h"

struct page_life_event {
    uint64_t seq;
    sim_ns at_ns;
    char *what;     /* owned */
    char *detail;   /* owned; NULL */
    unsigned life;  /* from 1 */
    bool is_told;   /* false: a part of another one */
    bool is_before; /* the first, and the page had been there before it */
    char *sentence; /* owned */
};

struct page_life {
    uint64_t run_id, vmo_id, page;
    char *run;   /* owned: "first-pressure, zircon, seed 1" */
    char *vmo;   /* owned: its name; NULL */
    char *about; /* owned: "pager, of process indexer" */
    sim_ns end_ns;
    struct page_life_event *events; /* owned */
    size_t count;
    bool is_alive; /* at the end */
    char list[64]; /* that it is on, where known */
};

/*
 * Read it.
 *
 *   vmo    a name or an id
 *
 * Not RESULTS_OK: `error` says why, a line. Release it in any case.
 */
enum results_check page_life_read(struct page_life *life, sqlite3 *db,
                                  uint64_t run_id, const char *vmo,
                                  uint64_t page, char *error,
                                  size_t error_size);
void page_life_release(struct page_life *life);

/* As paragraphs, with a heading unless `is_quiet`. */
void page_life_print(FILE *out, const struct page_life *life, bool is_quiet);

/* As a JSON array of its events. */
void page_life_print_json(FILE *out, const struct page_life *life);

/* "SCENARIO, POLICY, seed N" of a run, malloc()ed and returned; NULL: out of
 * memory, or there is no such run. */
char *run_title(sqlite3 *db, uint64_t run_id);

#endif
