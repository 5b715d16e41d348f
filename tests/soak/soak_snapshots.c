/*
 * Snapshot trees against flat copies: random operations on a family of
 * anonymous objects, after each of which every page of every object must read
 * as the flat copy says, charged pages must add up, and vm_machine_valid()
 * must find nothing.
 *
 * usage: soak_snapshots [--ops N] [--seed S]
 */
#include "check.h"
#include "soak.h"
#include "vmo_op.h"

enum {
    MAX_OBJECTS = 10,
    MAX_PAGES = 24,
    MEMORY_PAGES = 4096,
    FULL_OPERATIONS = 1000000
};

struct model {
    struct vmo *vmo; /* NULL: free */
    uint64_t pages;
    uint64_t content[MAX_PAGES];
    uint8_t pins[MAX_PAGES];
    uint32_t pin_total;
};

static struct vm_machine machine;
static struct model objects[MAX_OBJECTS];
static uint64_t random_state;
static uint64_t seed;
static uint64_t operation;
static uint64_t next_user_id = 1;
static uint64_t next_content = 1;

static uint64_t draw(uint64_t bound)
{
    return soak_draw(&random_state, bound);
}

static _Noreturn void fail(const char *what, const char *detail)
{
    printf("soak_snapshots: seed %" PRIu64 ", operation %" PRIu64 ": %s (%s)\n",
           seed, operation, what, detail);
    exit(1);
}

static void on_broken_rule(const char *file, int line, const char *rule)
{
    printf("%s:%d\n", file, line);
    fflush(stdout);
    if (getenv("SOAK_ABORT"))
        abort();
    fail("broken rule", rule);
}

static void want(enum vm_status got, enum vm_status expected, const char *what)
{
    if (got != expected)
        fail(what, vm_status_name(got));
}

/* Run an operation that can't have to wait. */
static enum vm_status run(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        fail("an anonymous object waits", "");
    vmo_op_release(op);
    return status;
}

static struct model *pick_object(void)
{
    struct model *model = &objects[draw(MAX_OBJECTS)];
    return model->vmo ? model : NULL;
}

static struct model *free_model(void)
{
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (!objects[i].vmo)
            return &objects[i];
    return NULL;
}

/* A random range of a model, possibly empty. */
static void pick_range(const struct model *model, uint64_t *start,
                       uint64_t *end)
{
    *start = draw(model->pages + 1);
    *end = *start + draw(model->pages - *start + 1);
}

/* --- operations: each changes object and model alike ------------------------ */

static void do_create(void)
{
    struct model *model = free_model();
    if (!model)
        return;
    *model = (struct model){.pages = 1 + draw(MAX_PAGES)};
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS,
        .size = pages_to_bytes(model->pages),
        .is_resizable = true,
        .user_id = next_user_id++,
        .compressibility = 0.4,
    };
    want(vmo_create(&machine, &args, &model->vmo), VM_OK, "create");
}

static void do_clone(void)
{
    struct model *from = pick_object();
    struct model *to = free_model();
    if (!from || !to)
        return;
    uint64_t start = draw(from->pages + 2);
    uint64_t pages = 1 + draw(MAX_PAGES);
    struct vmo *clone = NULL;
    enum vm_status status =
        vmo_create_clone(from->vmo, CLONE_SNAPSHOT, pages_to_bytes(start),
                         pages_to_bytes(pages), true, next_user_id++, &clone);
    want(status, from->pin_total ? VM_BAD_STATE : VM_OK, "clone");
    if (status != VM_OK)
        return;
    *to = (struct model){.vmo = clone, .pages = pages};
    for (uint64_t i = 0; i < pages && start + i < from->pages; i++)
        to->content[i] = from->content[start + i];
}

static void do_close(void)
{
    struct model *model = pick_object();
    if (!model)
        return;
    vmo_close(model->vmo);
    model->vmo = NULL;
}

static void do_write(void)
{
    struct model *model = pick_object();
    uint64_t start;
    uint64_t end;
    if (!model)
        return;
    pick_range(model, &start, &end);
    for (uint64_t i = start; i < end; i++)
        model->content[i] = draw(8) ? next_content++ : 0;
    struct vmo_op op;
    want(vmo_op_init_write(&op, model->vmo, pages_to_bytes(start),
                           pages_to_bytes(end - start), &model->content[start]),
         VM_OK, "write");
    want(run(&op), VM_OK, "write");
}

