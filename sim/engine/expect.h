/*
 * Expectations: what a scenario says about VMOs, the machine and operations,
 * compared with what is. Looking never changes anything.
 *
 *   expect --> for each key: look --> expected text, actual text, same?
 *                                          |
 *                                          +--> row, and a message if not
 *
 * Both texts are in the scenario language, so that what was found can be
 * pasted into the file. Only script*.c and expect*.c include this.
 */
#ifndef LOWTIDE_EXPECT_H
#define LOWTIDE_EXPECT_H

#include <stdio.h>

#include "engine/script_internal.h"

/* One key under comparison. */
struct expect_look {
    const struct script_call *call;
    const struct world *world;
    const struct world_vmo *vmo; /* of keys about a VMO: open */
    const struct scenario_expect *expect;
    const struct expect_item *item;
    FILE *expected; /* where the texts go */
    FILE *actual;
};

/* Writes both texts; returns whether the expectation holds. */
typedef bool (*expect_look_fn)(struct expect_look *look);

/* About a VMO (expect_vmo.c). */
bool expect_exists(struct expect_look *look);
bool expect_size(struct expect_look *look);
bool expect_committed(struct expect_look *look);
bool expect_compressed(struct expect_look *look);
bool expect_pinned(struct expect_look *look);
bool expect_children(struct expect_look *look);
bool expect_parent(struct expect_look *look);
bool expect_high_priority(struct expect_look *look);
bool expect_reclaim_events(struct expect_look *look);
bool expect_depth(struct expect_look *look);
bool expect_discardable(struct expect_look *look);
bool expect_requests(struct expect_look *look);
bool expect_same_page_as(struct expect_look *look);

/* Lists with an entry for each page (expect_list.c). */
bool expect_content(struct expect_look *look);
bool expect_slots(struct expect_look *look);
bool expect_queues(struct expect_look *look);
bool expect_dirty(struct expect_look *look);
bool expect_dirty_ranges(struct expect_look *look);

/* About the machine (expect_machine.c); `loaned` of a VMO, too. */
bool expect_free(struct expect_look *look);
bool expect_free_loaned(struct expect_look *look);
bool expect_loaned(struct expect_look *look);
bool expect_compressed_storage(struct expect_look *look);
bool expect_active(struct expect_look *look);
bool expect_inactive(struct expect_look *look);
bool expect_level(struct expect_look *look);
bool expect_queue(struct expect_look *look);
bool expect_evicted(struct expect_look *look);
bool expect_oom_kills(struct expect_look *look);
bool expect_now(struct expect_look *look);

/* About an operation (expect_machine.c). */
bool expect_state(struct expect_look *look);
bool expect_result(struct expect_look *look);

/* Texts (expect_text.c). -------------------------------------------------- */

bool expect_count(struct expect_look *look, uint64_t actual);
bool expect_word(struct expect_look *look, const char *expected,
                 const char *actual);

/* Words of the scenario language. */
const char *expect_slot_word(enum expected_slot slot);
const char *expect_queue_word(enum expected_queue queue);
const char *expect_dirty_word(enum expected_dirty dirty);
const char *expect_discardable_word(enum expected_discardable discardable);
const char *expect_level_word(enum pressure_level level);

/* `1500us`: in the largest unit without a fraction. */
void expect_write_time(FILE *out, sim_ns time);

/* Queues by name (expect_machine.c). -------------------------------------- */

/* The queue of a page that is in one. */
enum expected_queue expect_queue_of(const struct world *world, page_index page);
/* Does it stand for this one? `-` is for any, `reclaim` for the eight. */
bool expect_queue_is(enum expected_queue expected, enum expected_queue actual);

#endif
