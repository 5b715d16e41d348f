/*
 * The naive reference: what every page of every object holds, in flat arrays.
 * There are no hidden nodes, lists, queues or shared pages here, nothing is
 * counted that could be recounted, and nothing is looked up that could be
 * copied.
 *
 *   pager node       every page's state; NOTHING: the pager has to be asked
 *   contiguous node  pages that are HELD, or LENT to others
 *   cow node         anonymous and discardable objects and every clone: pages
 *                    of its OWN; where it has none it sees its parent below
 *                    its limit, and zero from there on
 *   slice node       nothing: everything is its parent's
 *
 * Snapshots form a group, whose members have a full set of pages each; in a
 * pager's tree all of them look at the pager directly. A page's `cell` tells
 * which pages may still be one page of memory: a snapshot copies the number,
 * a write or commit takes a new one. So the cells of a group bound what it may
 * be charged, and a node that is alone must be charged exactly its cells.
 *
 * What a flat array can't know is marked and settled by a look at the core
 * once that tells it: whether zeros of a group's member are a page, a marker
 * or the end of its view (`is_doubtful`), and whether a page of zeros in a
 * group is still one after a machine-wide reclaim (`maybe_gone`).
 *
 * Numbers are pages, not bytes.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "step.h"
#include "vmo_op.h"

enum { MAX_NODES = 32, NO_LIMIT = MAX_PAGES + 1 };

enum page_kind {
    NOTHING,
    OWN,  /* cow: a page or reference if it has a cell, else a marker */
    HELD, /* contiguous */
    LENT,
    CLEAN, /* pager, from here on */
    DIRTY,
    AWAITING,
    MARKER,
    ZERO, /* part of a dirty zero interval */
};

struct model_page {
    enum page_kind kind;
    uint64_t content;
    uint32_t cell;     /* cow; 0: none */
    uint32_t pins;     /* 0 .. 31 */
    uint32_t held;     /* of these, pins of operations that still wait */
    uint32_t awaiting; /* at an interval's start: pages being written back */
    bool always_need;
    bool is_borrowed; /* its frame is a loan; the core says which */
    bool is_doubtful;
    bool maybe_gone;
};

enum node_kind { NODE_COW, NODE_SLICE, NODE_CONTIGUOUS, NODE_PAGER };

struct node {
    bool is_alive;
    enum node_kind kind;
    struct vm_cow_pages *cow; /* the core's, to compare with */
    struct node *parent;
    uint64_t parent_offset;
    uint64_t parent_limit;
    uint64_t doubtful_limit; /* the limit may be as low as this */
    uint64_t size;
    uint32_t owners;
    uint32_t children;
    uint32_t group;  /* of snapshots; 0: none */
    uint32_t family; /* all that came from one `create` */
    int64_t priority;
    bool cannot_decommit;
    struct model_page pages[MAX_PAGES];

    /* discardable objects */
    bool is_discardable;
    enum discardable_state lock_state;
    uint64_t locks;
    sim_ns unlocked_at;

    /* pagers */
    bool traps;
    bool is_detached;
    bool is_modified;
    bool was_pinned; /* ever */

    uint64_t reclaim_events; /* pagers and discardable objects */
};

/* A handle: what the scenario language calls a VMO. */
struct object {
    struct vmo *vmo; /* NULL: the slot is empty */
    struct node *node;
    struct object *parent; /* as users see it */
    bool is_resizable;
    bool is_contiguous;
    uint8_t process;
    int64_t priority;
    uint64_t serial;          /* order of making */
    struct vm_mapping *user;  /* of all of it, made by the first touch */
    uint64_t mapped_at;       /* order of making of that one */
    struct vm_mapping *named; /* by `map` */
};

struct model {
    struct node nodes[MAX_NODES];
    struct object objects[MAX_OBJECTS];
    uint32_t next_group;
    uint32_t next_cell;
    uint32_t next_family;
    uint64_t next_serial;
    bool killed[MAX_PROCESSES];
    bool is_evicting;
    bool is_compressing;
    bool is_loaning;
    bool is_anonymous_reclaimed;
    sim_ns now;
    bool sabotage; /* one rule is wrong: a supply overwrites what is clean */
};

const char *page_kind_name(enum page_kind kind);

