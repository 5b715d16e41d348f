/* What concerns several keys of machine, reclaim and pagers. */
#include <string.h>

#include "scenario/decode.h"

bool finish_machine(struct decoder *decoder, const struct raw_record *raw,
                    void *model)
{
    struct scenario_machine *machine = model;
    const struct key_table *table = key_find(&scenario_table, "machine")->table;
    struct raw_value wired =
        raw_value(raw, key_index(table, key_find(table, "wired")));
    machine->page_bytes = decoder->page_bytes;
    decoder->machine_is_clean = decoder->is_clean;
    if (decoder->is_clean && wired.text &&
        machine->wired_pages > machine->memory_pages)
        decode_error(decoder, decoder_place(decoder, wired.id),
                     "'wired' (%llu pages) is more than the memory (%llu"
                     " pages)",
                     (unsigned long long)machine->wired_pages,
                     (unsigned long long)machine->memory_pages);
    return true;
}

/* Pressure marks. ------------------------------------------------------- */

/* The marks in the order of their keys, the first of the table. */
enum mark { MARK_OOM, MARK_IMMINENT, MARK_CRITICAL, MARK_WARNING, MARK_COUNT };
enum { DEBOUNCE_KEY = MARK_COUNT };

struct marks {
    uint64_t pages[MARK_COUNT];
    struct raw_value given[MARK_COUNT]; /* text NULL: a default */
};

/* Below 1GiB the defaults are shares of the memory. */
static void scale_defaults(struct marks *marks, uint64_t memory_pages)
{
    static const unsigned per_cent[] = {5, 1, 15, 30};
    for (int mark = 0; mark < MARK_COUNT; mark++)
        if (!marks->given[mark].text)
            marks->pages[mark] =
                u64_max(memory_pages * per_cent[mark] / 100, 1);
}

/* Each mark at least one page above the one below: defaults move up, marks
 * given by hand are wrong. */
static void order_marks(struct decoder *decoder, struct marks *marks)
{
    static const char *const names[] = {"oom", "imminent_oom", "critical",
                                        "warning"};
    for (int mark = MARK_IMMINENT; mark < MARK_COUNT; mark++) {
        uint64_t below = marks->pages[mark - 1];
        if (marks->pages[mark] > below)
            continue;
        if (marks->given[mark].text)
            decode_error(decoder, decoder_place(decoder, marks->given[mark].id),
                         "pressure marks must increase: %s (%llu pages) must"
                         " be above %s (%llu pages)",
                         names[mark], (unsigned long long)marks->pages[mark],
                         names[mark - 1], (unsigned long long)below);
        marks->pages[mark] = below + 1;
    }
}

/* The lowest mark less the debounce is still an amount of memory: a default
 * gives way, a debounce given by hand is wrong. */
static void limit_debounce(struct decoder *decoder, struct raw_value given,
                           struct scenario_pressure *pressure)
{
    if (pressure->debounce_pages <= pressure->oom_pages)
        return;
    if (given.text)
        decode_error(decoder, decoder_place(decoder, given.id),
                     "'debounce' (%llu pages) is more than the lowest mark, oom"
                     " (%llu pages)",
                     (unsigned long long)pressure->debounce_pages,
                     (unsigned long long)pressure->oom_pages);
    pressure->debounce_pages = pressure->oom_pages;
}

bool finish_pressure(struct decoder *decoder, const struct raw_record *raw,
                     void *model)
{
    struct scenario_pressure *pressure = model;
    const struct scenario_machine *machine = &decoder->scenario->machine;
    if (!decoder->is_clean || !decoder->machine_is_clean)
        return true;
    struct marks marks = {
        .pages = {pressure->oom_pages, pressure->imminent_oom_pages,
                  pressure->critical_pages, pressure->warning_pages}};
    for (int mark = 0; mark < MARK_COUNT; mark++)
        marks.given[mark] = raw_value(raw, (size_t)mark);
    uint64_t memory = machine->memory_pages;
    if (memory < (UINT64_C(1) << 30) / machine->page_bytes) {
        scale_defaults(&marks, memory);
        if (!raw_value(raw, DEBOUNCE_KEY).text)
            pressure->debounce_pages = u64_max(memory / 1000, 1);
    }
    marks.pages[MARK_IMMINENT] += marks.pages[MARK_OOM]; /* it was a delta */
    order_marks(decoder, &marks);
    pressure->oom_pages = marks.pages[MARK_OOM];
    pressure->imminent_oom_pages = marks.pages[MARK_IMMINENT];
    pressure->critical_pages = marks.pages[MARK_CRITICAL];
    pressure->warning_pages = marks.pages[MARK_WARNING];
    limit_debounce(decoder, raw_value(raw, DEBOUNCE_KEY), pressure);
    return true;
}

/* Parameters. ----------------------------------------------------------- */

static bool same_param(const struct scenario_param *a,
                       const struct scenario_param *b)
{
    return a->name_length == b->name_length &&
           memcmp(a->text, b->text, a->name_length) == 0;
}

/* One value for each name. */
static void check_params(struct decoder *decoder,
                         const struct scenario_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (same_param(&params[i], &params[j])) {
                decode_error(decoder, params[i].place,
                             "parameter '%.*s' is given twice",
                             (int)params[i].name_length, params[i].text);
                break;
            }
}

static void check_policy(struct decoder *decoder, const char *policy,
                         struct scenario_place place)
{
    if (policy && policy[0] == '\0')
        decode_error(decoder, place, "expected a policy, got nothing");
}

/* Where a key's value stands; line 0: it is the default. */
static struct scenario_place place_of(const struct decoder *decoder,
                                      const struct key_table *table,
                                      const struct raw_record *raw,
                                      const char *key)
{
    struct raw_value value =
        raw_value(raw, key_index(table, key_find(table, key)));
    if (!value.text)
        return (struct scenario_place){0};
    return decoder_place(decoder, value.id);
}

bool finish_compression(struct decoder *decoder, const struct raw_record *raw,
                        void *model)
{
    struct scenario_compression *compression = model;
    const struct key_table *reclaim =
        key_find(&scenario_table, "reclaim")->table;
    compression->zero_forks_place = place_of(
        decoder, key_find(reclaim, "compression")->table, raw, "zero_forks");
    return true;
}

bool finish_reclaim(struct decoder *decoder, const struct raw_record *raw,
                    void *model)
{
    struct scenario_reclaim *reclaim = model;
    const struct key_table *table = key_find(&scenario_table, "reclaim")->table;
    reclaim->policy_place = place_of(decoder, table, raw, "policy");
    check_policy(decoder, reclaim->policy, reclaim->policy_place);
    if (decoder->is_clean)
        check_params(decoder, reclaim->params, reclaim->param_count);
    return true;
}

bool finish_set(struct decoder *decoder, const struct raw_record *raw,
                void *model)
{
    struct scenario_op *op = model;
    op->policy_place = place_of(decoder, op_table(OP_SET), raw, "policy");
    check_policy(decoder, op->policy, op->policy_place);
    if (decoder->is_clean)
        check_params(decoder, op->params, op->param_count);
    return true;
}

/* Pagers and processes. ------------------------------------------------- */

bool finish_pager(struct decoder *decoder, const struct raw_record *raw,
                  void *model)
{
    struct scenario_pager *pager = model;
    pager->place = decoder_place(decoder, raw_id(raw));
    return true;
}

bool finish_process(struct decoder *decoder, const struct raw_record *raw,
                    void *model)
{
    struct scenario_process *process = model;
    process->place = decoder_place(decoder, raw_id(raw));
    return true;
}
