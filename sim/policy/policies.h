/*
 * The reclaim policies there are: a table of built-in ones, and plug-ins
 * loaded from shared objects.
 *
 * A plug-in exports `lowtide_policy`, a reclaim_policy_entry. What it returns
 * is checked before it is used: the abi, a name, and every entry that may not
 * be NULL.
 */
#ifndef LOWTIDE_POLICIES_H
#define LOWTIDE_POLICIES_H

#include "reclaim_policy.h"

extern const struct reclaim_policy_ops fifo_policy_ops;
extern const struct reclaim_policy_ops lru_policy_ops;
extern const struct reclaim_policy_ops mru_policy_ops;
extern const struct reclaim_policy_ops random_policy_ops;
extern const struct reclaim_policy_ops clock_policy_ops;
extern const struct reclaim_policy_ops sieve_policy_ops;
extern const struct reclaim_policy_ops s3fifo_policy_ops;
extern const struct reclaim_policy_ops slru_policy_ops;
extern const struct reclaim_policy_ops two_queue_policy_ops;
extern const struct reclaim_policy_ops lfu_policy_ops;
extern const struct reclaim_policy_ops arc_policy_ops;
extern const struct reclaim_policy_ops car_policy_ops;
extern const struct reclaim_policy_ops lirs_policy_ops;
extern const struct reclaim_policy_ops wtinylfu_policy_ops;
extern const struct reclaim_policy_ops linux2_policy_ops;
extern const struct reclaim_policy_ops mglru_policy_ops;
extern const struct reclaim_policy_ops opt_policy_ops;

/* All built-in policies, zircon (the default) first; ends with NULL. */
extern const struct reclaim_policy_ops *const built_in_policies[];

/* A built-in policy by its name; NULL: there is none. */
const struct reclaim_policy_ops *policy_find(const char *name);

/* A policy in use. */
struct policy_handle {
    const struct reclaim_policy_ops *ops;
    void *library; /* of a plug-in; NULL: built in */
};

/* What the user of a policy can tell it. */
enum policy_use {
    POLICY_LIVES,        /* nobody knows what happens next */
    POLICY_KNOWS_FUTURE, /* host->next_use is kept */
};

/*
 * Get a policy by what a scenario or a command line says: a built-in name, or
 * a path ending in .so. Returns NULL, or a message in `buffer` that names the
 * accepted values; the handle is then empty and need not be closed. A policy
 * that needs the future is refused where it only lives.
 */
const char *policy_open(struct policy_handle *handle, const char *name,
                        enum policy_use use, char *buffer, size_t buffer_bytes);

/* Nothing of it is used any more. */
void policy_close(struct policy_handle *handle);

/*
 * May the table be used? Returns NULL, or what is wrong with it (constant).
 */
const char *policy_check(const struct reclaim_policy_ops *ops);

#endif
