/*
 * The host runs out of memory in the middle of an operation: each allocation
 * that a move makes fails once, in turn. The move says VM_NO_MEMORY, every
 * invariant holds, no page has other content than before or after, and the
 * same move made again succeeds. In the end no block is left over.
 */
#ifndef TEST_HOST_MEMORY_FIXTURE_H
#define TEST_HOST_MEMORY_FIXTURE_H

#include "core_fixture.h"
#include "host_memory.h"

enum { VMOS = 3, MANY = 62, LOOKS = 52 };

/* Not contents: a page that only its pager knows, and no page at all. */
#define AT_THE_PAGER UINT64_C(1)
#define NOWHERE      UINT64_C(2)

struct stage {
    struct fixture f;
    struct vmo *vmo[VMOS];
    struct vmo *many[MANY];
    struct vm_mapping *mapping;
};

struct view {
    uint64_t content[VMOS][LOOKS];
};

struct move {
    const char *name;
    void (*set_up)(struct stage *s);
    enum vm_status (*run)(struct stage *s);
    enum {
        CAN_TRY_AGAIN,
        SUCCEEDS /* what could not be had was not needed */
    } then;
};

static inline void lower(struct stage *s)
{
    if (s->mapping)
        vmo_unmap(s->vmo[0], s->mapping);
    for (int i = 0; i < MANY; i++)
        if (s->many[i])
            vmo_close(s->many[i]);
    for (int i = VMOS - 1; i >= 0; i--)
        if (s->vmo[i])
            vmo_close(s->vmo[i]);
    fixture_release(&s->f);
}

static inline void raise_stage(struct stage *s, const struct move *move)
{
    *s = (struct stage){0};
    fixture_init(&s->f, 512);
    s->f.machine.loaning = true;
    if (move->set_up)
        move->set_up(s);
    fixture_check(&s->f);
}

/* All of the first pages, and some that are far out. */
static inline uint64_t page_looked_at(int look)
{
    static const uint64_t far[] = {63, 1040, 9000, 70000};
    int near = LOOKS - (int)(sizeof far / sizeof far[0]);
    return look < near ? (uint64_t)look : far[look - near];
}

static inline uint64_t content_seen(const struct vmo *vmo, uint64_t page)
{
    uint64_t content;
    if (!vmo || PAGES(page) >= vmo_size(vmo))
        return NOWHERE;
    if (!vm_cow_peek_content(vmo_cow(vmo), PAGES(page), &content))
        return AT_THE_PAGER;
    return content;
}

static inline struct view look(const struct stage *s)
{
    struct view view;
    for (int i = 0; i < VMOS; i++)
        for (int look = 0; look < LOOKS; look++)
            view.content[i][look] =
                content_seen(s->vmo[i], page_looked_at(look));
    return view;
}

static inline void expect_view(const struct stage *s, const char *name,
                               const struct view *one, const struct view *other)
{
    struct view seen = look(s);
    for (int i = 0; i < VMOS; i++)
        for (int look = 0; look < LOOKS; look++) {
            uint64_t content = seen.content[i][look];
            cr_assert(content == one->content[i][look] ||
                          content == other->content[i][look],
                      "%s: VMO %d page %ju is %ju, not %ju or %ju", name, i,
                      (uintmax_t)page_looked_at(look), (uintmax_t)content,
                      (uintmax_t)one->content[i][look],
                      (uintmax_t)other->content[i][look]);
        }
}

static inline struct view view_after(const struct move *move)
{
    struct stage s;
    raise_stage(&s, move);
    cr_assert_eq(move->run(&s), VM_OK, "%s", move->name);
    fixture_check(&s.f);
    struct view after = look(&s);
    lower(&s);
    return after;
}

