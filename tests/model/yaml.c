#include "yaml.h"

#include <string.h>
#include <unistd.h>

/* --- the head ---------------------------------------------------------------------- */

static const char *bool_text(bool value)
{
    return value ? "true" : "false";
}

bool yaml_begin(struct yaml *yaml, const char *path,
                const struct trial_config *config)
{
    memset(yaml, 0, sizeof *yaml);
    yaml->file = fopen(path, "w");
    if (!yaml->file)
        return false;
    fprintf(yaml->file,
            "version: 1\n"
            "description: Written by the model test, seed %llu.\n"
            "machine: {memory: %llup}\n"
            "reclaim:\n"
            "  discardable_min_age: 0\n"
            "  on_oom: wait\n"
            "  loaning: %s\n"
            "  borrow_on_supply: %s\n"
            "  borrow_on_mru: %s\n"
            "  replace_on_unloan: %s\n"
            "  pressure: {oom: 1p, imminent_oom_delta: 1p, critical: 3p, "
            "warning: 4p, debounce: 1p}\n"
            "  compression: {enabled: true, anonymous: %s, zero_forks: %s, "
            "model: ratio}\n"
            "processes: [{name: p1}, {name: p2}, {name: p3}]\n"
            "events:\n",
            (unsigned long long)config->seed,
            (unsigned long long)config->memory_pages, bool_text(config->loans),
            bool_text(config->loans), bool_text(config->loans),
            bool_text(config->replace_on_unloan), bool_text(config->zero_forks),
            bool_text(config->zero_forks));
    return true;
}

/* --- one event --------------------------------------------------------------------- */

/* `true` or nothing. */
static void put_flag(FILE *file, const struct step *step, uint32_t flag,
                     const char *key)
{
    if (step->flags & flag)
        fprintf(file, ", %s: true", key);
}

static void put_pages(FILE *file, const struct step *step)
{
    fprintf(file, ", pages: %u..%u", step->start, step->end);
}

static void put_process(FILE *file, const struct step *step)
{
    if (step->process)
        fprintf(file, ", process: p%u", step->process);
}

static void put_values(FILE *file, const struct step *step)
{
    if (step->start == step->end)
        return;
    fprintf(file, ", values: [");
    for (unsigned i = 0; i + step->start < step->end; i++)
        fprintf(file, "%s%llu", i ? ", " : "",
                (unsigned long long)step_value(step, i));
    fprintf(file, "]");
}

static void put_create(FILE *file, const struct step *step)
{
    static const char *const kinds[] = {
        [VMO_ANONYMOUS] = "anonymous",
        [VMO_PAGER] = "pager",
        [VMO_CONTIGUOUS] = "contiguous",
        [VMO_DISCARDABLE] = "discardable",
    };
    fprintf(file, ", size: %up, kind: %s", step->end, kinds[step->kind]);
    put_flag(file, step, STEP_RESIZABLE, "resizable");
    put_flag(file, step, STEP_TRAP, "trap_dirty");
    put_flag(file, step, STEP_CANNOT_DECOMMIT, "cannot_decommit_zero");
    if (step->flags & STEP_INCOMPRESSIBLE)
        fprintf(file, ", compressibility: 1");
    put_process(file, step);
}

static void put_clone(FILE *file, const struct step *step)
{
    static const char *const kinds[] = {
        [CLONE_SNAPSHOT] = "snapshot",
        [CLONE_SNAPSHOT_AT_LEAST_ON_WRITE] = "snapshot_at_least_on_write",
        [CLONE_SNAPSHOT_MODIFIED] = "snapshot_modified",
    };
    fprintf(file, ", as: v%u, kind: %s", step->other, kinds[step->kind]);
    put_pages(file, step);
    put_flag(file, step, STEP_RESIZABLE, "resizable");
    put_process(file, step);
}

static void put_lookup(FILE *file, const struct step *step)
{
    fprintf(file, ", page: %u, fault: %s", step->start,
            step->flags & STEP_HARDWARE ? "hardware"
            : step->flags & STEP_FAULT  ? "software"
                                        : "none");
    put_flag(file, step, STEP_WRITE, "write");
}

static void put_reclaim(FILE *file, const struct step *step)
{
    fprintf(file, ", page: %u", step->start);
    if (step->flags & STEP_IGNORE_HINT)
        fprintf(file, ", hint: ignore");
    put_flag(file, step, STEP_COMPRESS, "compress");
    if (step->flags & STEP_FROM)
        fprintf(file, ", from: v%u, at: %u", step->other, step->at);
}

