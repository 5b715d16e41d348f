/*
 * Operations that may wait, inside: what the rules say of one (wait_rules.c),
 * what its runs do to the model (wait_effects.c), how it goes on (drive_wait.c)
 * and how it begins (wait_start.c).
 */
#ifndef MODEL_WAIT_H
#define MODEL_WAIT_H

#include "trial.h"

/* The node that it works on, and where its first page is there. */
struct node *wait_content(const struct waiting *w, uint64_t *first);
static inline uint64_t wait_length(const struct waiting *w)
{
    return bytes_to_pages(w->op.length);
}

/* How it ends if it ends in its next run and no pager fails it. */
enum vm_status wait_expected_end(const struct waiting *w);
/* It has ended; `expected` and `error` (the pager's) are of before the run. */
void wait_check_end(const struct waiting *w, enum vm_status status,
                    enum vm_status expected, enum vm_status error);
/* Only what is not there is asked for, only what is not dirty to be dirtied. */
void wait_check_request(const struct trial *trial,
                        const struct page_request *request);

/* What a run has done, by how far it got. */
void wait_apply(struct trial *trial, struct waiting *w, enum vm_status status);
/* Memory ran out in the middle of the run. */
void wait_apply_halfway(struct trial *trial, struct waiting *w,
                        enum vm_status status);
/* How far a pin got that failed in the middle, only the core knows. */
void wait_apply_observed(struct trial *trial, struct waiting *w);
/* A pin failed, or it is over: its pins are undone, or there to stay. */
void wait_drop_pins(struct waiting *w);
void wait_keep_pins(struct waiting *w);

/* Run it; SHOULD_WAIT: it is not over. */
enum vm_status wait_go_on(struct trial *trial, struct waiting *w);

#endif
