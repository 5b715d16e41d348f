/*
 * Setting a trial up, one step of it, and its end.
 */
#include "trial.h"

#include <stdarg.h>
#include <string.h>

#include "check.h"

/* --- differences ---------------------------------------------------------------- */

_Noreturn void wrong(const char *text, ...)
{
    char rule[256];
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(rule, sizeof rule, text, arguments);
    va_end(arguments);
    vmcow_fail("the model", 0, rule);
}

static int wanted = NO_STATUS;

int trial_wanted(void)
{
    return wanted;
}

void want(enum vm_status got, enum vm_status expected, const char *what)
{
    if (got == expected)
        return;
    wanted = expected;
    wrong("%s: %s, not %s", what, vm_status_name(got),
          vm_status_name(expected));
}

void want_true(bool condition, const char *what)
{
    if (!condition)
        wrong("not so: %s", what);
}

struct object *object_at(struct trial *trial, uint8_t slot)
{
    struct object *object = &trial->model.objects[slot];
    return object->vmo ? object : NULL;
}

/* --- a trial -------------------------------------------------------------------- */

/* As the scenario that is written says: only the last page is out of reach. */
static void set_watermarks(struct pmm *pmm)
{
    static const uint64_t marks[] = {1, 2, 3, 4};
    pmm_set_watermarks(pmm, marks, 4, 1);
}

void memory_note(struct trial *trial)
{
    trial->failed = trial->machine.pmm.alloc_failed_count;
    trial->delayed = trial->machine.pmm.alloc_delayed_count;
}

bool memory_failed(const struct trial *trial)
{
    return trial->machine.pmm.alloc_failed_count > trial->failed ||
           trial->machine.pmm.alloc_delayed_count > trial->delayed;
}

void trial_init(struct trial *trial, const struct trial_config *config)
{
    struct vm_machine_config machine = {
        .memory_pages = config->memory_pages,
        .policy = &zircon_policy_ops,
        .seed = 1,
        .compression = true,
        .compressor = {COMPRESSION_RATIO, STORAGE_TRI_PAGE, 70},
    };
    memset(trial, 0, sizeof *trial);
    want(vm_machine_init(&trial->machine, &machine), VM_OK, "a machine");
    set_watermarks(&trial->machine.pmm);
    trial->seen_free = UINT64_MAX;
    trial->last_scan = SIM_NS_INFINITE_PAST;
    trial->last_clearing_scan = SIM_NS_INFINITE_PAST;
    trial->machine.narrow_range_changes = config->narrow_changes;
    trial->machine.replace_on_unloan = config->replace_on_unloan;
    trial->machine.loaning = config->loans;
    trial->machine.borrow_on_supply = config->loans;
    trial->machine.borrow_on_access = config->loans;
    trial->machine.pmm.borrowing_enabled = config->loans;
    trial->model.is_loaning = config->loans;
    trial->model.is_anonymous_reclaimed = config->zero_forks;
    if (config->zero_forks)
        pq_enable_anonymous_reclaim(&trial->machine.pqs, true);
    trial->model.is_evicting = true;
    trial->model.is_compressing = true;
    trial->model.sabotage = config->sabotage;
}

void trial_finish(struct trial *trial)
{
    for (uint8_t i = 0; i < MAX_OBJECTS; i++) {
        struct object *object = object_at(trial, i);
        if (!object)
            continue;
        close_object(trial, object);
        wait_settle(trial);
        compare_all(trial);
    }
    want_true(trial->machine.stats.object_pages == 0 &&
                  trial->machine.stats.reference_count == 0,
              "no page is left when every object is closed");
    want_true(trial->machine.cow_count == 0,
              "no node is left when every object is closed");
    vm_machine_release(&trial->machine);
}

struct outcome trial_step(struct trial *trial, const struct step *step)
{
    static bool (*const drives[])(struct trial *, const struct step *,
                                  struct outcome *) = {
        drive_life, drive_user, drive_pager, drive_wait, drive_reclaim,
    };
    struct outcome outcome = {.status = VM_OK};
    for (size_t i = 0; i < sizeof drives / sizeof drives[0]; i++)
        if (drives[i](trial, step, &outcome))
            break;
    return outcome;
}

/* A snapshot has moved its object to another node of the core. */
static void follow_nodes(struct model *model)
{
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (model->objects[i].vmo)
            model->objects[i].node->cow = vmo_cow(model->objects[i].vmo);
}

void trial_check(struct trial *trial, const struct step *step)
{
    follow_nodes(&trial->model);
    model_settle(&trial->model);
    if (!(step->flags & STEP_LATE))
        wait_settle(trial);
    compare_all(trial);
    trial->number++;
}

const char *op_name(enum op op)
{
    static const char *const names[OP_COUNT] = {
        [OP_CREATE] = "create",
        [OP_CLONE] = "clone",
        [OP_SLICE] = "slice",
        [OP_REFERENCE] = "reference",
        [OP_CLOSE] = "close",
        [OP_RESIZE] = "resize",
        [OP_READ] = "read",
        [OP_WRITE] = "write",
        [OP_TOUCH] = "touch",
        [OP_LOOKUP] = "lookup",
        [OP_COMMIT] = "commit",
        [OP_DECOMMIT] = "decommit",
        [OP_ZERO] = "zero",
        [OP_PIN] = "pin",
        [OP_UNPIN] = "unpin",
        [OP_LOCK] = "lock",
        [OP_TRY_LOCK] = "try_lock",
        [OP_UNLOCK] = "unlock",
        [OP_DISCARD] = "discard",
        [OP_HINT] = "hint",
        [OP_PRIORITY] = "priority",
        [OP_MAP] = "map",
        [OP_UNMAP] = "unmap",
        [OP_SUPPLY] = "supply",
        [OP_SUPPLY_ZERO] = "supply_zero",
        [OP_TAKE] = "take",
        [OP_FAIL] = "fail",
        [OP_DIRTY] = "dirty",
        [OP_WRITEBACK_BEGIN] = "writeback_begin",
        [OP_WRITEBACK_END] = "writeback_end",
        [OP_DETACH] = "detach",
        [OP_QUERY_STATS] = "query_stats",
        [OP_RECLAIM] = "reclaim",
        [OP_COMPRESS] = "compress",
        [OP_DECOMPRESS] = "decompress",
        [OP_DEDUP] = "dedup",
        [OP_ROTATE] = "rotate",
        [OP_HARVEST] = "harvest",
        [OP_SCAN_ZERO] = "scan_zero",
        [OP_EVICT] = "evict",
        [OP_RECLAIM_ALL] = "reclaim_all",
        [OP_SET] = "set",
        [OP_KILL] = "kill",
        [OP_VALIDATE] = "validate",
        [OP_DUMP] = "dump",
        [OP_TIME] = "time",
    };
    return names[op];
}