static void put_supply(FILE *file, const struct step *step)
{
    put_pages(file, step);
    if (step->flags & STEP_FROM)
        fprintf(file, ", from: v%u, from_page: %u", step->other, step->at);
    else
        put_values(file, step);
}

/* What stands after `vmo:`. */
static void put_details(FILE *file, const struct step *step)
{
    switch ((enum op)step->op) {
    case OP_CREATE:
        put_create(file, step);
        break;
    case OP_CLONE:
        put_clone(file, step);
        break;
    case OP_SLICE:
        fprintf(file, ", as: v%u", step->other);
        put_pages(file, step);
        break;
    case OP_REFERENCE:
        fprintf(file, ", as: v%u", step->other);
        break;
    case OP_RESIZE:
        fprintf(file, ", size: %up", step->end);
        break;
    case OP_LOOKUP:
        put_lookup(file, step);
        break;
    case OP_DEDUP:
        fprintf(file, ", page: %u", step->start);
        break;
    case OP_RECLAIM:
        put_reclaim(file, step);
        break;
    case OP_SUPPLY:
        put_supply(file, step);
        break;
    case OP_CLOSE:
    case OP_DETACH:
        break;
    case OP_QUERY_STATS:
        put_flag(file, step, STEP_RESET, "reset");
        break;
    case OP_DISCARD:
        fprintf(file, ", min_age: %dms", step->amount);
        break;
    case OP_PRIORITY:
        fprintf(file, ", delta: %d", step->amount);
        break;
    case OP_HINT:
        put_pages(file, step);
        fprintf(file, ", kind: %s",
                step->flags & STEP_ALWAYS_NEED ? "always_need" : "dont_need");
        break;
    case OP_MAP:
        put_pages(file, step);
        fprintf(file, ", as: m%u", step->vmo);
        put_flag(file, step, STEP_HIGH_PRIORITY, "high_priority");
        put_flag(file, step, STEP_WRITE, "write");
        break;
    case OP_FAIL:
        put_pages(file, step);
        fprintf(file, ", error: %s", vm_status_name(model_errors[step->error]));
        break;
    case OP_TAKE:
        put_pages(file, step);
        fprintf(file, ", into: v%u", step->other);
        break;
    case OP_WRITE:
        put_pages(file, step);
        put_values(file, step);
        break;
    case OP_TOUCH:
        put_pages(file, step);
        put_flag(file, step, STEP_WRITE, "write");
        if (step->flags & STEP_WRITE)
            fprintf(file, ", value: %llu", (unsigned long long)step->content);
        break;
    case OP_PIN:
        put_pages(file, step);
        put_flag(file, step, STEP_WRITE, "write");
        break;
    case OP_WRITEBACK_BEGIN:
        put_pages(file, step);
        put_flag(file, step, STEP_ZERO_RANGE, "zero");
        break;
    default:
        put_pages(file, step);
    }
}

static void put_machine(FILE *file, const struct step *step)
{
    static const char *const switches[] = {
        [SWITCH_EVICTION] = "eviction",
        [SWITCH_COMPRESSION] = "compression_enabled",
        [SWITCH_ANONYMOUS_RECLAIM] = "anonymous_reclaim",
        [SWITCH_LOANING] = "loaning",
        [SWITCH_BORROWING] = "borrowing",
    };
    switch ((enum op)step->op) {
    case OP_ROTATE:
        fprintf(file, "times: %d", step->amount);
        break;
    case OP_EVICT:
        fprintf(file, "min: %dp, level: %s", step->amount,
                step->flags & STEP_NEWEST ? "include_newest" : "only_oldest");
        break;
    case OP_SET:
        if (step->kind == SWITCH_MEMORY)
            fprintf(file, "memory: %dp", step->amount);
        else if (step->kind == SWITCH_POLICY)
            fprintf(file, "policy: zircon");
        else
            fprintf(file, "%s: %s", switches[step->kind],
                    step->flags & STEP_ON ? "true" : "false");
        break;
    case OP_KILL:
        fprintf(file, "process: p%u", step->process);
        break;
    default:
        break;
    }
}

static void put_operation(FILE *file, const struct step *step)
{
    enum op op = (enum op)step->op;
    fprintf(file, "  - %s: {", op_name(op));
    if (op_is_of_machine(op)) {
        put_machine(file, step);
    } else if (op == OP_UNMAP) {
        fprintf(file, "as: m%u", step->vmo);
    } else {
        fprintf(file, "vmo: v%u", step->vmo);
        put_details(file, step);
    }
}