/* Make the move with its n-th allocation failing; false: there are not so many. */
static inline bool fails_in_turn(const struct move *move, uint64_t n,
                                 const struct view *after)
{
    int64_t blocks = host_memory_live_blocks();
    struct stage s;
    raise_stage(&s, move);
    struct view before = look(&s);

    host_memory_fail_nth(n);
    enum vm_status status = move->run(&s);
    bool has_failed = host_memory_has_failed();
    const char *rule = vm_machine_valid(&s.f.machine);
    cr_assert_null(rule, "%s, allocation %ju: %s", move->name, (uintmax_t)n,
                   rule);
    if (has_failed && move->then != SUCCEEDS)
        cr_assert_eq(status, VM_NO_MEMORY, "%s, allocation %ju: %s", move->name,
                     (uintmax_t)n, vm_status_name(status));
    else
        cr_assert_eq(status, VM_OK, "%s: %s", move->name,
                     vm_status_name(status));
    expect_view(&s, move->name, &before, after);

    if (has_failed) {
        cr_assert_eq(move->run(&s), VM_OK, "%s, again", move->name);
        fixture_check(&s.f);
    }
    expect_view(&s, move->name, after, after);
    lower(&s);
    cr_assert_eq(host_memory_live_blocks(), blocks, "%s, allocation %ju: leak",
                 move->name, (uintmax_t)n);
    return has_failed;
}

static inline void sweep(const struct move *moves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct view after = view_after(&moves[i]);
        uint64_t n = 1;
        while (fails_in_turn(&moves[i], n, &after))
            n++;
        cr_assert_gt(n, 1, "%s asks the host for nothing", moves[i].name);
    }
}

#define SWEEP(moves) sweep(moves, sizeof(moves) / sizeof(moves)[0])

/* --- pieces of moves -------------------------------------------------------- */

static inline enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

static inline enum vm_status write_at(struct vmo *vmo, uint64_t page,
                                      uint64_t count)
{
    uint64_t values[64];
    struct vmo_op op;
    for (uint64_t i = 0; i < count; i++)
        values[i] = 1000 + page + i;
    enum vm_status status =
        vmo_op_init_write(&op, vmo, PAGES(page), PAGES(count), values);
    return status == VM_OK ? finish(&op) : status;
}

static inline enum vm_status supply_at(struct vmo *vmo, uint64_t page,
                                       uint64_t count)
{
    uint64_t values[64];
    struct vmo_op op;
    for (uint64_t i = 0; i < count; i++)
        values[i] = 2000 + page + i;
    enum vm_status status =
        vmo_op_init_supply(&op, vmo, PAGES(page), PAGES(count), values);
    return status == VM_OK ? finish(&op) : status;
}

static inline enum vm_status zero_at(struct vmo *vmo, uint64_t start,
                                     uint64_t end)
{
    struct vmo_op op;
    vmo_op_init_zero(&op, vmo, PAGES(start), PAGES(end - start));
    return finish(&op);
}

static inline enum vm_status commit_at(struct vmo *vmo, uint64_t start,
                                       uint64_t end)
{
    struct vmo_op op;
    vmo_op_init_commit(&op, vmo, PAGES(start), PAGES(end - start));
    return finish(&op);
}

static inline enum vm_status create(struct stage *s, enum vmo_kind kind)
{
    struct vmo_create_args args = {.kind = kind,
                                   .size = PAGES(40),
                                   .user_id = s->f.next_user_id++,
                                   .compressibility = 0.4};
    return vmo_create(&s->f.machine, &args, &s->vmo[0]);
}

static inline enum vm_status clone(struct stage *s, enum vm_clone_type type)
{
    return vmo_create_clone(s->vmo[0], type, 0, PAGES(40), true,
                            s->f.next_user_id++, &s->vmo[1]);
}

static inline void with_anonymous(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_ANONYMOUS, 80000, false);
}

static inline void with_pager(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_PAGER, 40, false);
}

static inline void with_trapping_pager(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_PAGER, 40, true);
}

static inline void with_written(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_ANONYMOUS, 40, false);
    fixture_write(&s->f, s->vmo[0], 0, 40);
}

static inline void with_supplied(struct stage *s)
{
    with_pager(s);
    cr_assert_eq(supply_at(s->vmo[0], 0, 40), VM_OK);
}

static inline void with_snapshot(struct stage *s)
{
    with_written(s);
    s->vmo[1] = fixture_clone(&s->f, s->vmo[0], CLONE_SNAPSHOT, 0, 40);
}

#endif