/* A page of memory in a pager's object. */
static inline bool is_frame(enum page_kind kind)
{
    return kind == CLEAN || kind == DIRTY || kind == AWAITING;
}

/* --- the tree (model_tree.c) ------------------------------------------------- */

/* The node that holds the pages, and where the node's page 0 is in it. */
struct node *content_node(struct node *node, uint64_t *shift);
struct node *root_of(struct node *node);
/* Has it hidden nodes above it? */
bool is_grouped(const struct model *model, const struct node *node);
bool is_high_priority(const struct model *model, const struct node *node);
uint64_t total_pins(const struct node *node);
bool any_pinned(const struct node *node, uint64_t start, uint64_t end);
/* Is every page of the range pinned by somebody who does not wait? */
bool all_pinned(const struct node *node, uint64_t start, uint64_t end);

/* What a node sees at a page of its own. */
struct view {
    struct node *node; /* where the search ended */
    uint64_t page;     /* there */
    bool is_absent;    /* a pager has to be asked; for lent frames nobody */
    bool has_content;  /* a page; markers and zeros are none */
    uint64_t content;
};
struct view view_of(struct node *node, uint64_t page);

/* NULL: there are too many. One owner. */
struct node *node_new(struct model *model, enum node_kind kind, uint64_t size,
                      uint32_t family);
void node_hang(struct node *node, struct node *parent, uint64_t offset,
               uint64_t limit);
/* An owner goes: the node dies with its last one, if no child keeps it. */
void node_drop_owner(struct node *node);
void node_clone_unidirectional(struct node *node, struct node *clone,
                               uint64_t offset);
void node_clone_bidirectional(struct model *model, struct node *node,
                              struct node *clone, uint64_t offset);
/* What a clone of this type does here: its status and the type it becomes. */
enum vm_status check_clone(const struct model *model,
                           const struct object *object,
                           enum vm_clone_type *type);
bool is_bidirectional(const struct node *node, enum vm_clone_type becomes);
void model_resize(struct model *model, struct node *node, uint64_t size);
/* After each step: what was in doubt and no longer is. */
void model_settle(struct model *model);

/* --- pages (model_pages.c) ---------------------------------------------------- */

void model_write(struct model *model, struct node *node, uint64_t page,
                 uint64_t value);
/* Committed for writing; the content stays. */
void model_own(struct model *model, struct node *node, uint64_t page);
void model_commit(struct model *model, struct node *node, uint64_t page);
/* [start, end) is zeroed, on the way to `reach`. */
void model_zero(struct model *model, struct node *node, uint64_t start,
                uint64_t end, uint64_t reach);
/* A page in the way of a zeroing that has begun. */
void model_zero_early(struct model *model, struct node *node, uint64_t page);
void model_decommit(struct node *node, uint64_t start, uint64_t end);
/* `is_page` false: a hole, which becomes a marker. */
void model_supply(const struct model *model, struct node *pager, uint64_t page,
                  bool is_page, uint64_t value);
/* The page goes out into a splice list; what is left reads as zero: a page of
 * zeros where it was the node's view of others, else nothing. */
void model_take(struct model *model, struct node *node, uint64_t page,
                bool leaves_zero, bool *is_page, uint64_t *value);
/* Content from a splice list replaces what was there. */
void model_put(struct model *model, struct node *node, uint64_t page,
               bool is_page, uint64_t value);
/* False: there is a gap, nothing has changed. */
bool model_dirty(struct node *pager, uint64_t start, uint64_t end);
void model_writeback_begin(struct node *pager, uint64_t start, uint64_t end,
                           bool is_zero_range);
void model_writeback_end(struct node *pager, uint64_t start, uint64_t end);
void model_detach(struct node *pager);
void model_grow_interval(struct node *pager, uint64_t start, uint64_t end);
/* A page is gone, with its pins and hints. */
void model_forget(struct model_page *page);
/* A clean page of a pager is gone by reclaim. */
void model_evict(struct node *pager, uint64_t page);
/* A page of zeros has become a marker. */
void model_dedup(struct node *node, uint64_t page);
void model_discard(struct node *node);

/* --- how much a node or group may be charged (model_charge.c) ------------------- */

struct charge_bounds {
    uint64_t least, most;
};
struct charge_bounds charge_of(const struct model *model,
                               const struct node *node);

#endif