enum { DETAILS_BYTES = 24 * (MAX_PAGES + 4) };

/* What a read that does not wait must find; nothing for other operations. */
static void put_returns(char details[DETAILS_BYTES], const struct trial *trial,
                        const struct step *step)
{
    const struct object *object = &trial->model.objects[step->vmo];
    int used = 0;
    details[0] = '\0';
    if ((step->op != OP_READ && step->op != OP_LOOKUP) || !object->vmo ||
        step->start >= step->end || step->end > object->node->size)
        return;
    for (uint64_t page = step->start; page < step->end; page++) {
        struct view view = view_of(object->node, page);
        used += snprintf(details + used, DETAILS_BYTES - (size_t)used, "%s%llu",
                         page > step->start    ? ", "
                         : step->op == OP_READ ? ", returns: ["
                                               : ", returns: ",
                         (unsigned long long)view.content);
        if (view.is_absent) {
            details[0] = '\0';
            return;
        }
    }
    if (step->op == OP_READ)
        (void)snprintf(details + used, DETAILS_BYTES - (size_t)used, "]");
}

/* The event again from its start, with what is known now. */
static void rewrite(struct yaml *yaml, const struct step *step,
                    const char *details, const char *after)
{
    fseek(yaml->file, yaml->rewind_to, SEEK_SET);
    put_operation(yaml->file, step);
    fprintf(yaml->file, "%s}\n%s", details, after);
    if (yaml->passed_ms > 0)
        fprintf(yaml->file, "    after: %dms\n", yaml->passed_ms);
    fflush(yaml->file);
}

void yaml_step(struct yaml *yaml, const struct trial *trial,
               const struct step *step)
{
    char details[DETAILS_BYTES];
    if (!yaml->file || step->op == OP_TIME)
        return;
    yaml->rewind_to = ftell(yaml->file);
    yaml->is_in_step = true;
    put_returns(details, trial, step);
    rewrite(yaml, step, details, "");
}

static void finish_step(struct yaml *yaml, const struct trial *trial,
                        const struct step *step, enum vm_status status,
                        const char *details)
{
    char after[96] = "";
    if (status == VM_SHOULD_WAIT)
        snprintf(after, sizeof after,
                 "    status: SHOULD_WAIT\n    as_op: op%u\n", trial->number);
    else if (status != VM_OK)
        snprintf(after, sizeof after, "    status: %s\n",
                 vm_status_name(status));
    rewrite(yaml, step, details, after);
    if (step->flags & STEP_LATE)
        fprintf(yaml->file,
                "    # here what this answers goes on a few steps later\n");
    yaml->is_in_step = false;
    yaml->passed_ms = 0;
}

void yaml_outcome(struct yaml *yaml, const struct trial *trial,
                  const struct step *step, const struct outcome *outcome)
{
    if (!yaml->file)
        return;
    if (step->op == OP_TIME) {
        yaml->passed_ms += step->amount;
        return;
    }
    if (outcome->is_skipped) {
        fseek(yaml->file, yaml->rewind_to, SEEK_SET);
        yaml->is_in_step = false;
        return;
    }
    char details[DETAILS_BYTES] = "";
    if (outcome->status == VM_OK)
        put_returns(details, trial, step);
    if (outcome->status == VM_OK &&
        (step->op == OP_RECLAIM || step->op == OP_DEDUP))
        (void)snprintf(details, sizeof details, ", %s: %s",
                       step->op == OP_RECLAIM ? "reclaimed" : "deduped",
                       bool_text(outcome->is_done));
    finish_step(yaml, trial, step, outcome->status, details);
}

void yaml_wanted(struct yaml *yaml, const struct trial *trial,
                 const struct step *step, enum vm_status status)
{
    if (yaml->file && yaml->is_in_step)
        finish_step(yaml, trial, step, status, "");
}

/* --- the end ------------------------------------------------------------------------- */

static void put_content(FILE *file, struct node *node)
{
    fprintf(file, ", content: [");
    for (uint64_t page = 0; page < node->size; page++) {
        struct view view = view_of(node, page);
        if (page)
            fprintf(file, ", ");
        if (view.is_absent)
            fprintf(file, "absent");
        else
            fprintf(file, "%llu", (unsigned long long)view.content);
    }
    fprintf(file, "]");
}

static bool is_reported(const struct node *pager, uint64_t page, bool is_zero)
{
    if (page >= pager->size)
        return false;
    enum page_kind kind = pager->pages[page].kind;
    return is_zero ? kind == ZERO : kind == DIRTY || kind == AWAITING;
}

