/*
 * The reclaim-policy interface: which reclaimable page goes next, and when
 * pages age. One constant table per policy, the same for built-in ones and
 * for those loaded from a shared object (`lowtide_policy()` returns it).
 *
 *                page_added             victim + page_removed(RECLAIMED)
 *   [not known] ------------> [known] ------------------------------> gone
 *        ^                     |   ^ |
 *        |    page_removed     |   | +-- page_accessed, page_dont_need
 *        +---------------------+   +---- refused (stays known)
 *
 * A policy knows pages by their index only and keeps what it needs in
 * `host->page_memory`: `page_bytes` (at most 16) for each index, zeroed before
 * the first page_added. Index 0 (PAGE_NONE) is no page: its entry is the
 * policy's, for a list's ends. Nothing is zeroed again: an index that comes back
 * may be another page, so page_added sets what it needs. A policy never frees,
 * unmaps or dirties anything. The engine never asks which policy it holds. Every
 * entry that is called as often as a page is accessed must be O(1) and allocate
 * nothing; memory that depends on the budget is taken in `init` and `resize`.
 *
 * Calls come one at a time, but there may be several instances in a process, so
 * what is not constant belongs into the instance. The same calls must have the
 * same answers: no host's time, no addresses; random numbers from `host->seed`.
 * A rule that is broken may be reported by CHECK of check.h, which ends the run.
 */
#ifndef VMCOW_RECLAIM_POLICY_H
#define VMCOW_RECLAIM_POLICY_H

#include <stddef.h>

#include "page.h"
#include "units.h"

enum {
    RECLAIM_POLICY_ABI = 2,
    RECLAIM_MAX_PARAMS = 16,
    RECLAIM_MAX_LISTS = 16
};

/* What a reclaimable page is made of. */
enum reclaim_class { RECLAIM_PAGER, RECLAIM_ANONYMOUS, RECLAIM_DISCARDABLE };

/* How hard reclaim may try. A policy that knows what is in use may have no
 * victim for the first; any other gives the same for both. */
enum reclaim_level { RECLAIM_ONLY_OLDEST, RECLAIM_INCLUDE_NEWEST };

/* Why a page became reclaimable. */
enum reclaim_added {
    RECLAIM_ADDED_NEW, /* supplied, faulted in or decompressed */
    RECLAIM_ADDED_UNPINNED,
    RECLAIM_ADDED_CLEANED,
    RECLAIM_ADDED_PRIORITY, /* high priority dropped */
    RECLAIM_ADDED_ENABLED,  /* reclaim of its class was switched on */
};

/* Why a page stopped being reclaimable. */
enum reclaim_removed {
    RECLAIM_REMOVED_FREED,
    RECLAIM_REMOVED_PINNED,
    RECLAIM_REMOVED_DIRTIED,
    RECLAIM_REMOVED_RECLAIMED, /* a victim's end; it may refault */
    RECLAIM_REMOVED_PRIORITY,
    RECLAIM_REMOVED_FAILED, /* its compression failed */
};

/* How an access was seen. The scenario decides between scans and direct reports;
 * software's accesses are reported with either. */
enum reclaim_accessed {
    RECLAIM_ACCESSED_SOFTWARE, /* read or written through the kernel */
    RECLAIM_ACCESSED_SCAN,     /* its accessed bit was found set */
    RECLAIM_ACCESSED_DIRECT,   /* every access is reported */
};

/* Why the core would not reclaim a victim. */
enum reclaim_refused {
    RECLAIM_REFUSED_GONE,        /* it is not where it was */
    RECLAIM_REFUSED_PINNED,      /* its frame must stay */
    RECLAIM_REFUSED_PRIORITY,    /* its object is of high priority */
    RECLAIM_REFUSED_DIRTY,       /* it has to be written back first */
    RECLAIM_REFUSED_ALWAYS_NEED, /* a hint protects it */
    RECLAIM_REFUSED_NO_STRATEGY, /* neither evicted nor compressed, as it is */
};

