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

struct vmo_op {
    enum vmo_op_kind kind;
    struct vmo *vmo; /* borrowed; abort the operation before it is closed */
    uint64_t offset;
    uint64_t length;
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

/* Each starts an operation over [offset, offset + length) of the VMO; nothing
 * happens before the first vmo_op_run(). */
void vmo_op_init_read(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length);
/* `values`: one for each page, copied. VM_NO_MEMORY. */
enum vm_status vmo_op_init_write(struct vmo_op *op, struct vmo *vmo,
                                 uint64_t offset, uint64_t length,
                                 const uint64_t *values);
void vmo_op_init_commit(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                        uint64_t length);
/* Commits, then pins; with `is_write` also dirties what is dirty tracked. */
void vmo_op_init_pin(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                     uint64_t length, bool is_write);
void vmo_op_init_zero(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length);
void vmo_op_init_always_need(struct vmo_op *op, struct vmo *vmo,
                             uint64_t offset, uint64_t length);
/* One page's look-up. `is_fault` false: only what is there (NOT_FOUND).
 * values[0] holds the content afterwards. */
void vmo_op_init_lookup(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                        bool is_write, bool is_fault, bool is_hardware_fault);
/* Supply new pages with these contents (copied), one a page: what a pager
 * does. NULL: zero content from a source with nothing committed. */
enum vm_status vmo_op_init_supply(struct vmo_op *op, struct vmo *vmo,
                                  uint64_t offset, uint64_t length,
                                  const uint64_t *values);
/* Supply pages taken out of another VMO first, from `from_offset` on. */
void vmo_op_init_supply_from(struct vmo_op *op, struct vmo *vmo,
                             uint64_t offset, uint64_t length, struct vmo *from,
                             uint64_t from_offset);
/* Move pages out into `into`, an anonymous VMO of `length` bytes. */
void vmo_op_init_take(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length, struct vmo *into);
void vmo_op_init_dirty(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                       uint64_t length);
void vmo_op_init_decompress(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                            uint64_t length);
/*
 * A fault of a user thread at `page` of a mapping; a write stores `value`.
 * Neighbours that are there are mapped along (16 pages at most).
 */
void vmo_op_init_fault(struct vmo_op *op, struct vmo *vmo,
                       struct vm_mapping *mapping, uint64_t page, bool is_write,
                       uint64_t value);

/* Run until it is over or must wait; statuses as in scenario language. */
enum vm_status vmo_op_run(struct vmo_op *op);

/* Give up with `status`: what it held is undone or freed. */
void vmo_op_abort(struct vmo_op *op, enum vm_status status);

/* Free what an operation that is over still holds (values). */
void vmo_op_release(struct vmo_op *op);

#endif