static void do_commit(void)
{
    struct model *model = pick_object();
    uint64_t start;
    uint64_t end;
    if (!model)
        return;
    pick_range(model, &start, &end);
    struct vmo_op op;
    vmo_op_init_commit(&op, model->vmo, pages_to_bytes(start),
                       pages_to_bytes(end - start));
    want(run(&op), VM_OK, "commit");
}

static void do_zero(void)
{
    struct model *model = pick_object();
    uint64_t start;
    uint64_t end;
    if (!model)
        return;
    pick_range(model, &start, &end);
    struct vmo_op op;
    vmo_op_init_zero(&op, model->vmo, pages_to_bytes(start),
                     pages_to_bytes(end - start));
    want(run(&op), VM_OK, "zero");
    for (uint64_t i = start; i < end; i++)
        model->content[i] = 0;
}

static void do_decommit(void)
{
    struct model *model = pick_object();
    uint64_t start;
    uint64_t end;
    if (!model)
        return;
    pick_range(model, &start, &end);
    bool pinned = false;
    for (uint64_t i = start; i < end; i++)
        pinned |= model->pins[i] > 0;
    bool has_parent = vm_cow_debug_get_parent(vmo_cow(model->vmo)) != NULL;
    enum vm_status expected = start == end ? VM_OK
                              : has_parent ? VM_NOT_SUPPORTED
                              : pinned     ? VM_BAD_STATE
                                           : VM_OK;
    want(vmo_decommit(model->vmo, pages_to_bytes(start),
                      pages_to_bytes(end - start)),
         expected, "decommit");
    for (uint64_t i = start; expected == VM_OK && i < end; i++)
        model->content[i] = 0;
}

static void do_resize(void)
{
    struct model *model = pick_object();
    if (!model)
        return;
    uint64_t pages = draw(MAX_PAGES + 1);
    bool pinned = false;
    for (uint64_t i = pages; i < model->pages; i++)
        pinned |= model->pins[i] > 0;
    want(vmo_resize(model->vmo, pages_to_bytes(pages)),
         pinned ? VM_BAD_STATE : VM_OK, "resize");
    if (pinned)
        return;
    for (uint64_t i = pages; i < MAX_PAGES; i++)
        model->content[i] = 0;
    model->pages = pages;
}

static void do_pin(void)
{
    struct model *model = pick_object();
    uint64_t start;
    uint64_t end;
    if (!model)
        return;
    pick_range(model, &start, &end);
    bool full = false;
    for (uint64_t i = start; i < end; i++)
        full |= model->pins[i] == PAGE_MAX_PIN_COUNT;
    struct vmo_op op;
    vmo_op_init_pin(&op, model->vmo, pages_to_bytes(start),
                    pages_to_bytes(end - start), true);
    enum vm_status expected = start == end ? VM_INVALID_ARGS
                              : full       ? VM_UNAVAILABLE
                                           : VM_OK;
    want(run(&op), expected, "pin");
    for (uint64_t i = start; expected == VM_OK && i < end; i++) {
        model->pins[i]++;
        model->pin_total++;
    }
}

static void do_unpin(void)
{
    struct model *model = pick_object();
    if (!model || !model->pin_total)
        return;
    for (uint64_t i = 0; i < model->pages; i++) {
        if (!model->pins[i] || draw(2))
            continue;
        want(vmo_unpin(model->vmo, pages_to_bytes(i), VM_PAGE_SIZE), VM_OK,
             "unpin");
        model->pins[i]--;
        model->pin_total--;
    }
}

static void do_compress(void)
{
    struct model *model = pick_object();
    if (!model || !model->pages)
        return;
    uint64_t page = draw(model->pages);
    bool reclaimed;
    (void)vmo_reclaim_page(model->vmo, pages_to_bytes(page), model->vmo,
                           pages_to_bytes(page), EVICTION_HINT_FOLLOW, true,
                           &reclaimed);
}

