/*
 * A small machine for unit tests of the core, and the few moves that most of
 * them make. Every helper asserts that what it does succeeds.
 */
#ifndef TEST_CORE_FIXTURE_H
#define TEST_CORE_FIXTURE_H

#include <criterion/criterion.h>

#include "vmo_op.h"

#define PAGES(n) pages_to_bytes(n)

struct fixture {
    struct vm_machine machine;
    uint64_t next_user_id;
    uint64_t next_content;
};

static inline void fixture_init(struct fixture *f, uint64_t memory_pages)
{
    struct vm_machine_config config = {
        .memory_pages = memory_pages,
        .policy = &zircon_policy_ops,
        .seed = 1,
        .compression = true,
        .compressor = {COMPRESSION_RATIO, STORAGE_TRI_PAGE, 70},
    };
    f->next_user_id = 1;
    f->next_content = 100;
    cr_assert_eq(vm_machine_init(&f->machine, &config), VM_OK);
}

static inline void fixture_release(struct fixture *f)
{
    cr_assert_null(vm_machine_valid(&f->machine));
    cr_assert_eq(f->machine.stats.object_pages, 0, "no page outlives its VMO");
    vm_machine_release(&f->machine);
}

static inline void fixture_check(const struct fixture *f)
{
    const char *rule = vm_machine_valid(&f->machine);
    cr_assert_null(rule, "%s", rule ? rule : "");
}

static inline struct vmo *fixture_create(struct fixture *f, enum vmo_kind kind,
                                         uint64_t pages, bool traps_dirty)
{
    struct vmo_create_args args = {
        .kind = kind,
        .size = PAGES(pages),
        .is_resizable = true,
        .traps_dirty = traps_dirty,
        .user_id = f->next_user_id++,
        .compressibility = 0.4,
    };
    struct vmo *vmo = NULL;
    cr_assert_eq(vmo_create(&f->machine, &args, &vmo), VM_OK);
    return vmo;
}

static inline struct vmo *fixture_clone(struct fixture *f, struct vmo *from,
                                        enum vm_clone_type type, uint64_t start,
                                        uint64_t pages)
{
    struct vmo *clone = NULL;
    cr_assert_eq(vmo_create_clone(from, type, PAGES(start), PAGES(pages), true,
                                  f->next_user_id++, &clone),
                 VM_OK);
    return clone;
}

/* Write pages [start, end) with content never used before. */
static inline void fixture_write(struct fixture *f, struct vmo *vmo,
                                 uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++) {
        struct vmo_op op;
        uint64_t value = f->next_content++;
        cr_assert_eq(vmo_op_init_write(&op, vmo, PAGES(page), PAGES(1), &value),
                     VM_OK);
        enum vm_status status = vmo_op_run(&op);
        vmo_op_release(&op);
        cr_assert_eq(status, VM_OK, "%s", vm_status_name(status));
    }
}

static inline void fixture_zero(struct vmo *vmo, uint64_t start, uint64_t end)
{
    struct vmo_op op;
    vmo_op_init_zero(&op, vmo, PAGES(start), PAGES(end - start));
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);
}

static inline enum vm_status fixture_supply(struct vmo *vmo, uint64_t start,
                                            uint64_t end,
                                            const uint64_t *values)
{
    struct vmo_op op;
    cr_assert_eq(
        vmo_op_init_supply(&op, vmo, PAGES(start), PAGES(end - start), values),
        VM_OK);
    enum vm_status status = vmo_op_run(&op);
    vmo_op_release(&op);
    return status;
}

static inline uint64_t fixture_committed(const struct vmo *vmo)
{
    return vmo_attribution(vmo).uncompressed_pages;
}

static inline uint64_t fixture_pages_in_use(const struct fixture *f)
{
    return f->machine.pmm.total_pages - f->machine.pmm.free_pages;
}

/* The slot of a node's own list. */
static inline struct page_slot fixture_slot(const struct vm_cow_pages *cow,
                                            uint64_t page)
{
    return vm_cow_debug_get_slot(cow, PAGES(page));
}

/* "-": no split bit, "L", "R"; " ": not a page. */
static inline char fixture_split(const struct fixture *f,
                                 const struct vm_cow_pages *cow, uint64_t page)
{
    struct page_slot slot = fixture_slot(cow, page);
    if (!slot_is_page_or_reference(slot))
        return ' ';
    if (slot_left_split(slot, f->machine.pmm.pages))
        return 'L';
    return slot_right_split(slot, f->machine.pmm.pages) ? 'R' : '-';
}

static inline uint64_t fixture_content(const struct vmo *vmo, uint64_t page)
{
    uint64_t content = 0;
    cr_assert(vm_cow_peek_content(vmo_cow(vmo), PAGES(page), &content));
    return content;
}

#endif