static void put_dirty_ranges(FILE *file, const struct node *pager)
{
    const char *comma = "";
    fprintf(file, ", dirty_ranges: [");
    for (uint64_t page = 0; page < pager->size;) {
        bool is_zero = is_reported(pager, page, true);
        uint64_t end = page;
        while (is_reported(pager, end, is_zero))
            end++;
        if (end > page)
            fprintf(file, "%s\"%d..%d%s\"", comma, (int)page, (int)end,
                    is_zero ? " zero" : "");
        comma = end > page ? ", " : comma;
        page = end > page ? end : page + 1;
    }
    fprintf(file, "]");
}

/* What the node's own list holds, as far as the model knows. */
static const char *slot_text(const struct trial *trial, const struct node *node,
                             uint64_t page)
{
    const struct model_page *own = &node->pages[page];
    bool joins_left = page > 0 && node->pages[page - 1].kind == ZERO;
    bool joins_right =
        page + 1 < node->size && node->pages[page + 1].kind == ZERO;
    switch (own->kind) {
    case NOTHING:
    case LENT:
        return "empty";
    case MARKER:
        return "zero";
    case OWN:
        return own->cell || is_grouped(&trial->model, node) ? "\"-\"" : "zero";
    case ZERO:
        return joins_left && joins_right ? "interval"
               : joins_left              ? "interval_end"
               : joins_right             ? "interval_start"
                                         : "interval_slot";
    default:
        return "page";
    }
}

static void put_slots(FILE *file, const struct trial *trial,
                      const struct node *node)
{
    fprintf(file, ", slots: [");
    for (uint64_t page = 0; page < node->size; page++)
        fprintf(file, "%s%s", page ? ", " : "", slot_text(trial, node, page));
    fprintf(file, "]");
}

static void put_object(FILE *file, const struct trial *trial, int slot)
{
    static const char *const locks[] = {
        [DISCARDABLE_UNSET] = "unset",
        [DISCARDABLE_UNRECLAIMABLE] = "locked",
        [DISCARDABLE_RECLAIMABLE] = "unlocked",
        [DISCARDABLE_DISCARDED] = "discarded",
    };
    const struct object *object = &trial->model.objects[slot];
    struct node *node = object->node;
    struct charge_bounds bounds = charge_of(&trial->model, node);
    fprintf(file, "  - expect: {vmo: v%d, size: %dp, pinned: %d", slot,
            (int)node->size, (int)total_pins(node));
    if (node->size > 0)
        put_content(file, node);
    if (node->size > 0 && node->kind != NODE_SLICE)
        put_slots(file, trial, node);
    if (node->kind == NODE_PAGER) {
        put_dirty_ranges(file, node);
        fprintf(file, ", reclaim_events: %d", (int)node->reclaim_events);
    }
    if (node->is_discardable)
        fprintf(file, ", discardable: %s", locks[node->lock_state]);
    if (node->kind != NODE_COW && node->owners == 1)
        fprintf(file, ", committed: %d", (int)bounds.least);
    if (object->parent)
        fprintf(file, ", parent: v%d", slot_of(trial, object->parent));
    fprintf(file, "}\n");
}

static void put_operations(struct yaml *yaml, const struct trial *trial)
{
    for (int i = 0; i < MAX_WAITING; i++)
        if (trial->waitings[i].is_used && trial->waitings[i].has_waited &&
            !yaml->has_ended[trial->waitings[i].number])
            fprintf(yaml->file, "  - expect: {op: op%u, state: waiting}\n",
                    trial->waitings[i].number);
    for (int i = 0; i < MAX_ENDED; i++)
        if (yaml->has_ended[i])
            fprintf(yaml->file,
                    "  - expect: {op: op%d, state: done, result: %s}\n", i,
                    vm_status_name(yaml->ended[i]));
}

void yaml_end(struct yaml *yaml, struct trial *trial)
{
    if (!yaml->file)
        return;
    if (!yaml->is_in_step) {
        put_operations(yaml, trial);
        for (int i = 0; i < MAX_OBJECTS; i++)
            if (trial->model.objects[i].vmo)
                put_object(yaml->file, trial, i);
    }
    fprintf(yaml->file, "  - validate: {}\n");
    long size = ftell(yaml->file);
    fflush(yaml->file);
    if (size >= 0)
        (void)!ftruncate(fileno(yaml->file), size);
    fclose(yaml->file);
    yaml->file = NULL;
}