/* Compress any page, those of hidden nodes too, as the evictor would. */
static void do_compress_any(void)
{
    page_index page = 1 + (page_index)draw(MEMORY_PAGES);
    if (vm_page_of(&machine, page)->state != PAGE_OBJECT ||
        compressor_arm(machine.compressor) != VM_OK)
        return;
    struct vm_cow_pages *cow = vm_page_owner(&machine, page);
    if (vm_cow_reclaim_page(cow, page, vm_page_of(&machine, page)->offset,
                            EVICTION_HINT_FOLLOW, machine.compressor, NULL))
        pmm_free_page(&machine.pmm, page);
    compressor_disarm(machine.compressor);
}

static void do_dedup(void)
{
    page_index page = 1 + (page_index)draw(256);
    if (vm_page_of(&machine, page)->state == PAGE_OBJECT)
        (void)vm_cow_dedup_zero_page(vm_page_owner(&machine, page), page,
                                     vm_page_of(&machine, page)->offset);
}

static void do_read(void)
{
    struct model *model = pick_object();
    uint64_t start;
    uint64_t end;
    if (!model)
        return;
    pick_range(model, &start, &end);
    struct vmo_op op;
    vmo_op_init_read(&op, model->vmo, pages_to_bytes(start),
                     pages_to_bytes(end - start));
    want(vmo_op_run(&op), VM_OK, "read");
    for (uint64_t i = start; i < end; i++)
        if (op.values[i - start] != model->content[i])
            fail("a read differs", "");
    vmo_op_release(&op);
}

static void (*const operations[])(void) = {
    do_create, do_create, do_clone,    do_clone,        do_clone,  do_close,
    do_write,  do_write,  do_write,    do_write,        do_commit, do_zero,
    do_zero,   do_zero,   do_decommit, do_resize,       do_resize, do_pin,
    do_unpin,  do_unpin,  do_compress, do_compress_any, do_dedup,  do_read,
};

/* --- checks ------------------------------------------------------------------ */

static void check_contents(void)
{
    for (int o = 0; o < MAX_OBJECTS; o++) {
        const struct model *model = &objects[o];
        if (!model->vmo)
            continue;
        if (bytes_to_pages(vmo_size(model->vmo)) != model->pages)
            fail("the size differs", "");
        if (vmo_pinned_pages(model->vmo) != model->pin_total)
            fail("the pin count differs", "");
        for (uint64_t i = 0; i < model->pages; i++) {
            uint64_t content;
            if (!vm_cow_peek_content(vmo_cow(model->vmo), pages_to_bytes(i),
                                     &content) ||
                content != model->content[i])
                fail("content differs", "");
        }
    }
}

/* Sharing never takes more memory than flat copies would. */
static void check_memory(void)
{
    uint64_t flat = 0;
    for (int o = 0; o < MAX_OBJECTS; o++)
        if (objects[o].vmo)
            flat += objects[o].pages;
    if (machine.stats.object_pages > flat)
        fail("sharing takes more pages than flat copies", "");
}

static void check_all(void)
{
    check_contents();
    check_memory();
    const char *rule = vm_machine_valid(&machine);
    if (rule)
        fail("broken rule", rule);
}

int main(int argc, char **argv)
{
    struct soak_options options =
        soak_start(argc, argv, "soak_snapshots", FULL_OPERATIONS);
    seed = options.seed;
    random_state = seed;
    vmcow_on_fail(on_broken_rule);
    struct vm_machine_config config = {
        .memory_pages = MEMORY_PAGES,
        .policy = &zircon_policy_ops,
        .seed = seed,
        .compression = true,
        .compressor = {COMPRESSION_RATIO, STORAGE_TRI_PAGE, 70},
    };
    want(vm_machine_init(&machine, &config), VM_OK, "machine");
    for (operation = 0; operation < options.ops; operation++) {
        operations[draw(sizeof operations / sizeof operations[0])]();
        check_all();
    }
    for (int o = 0; o < MAX_OBJECTS; o++)
        if (objects[o].vmo)
            vmo_close(objects[o].vmo);
    if (machine.stats.object_pages || machine.stats.reference_count)
        fail("pages are left when every object is closed", "");
    vm_machine_release(&machine);
    printf("soak_snapshots: all well\n");
    return 0;
}
