#include "pairs.h"

static const char *const kind_names[FAMILY_KINDS] = {
    "anonymous", "discardable", "contiguous", "pager", "trapping pager"};

static uint8_t kind_of(const struct step *create)
{
    switch ((enum vmo_kind)create->kind) {
    case VMO_DISCARDABLE:
        return 1;
    case VMO_CONTIGUOUS:
        return 2;
    case VMO_PAGER:
        return create->flags & STEP_TRAP ? 4 : 3;
    default:
        return 0;
    }
}

static bool is_there(const struct trial *trial, uint32_t family)
{
    for (int i = 0; i < MAX_NODES; i++)
        if (trial->model.nodes[i].is_alive &&
            trial->model.nodes[i].family == family)
            return true;
    return false;
}

static void follow(struct pair_tracker *tracker, struct pair_family *family,
                   enum op op, bool is_ok)
{
    struct pairs *pairs = tracker->pairs;
    pairs->by_kind[family->kind].count[family->last][op]++;
    pairs->both_ok.count[family->last][op] += is_ok && family->was_ok;
    family->last = (uint8_t)op;
    family->was_ok = is_ok;
}

static void found(struct pair_tracker *tracker, const struct trial *trial,
                  const struct step *step)
{
    for (int i = 0; i < MAX_NODES; i++) {
        struct pair_family *family = &tracker->families[i];
        if (family->family && is_there(trial, family->family))
            continue;
        *family = (struct pair_family){
            .family = trial->model.next_family,
            .kind = kind_of(step),
            .last = OP_CREATE,
            .was_ok = true,
        };
        return;
    }
}

void pairs_before(struct pair_tracker *tracker, const struct trial *trial,
                  const struct step *step)
{
    const struct object *object = &trial->model.objects[step->vmo];
    tracker->family = object->vmo ? object->node->family : 0;
}

void pairs_after(struct pair_tracker *tracker, const struct trial *trial,
                 const struct step *step, const struct outcome *outcome)
{
    enum op op = (enum op)step->op;
    bool is_ok = outcome->status == VM_OK || outcome->status == VM_SHOULD_WAIT;
    if (outcome->is_skipped || op == OP_TIME)
        return;
    if (op == OP_CREATE) {
        if (is_ok)
            found(tracker, trial, step);
        return;
    }
    for (int i = 0; i < MAX_NODES; i++) {
        struct pair_family *family = &tracker->families[i];
        if (op_is_of_machine(op)
                ? family->family && is_there(trial, family->family)
                : family->family == tracker->family)
            follow(tracker, family, op, is_ok);
    }
}

/* --- the report -------------------------------------------------------------------- */

static bool can_follow(enum op from, enum op to)
{
    return to != OP_CREATE && !(from == OP_CREATE && to == OP_UNMAP);
}

static unsigned possible(void)
{
    unsigned sum = 0;
    for (int from = 0; from < PAIR_OPS; from++)
        for (int to = 0; to < PAIR_OPS; to++)
            sum += can_follow((enum op)from, (enum op)to);
    return sum;
}

static unsigned covered(const struct pair_table *table)
{
    unsigned sum = 0;
    for (int from = 0; from < PAIR_OPS; from++)
        for (int to = 0; to < PAIR_OPS; to++)
            sum += table->count[from][to] > 0;
    return sum;
}

static void print_missing(const struct pair_table *table, FILE *file)
{
    int printed = 0;
    for (int from = 0; from < PAIR_OPS; from++)
        for (int to = 0; to < PAIR_OPS; to++)
            if (table->count[from][to] == 0 &&
                can_follow((enum op)from, (enum op)to) && printed++ < 5)
                fprintf(file, "%s %s, %s", printed == 1 ? "    never:" : ";",
                        op_name((enum op)from), op_name((enum op)to));
    if (printed > 5)
        fprintf(file, "; and %d more", printed - 5);
    if (printed > 0)
        fprintf(file, "\n");
}

static double print_share(const char *name, const struct pair_table *table,
                          FILE *file)
{
    double share = (double)covered(table) / possible();
    fprintf(file, "  pairs in families of kind %-14s %5u of %u, %5.1f%%\n",
            name, covered(table), possible(), 100 * share);
    return share;
}

double pairs_report(const struct pairs *pairs, FILE *file)
{
    struct pair_table any = {{{0}}};
    for (int kind = 0; kind < FAMILY_KINDS; kind++) {
        const struct pair_table *table = &pairs->by_kind[kind];
        (void)print_share(kind_names[kind], table, file);
        for (int from = 0; from < PAIR_OPS; from++)
            for (int to = 0; to < PAIR_OPS; to++)
                any.count[from][to] += table->count[from][to];
    }
    double share = print_share("any", &any, file);
    print_missing(&any, file);
    fprintf(file, "  pairs of which both succeed %17u\n",
            covered(&pairs->both_ok));
    return share;
}
