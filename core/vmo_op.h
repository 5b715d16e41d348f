/*
 * Operations of a VMO that may have to wait, as resumable state machines.
 *
 *   vmo_op_init_*  -->  vmo_op_run  -- VM_SHOULD_WAIT --> (request waits)
 *                          ^   |                                |
 *                          |   +-- any other status: over       |
 *                          +-------- request is done -----------+
 *
 * The embedded request is where the operation waits: on a pager (OUTSTANDING,
 * OVERLAP) or for memory (MEMORY). Once it is DONE, or memory is there, run
 * the operation again: it looks at the request's status itself and ends with
 * the failure that the pager reported. An operation works on as much as it
 * can; `progress` says how far it got.
 */
#ifndef VMCOW_VMO_OP_H
#define VMCOW_VMO_OP_H

#include "vmo.h"

/* By which of the vmo_op_init_* it was started; a supply by either of two. */
enum vmo_op_kind {
    VMO_OP_READ,
    VMO_OP_WRITE,
    VMO_OP_COMMIT,
    VMO_OP_PIN,
    VMO_OP_ZERO,
    VMO_OP_ALWAYS_NEED,
    VMO_OP_LOOKUP,
    VMO_OP_SUPPLY,
    VMO_OP_TAKE,
    VMO_OP_DIRTY,
    VMO_OP_DECOMPRESS,
    VMO_OP_FAULT,
};

/* One operation. The memory is the starter's; fields are for reading, but for
 * `user`. What is owned goes with the last run, `values` with the release. */
struct vmo_op {
    enum vmo_op_kind kind;
    struct vmo *vmo;   /* borrowed; abort the operation before it is closed */
    uint64_t offset;   /* bytes, aligned */
    uint64_t length;   /* bytes, aligned */
    uint64_t progress; /* bytes done */
    bool is_write;
    bool has_begun; /* COMMIT, ALWAYS_NEED: the range was inside at first */
    enum vm_status status; /* of the last run */

    /* READ, LOOKUP: contents go here, one a page (owned). WRITE: from here */
    uint64_t *values;

    /* SUPPLY, TAKE: content on its way (owned) */
    struct splice_list splice;
    bool has_splice;
    struct vmo *take_into; /* TAKE: where it ends, borrowed */
    struct vmo *from;      /* SUPPLY: where it comes from, borrowed; or NULL */
    uint64_t from_offset;
    uint64_t taken_bytes;    /* moved into `splice` so far */
    uint64_t kept_bytes;     /* ... before the last wait: not to be returned */
    uint64_t returned_bytes; /* taken after that, and returned by a failure */
    bool is_gathered;        /* `splice` is complete */

    /* PIN: bytes pinned so far; DIRTY: pages waiting to be used */
    uint64_t pinned_bytes;
    struct page_chain spare_pages;

    /* FAULT */
    struct vm_mapping *mapping; /* borrowed */
    uint64_t fault_value;       /* what a write stores */

    /* LOOKUP */
    bool is_fault;          /* may allocate and ask the pager */
    bool is_hardware_fault; /* does not mark accessed */

    struct page_request request;
    void *user; /* the engine's */
};

/*
 * Each of these starts an operation over [offset, offset + length) of the VMO,
 * in bytes, aligned; nothing happens before the first vmo_op_run(), whose
 * statuses are given here. All may return VM_OUT_OF_RANGE; VM_SHOULD_WAIT and
 * VM_NO_MEMORY; where a pager is asked, what it fails the request with and
 * VM_BAD_STATE once it is detached; where content is looked up, VM_NOT_FOUND
 * after it was discarded. The struct is the caller's and must not move while
 * the request waits.
 */

/* Read the pages' contents into `values`, which the operation makes. */
void vmo_op_init_read(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length);
/* `values`: one for each page, copied. Returns VM_OK or VM_NO_MEMORY. */
enum vm_status vmo_op_init_write(struct vmo_op *op, struct vmo *vmo,
                                 uint64_t offset, uint64_t length,
                                 const uint64_t *values);
/* vm_cow_commit_range(). What is cut off while it waits counts as done. */
void vmo_op_init_commit(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                        uint64_t length);
/* Commits, then pins; with `is_write` also dirties what is dirty tracked. All or
 * nothing. Also VM_INVALID_ARGS (length 0), VM_BAD_STATE (what it had committed
 * went before it could pin or dirty it), VM_UNAVAILABLE (too many pins). */
void vmo_op_init_pin(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                     uint64_t length, bool is_write);
/* vm_cow_zero_pages(); `progress` is what is done when it fails. */
void vmo_op_init_zero(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length);
/* vm_cow_protect_range_from_reclamation(). VM_OK whatever was skipped, and
 * without a pager whatever the range. */
void vmo_op_init_always_need(struct vmo_op *op, struct vmo *vmo,
                             uint64_t offset, uint64_t length);
/*
 * One page's look-up; values[0] holds the content afterwards.
 *
 *   is_fault           false: only what is there, else VM_NOT_FOUND
 *   is_hardware_fault  the page is not marked accessed
 */
void vmo_op_init_lookup(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                        bool is_write, bool is_fault, bool is_hardware_fault);
/* Supply new pages with these contents (copied), one a page: what a pager
 * does. NULL: zero content from a source with nothing committed. Returns VM_OK
 * or VM_NO_MEMORY; running it, also VM_INVALID_ARGS (no pager's VMO). */
enum vm_status vmo_op_init_supply(struct vmo_op *op, struct vmo *vmo,
                                  uint64_t offset, uint64_t length,
                                  const uint64_t *values);
/* Supply pages taken out of another VMO (borrowed) first, from `from_offset` on;
 * also VM_NOT_SUPPORTED, VM_BAD_STATE: as taking from that. */
void vmo_op_init_supply_from(struct vmo_op *op, struct vmo *vmo,
                             uint64_t offset, uint64_t length, struct vmo *from,
                             uint64_t from_offset);
/* Move pages out into `into` (borrowed), an anonymous VMO of `length` bytes.
 * Also VM_NOT_SUPPORTED (contiguous, or a pager's), VM_BAD_STATE (pinned). */
void vmo_op_init_take(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length, struct vmo *into);
/* The pager lets the range become dirty: vm_cow_dirty_pages(), and
 * VM_INVALID_ARGS (no pager's own VMO). */
void vmo_op_init_dirty(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                       uint64_t length);
/* vm_cow_decompress_in_range(). */
void vmo_op_init_decompress(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                            uint64_t length);
/*
 * A fault of a user thread at `page` of a mapping (borrowed), counted from its
 * start; a write stores `value`. Neighbours that are there are mapped along (16
 * pages at most). Also VM_NOT_SUPPORTED: a write to a mapping for reading.
 */
void vmo_op_init_fault(struct vmo_op *op, struct vmo *vmo,
                       struct vm_mapping *mapping, uint64_t page, bool is_write,
                       uint64_t value);

/* Run until it is over or must wait. VM_SHOULD_WAIT: `request` says for what; any
 * other status is the last, and what the operation held is undone or freed. */
enum vm_status vmo_op_run(struct vmo_op *op);

/* Give up with `status`: what it held is undone or freed. */
void vmo_op_abort(struct vmo_op *op, enum vm_status status);

/* Free what an operation that is over still holds (values). */
void vmo_op_release(struct vmo_op *op);

#endif