/* What may be done to a page without pressure, if the host likes. */
enum reclaim_offer {
    RECLAIM_OFFER_NONE,
    RECLAIM_OFFER_AGED_OUT, /* reclaim it: aged past the last generation */
    RECLAIM_OFFER_ACCESSED, /* move it to a lent frame: it was found accessed
                               and has joined the active ones */
};

/* A whole number from 0 on, a number, or one of some words. */
enum reclaim_param_kind {
    RECLAIM_PARAM_UINT,
    RECLAIM_PARAM_REAL,
    RECLAIM_PARAM_WORD
};

/* A parameter that a scenario or a command line can set (name=value). A table of
 * them has RECLAIM_MAX_PARAMS at most; all texts are constant. */
struct reclaim_param {
    const char *name; /* NULL ends the table */
    enum reclaim_param_kind kind;
    const char *default_text; /* read like a value that is given */
    double minimum, maximum;  /* of a number, inclusive */
    const char *const *words; /* of a word: its values, NULL-terminated */
    const char *help;         /* one line */
};

/* A parameter's value, in the order of the table. */
union reclaim_value {
    uint64_t uint;
    double real;
    unsigned word; /* index into `words` */
};

/* A page's name that outlives the page: what it holds, not where. */
struct reclaim_identity {
    uint64_t vmo;  /* a number that is never used again in a run */
    uint64_t page; /* in pages from the VMO's beginning */
};

/* One list of a policy, or whatever it keeps pages in: a row of the results. */
struct reclaim_list {
    const char *name; /* borrowed, constant */
    uint64_t pages;
};

/*
 * How reclaim goes about it where the years of one kernel differ. A policy's
 * init may say so; all zero is Zircon's way of 2023.
 */
struct reclaim_manner {
    /* always_need does not protect from RECLAIM_INCLUDE_NEWEST */
    bool ignores_hints_at_newest;
    /* a page is free as soon as it is taken, not when the pass is over */
    bool frees_each_page;
    /* a synchronous request leaves alone what is pending, instead of
     * overwriting it */
    bool has_private_sync;
    /* what a zero scan passes over is reclaimable again as anonymous pages
     * are, instead of never */
    bool retries_zero_forks;
    uint8_t decompression_ages; /* enum compression_ages */
};

/* A page is not used again, as far as the host knows. */
#define RECLAIM_NEVER UINT64_MAX

/* What the host keeps for the policy; borrowed for the policy's life. */
struct reclaim_host {
    void *page_memory; /* page_bytes x (highest page index + 1); may move
                              in `resize`, so read it from here */
    size_t page_bytes;
    uint64_t memory_pages;        /* the budget */
    uint64_t seed;                /* for policies that draw random numbers */
    sim_ns now;                   /* simulated time, kept current */
    bool wake;                    /* set by the policy: ask next_age() again */
    uint64_t next_use;            /* where the future is known, when the page
                                     that is accessed or added is used next, in
                                     accesses from the beginning; or
                                     RECLAIM_NEVER. Else 0, see needs_future */
    struct reclaim_manner manner; /* set by the policy's init */
    /* where the future is known of any page at any time: answers what next_use
     * says, which is 0 then. NULL: next_use holds */
    uint64_t (*look_ahead)(void *future, page_index page);
    void *future; /* borrowed */
};

/* What a policy answers when asked about one known page. */
struct reclaim_place {
    unsigned list;  /* index into lists() */
    bool is_active; /* counted as recently used; false where not known */
};

/*
 * A policy: constant. Entries that don't say what NULL means must be there;
 * `lowtide policies --test` tries all of them. `self` is what init() returned.
 */
struct reclaim_policy_ops {
    uint32_t abi;                       /* RECLAIM_POLICY_ABI */
    const char *name;                   /* as the results call it */
    const char *summary;                /* one line */
    const char *reference;              /* paper or kernel version it follows */
    const struct reclaim_param *params; /* ends with a NULL name; may be NULL */
    size_t page_bytes;                  /* of page memory a page, 16 at most */
    bool needs_future; /* reads host->next_use: for hosts that know it alone */

    /*
     * A run begins; no page is known. Values are parsed and checked, one for
     * each of `params`; they are borrowed for the call, `host` until fini().
     * Returns the instance, NULL when memory ran out.
     */
    void *(*init)(struct reclaim_host *host, const union reclaim_value *values);
    /* Free it; pages may still be known. */
    void (*fini)(void *self);
    /* The budget changed, in pages (host->memory_pages is new, page memory may
     * have moved); no page is lost. False: out of memory, the budget stays what
     * it was. */
    bool (*resize)(void *self, uint64_t memory_pages);

    /* The page, not known, has become reclaimable. `class_` stays while it is
     * known. */
    void (*page_added)(void *self, page_index page, enum reclaim_class class_,
                       enum reclaim_added why);
    /* The page, known, is not any more; it need not have been a victim. */
    void (*page_removed)(void *self, page_index page, enum reclaim_removed why);
    /* A known page was accessed. NULL: not interested in accesses. The hot path. */
    void (*page_accessed)(void *self, page_index page,
                          enum reclaim_accessed how);
    /* A known page is not needed: first to go. NULL: the hint is ignored. */
    void (*page_dont_need)(void *self, page_index page);
    /* The next page to reclaim, PAGE_NONE when there is none. Changes nothing
     * that a caller can see: asked again, it gives the same page. */
    page_index (*victim)(void *self, enum reclaim_level level);
    /* NULL: can't tell. A guess at the victim after `page`, or at the next one
     * if that is PAGE_NONE or not known any more, that does none of victim()'s
     * work (no hand moves, no counter falls): for fetching ahead what reclaim
     * will touch. PAGE_NONE: no guess. */
    page_index (*likely_victim)(const void *self, page_index page);
    /* The core would not take it: do not offer it again at once. */
    void (*refused)(void *self, page_index page, enum reclaim_refused why);
    /* NULL: no ghost lists. A fault on a page reclaimed earlier, before memory
     * is taken for it; page_added follows. */
    void (*refault)(void *self, struct reclaim_identity identity);
    /* Only with `refault`: the identity of a page just added. */
    void (*page_identity)(void *self, page_index page,
                          struct reclaim_identity identity);

    /* Timers; both NULL: none. next_age() is the time at which age() wants to
     * run next, SIM_NS_INFINITE: not at all; the host asks again after each
     * age() and whenever `wake` is set. */
    void (*age)(void *self, sim_ns now);
    sim_ns (*next_age)(void *self, sim_ns now);
    /* One manual round of ageing. NULL: nothing to do. */
    void (*rotate)(void *self, sim_ns now);
    /* NULL: none. The next page that is offered, each once, if it is offered
     * for this; PAGE_NONE: there is none, or it is offered for something else. */
    page_index (*pop_offer)(void *self, enum reclaim_offer offer);

    /* Fill up to RECLAIM_MAX_LISTS entries, the same each time but for their
     * pages, which add up to the known ones; returns how many. */
    unsigned (*lists)(void *self, struct reclaim_list *out);
    /* Where a known page is. */
    struct reclaim_place (*place)(void *self, page_index page);
    /* Known pages that count as recently used, and the others. NULL: the policy
     * makes no such distinction. */
    void (*activity)(void *self, uint64_t *active, uint64_t *inactive);
    /* NULL: none. Totals of its own; `name` is constant. Returns false past
     * the last. */
    bool (*counter)(void *self, unsigned index, const char **name,
                    uint64_t *value);
    /* Returns the first broken invariant (constant text), NULL if none; may walk
     * everything. */
    const char *(*valid)(void *self);
};

/* What a plug-in exports under the name `lowtide_policy`. */
typedef const struct reclaim_policy_ops *(*reclaim_policy_entry)(void);

/* The default: Zircon's generations (zircon_policy.c). */
extern const struct reclaim_policy_ops zircon_policy_ops;

#endif
