/* Events: when, how often, and which operation. */
#include <string.h>

#include "scenario/decode.h"

/* Operations. ----------------------------------------------------------- */

void check_length(struct decoder *decoder, const char *what,
                  const struct page_range *pages, size_t length,
                  struct scenario_place place)
{
    if (!pages->is_given || pages->is_open)
        return;
    uint64_t count = pages->end - pages->start;
    if (length != count)
        decode_error(decoder, place, "'%s' has %zu %s for a range of %llu %s",
                     what, length, length == 1 ? "entry" : "entries",
                     (unsigned long long)count, count == 1 ? "page" : "pages");
}

/* The place of a list of an operation. */
static bool list_place(const struct decoder *decoder,
                       const struct key_table *table,
                       const struct raw_record *raw, const char *name,
                       struct scenario_place *place)
{
    const struct key *key = key_find(table, name);
    uint32_t id;
    size_t length;
    if (!key || key->kind != KEY_LIST ||
        !raw_list(raw, table, key_index(table, key), &id, &length))
        return false;
    *place = decoder_place(decoder, id);
    return true;
}

bool finish_op_lists(struct decoder *decoder, const struct raw_record *raw,
                     void *model)
{
    const struct scenario_op *op = model;
    const struct key_table *table = op_table(op->kind);
    struct scenario_place place;
    if (list_place(decoder, table, raw, "values", &place)) {
        check_length(decoder, "values", &op->pages, op->value_count, place);
        if (op->has_value)
            decode_error(decoder, place, "%s has either 'value' or 'values'",
                         table->what);
    }
    if (list_place(decoder, table, raw, "returns", &place))
        check_length(decoder, "returns", &op->pages, op->return_count, place);
    return true;
}

bool finish_supply(struct decoder *decoder, const struct raw_record *raw,
                   void *model)
{
    const struct scenario_op *op = model;
    const struct key_table *table = op_table(OP_SUPPLY);
    const struct key *key = key_find(table, "from_page");
    struct raw_value from_page = raw_value(raw, key_index(table, key));
    struct raw_value from =
        raw_value(raw, key_index(table, key_find(table, "from")));
    if (from_page.text && !from.text)
        decode_error(decoder, decoder_key_place(decoder, from_page.id),
                     "'from_page' belongs to 'from'");
    if (from.text && (op->has_value || op->values))
        decode_error(decoder, decoder_key_place(decoder, from.id),
                     "what is supplied comes from 'from' or is a value, not"
                     " both");
    return finish_op_lists(decoder, raw, model);
}

bool finish_vmo(struct decoder *decoder, const struct raw_record *raw,
                void *model)
{
    struct scenario_op *op = model;
    op->kind = OP_CREATE;
    op->place = decoder_place(decoder, raw_id(raw));
    return true;
}

/* The number of an operation's key in the event table. */
static size_t op_index(enum op_kind kind)
{
    return key_index(&event_table, key_find(&event_table, op_kind_name(kind)));
}

bool decode_op(struct decoder *decoder, const struct raw_record *event_raw,
               enum op_kind kind, struct scenario_op *op)
{
    const struct raw_record *raw = raw_map(event_raw, op_index(kind));
    *op = (struct scenario_op){
        .kind = kind, .place = decoder_key_place(decoder, raw_id(raw))};
    if (kind == OP_EXPECT)
        return decode_expect(decoder, raw, op->place, &op->expect);
    return decode_record(decoder, op_table(kind), raw, op);
}

/* Times. ---------------------------------------------------------------- */

struct timing {
    struct field at, after, every, times, until;
    sim_ns at_ns, after_ns, every_ns, until_ns;
    uint64_t runs;
};

static bool read_timing(struct decoder *decoder, const struct raw_record *raw,
                        struct timing *t)
{
    const struct key_table *table = &event_table;
    *t = (struct timing){.runs = 1};
    return decode_field(decoder, table, raw, "at", &t->at_ns, &t->at) &&
           decode_field(decoder, table, raw, "after", &t->after_ns,
                        &t->after) &&
           decode_field(decoder, table, raw, "every", &t->every_ns,
                        &t->every) &&
           decode_field(decoder, table, raw, "times", &t->runs, &t->times) &&
           decode_field(decoder, table, raw, "until", &t->until_ns, &t->until);
}

/* A time as one would write it: "1500ms". */
struct shown_time {
    char text[32];
};

static struct shown_time show_time(sim_ns ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;
    struct shown_time shown = {"0"};
    for (; unit < 3 && ns % 1000 == 0; unit++)
        ns /= 1000;
    if (ns != 0)
        snprintf(shown.text, sizeof shown.text, "%lld%s", (long long)ns,
                 units[unit]);
    return shown;
}

/* When the first run is; `before` is the time of the event before it. */
static sim_ns find_start(struct decoder *decoder, const struct timing *t,
                         sim_ns before)
{
    if (t->at.is_there && t->after.is_there)
        decode_error(decoder, t->after.place,
                     "an event has either 'at' or 'after'");
    if (t->at.is_good && t->at_ns < before) {
        decode_error(decoder, t->at.place,
                     "times never decrease: the event before it is at %s",
                     show_time(before).text);
        return before;
    }
    if (t->at.is_good)
        return t->at_ns;
    if (!t->after.is_good)
        return before;
    sim_ns start = sim_ns_add(before, t->after_ns);
    if (start < SIM_NS_INFINITE)
        return start;
    decode_error(decoder, t->after.place, "the event is too late");
    return before;
}

/* Runs up to `until`, where that is given; the time between them is known. */
static void count_runs(struct decoder *decoder, const struct timing *t,
                       struct scenario_event *event)
{
    if (t->times.is_there) {
        event->run_count = t->times.is_good ? t->runs : 1;
    } else if (t->every_ns == 0) {
        decode_error(decoder, t->every.place,
                     "'every' must be above 0 with 'until'");
    } else if (t->until.is_good && t->until_ns < event->at_ns) {
        decode_error(decoder, t->until.place,
                     "'until' is before the first run at %s",
                     show_time(event->at_ns).text);
    } else if (t->until.is_good) {
        event->run_count =
            (uint64_t)((t->until_ns - event->at_ns) / t->every_ns) + 1;
    }
    uint64_t span;
    if (__builtin_mul_overflow(event->run_count - 1, (uint64_t)t->every_ns,
                               &span) ||
        span >= (uint64_t)(SIM_NS_INFINITE - event->at_ns)) {
        decode_error(decoder, t->every.place, "the last run is too late");
        event->run_count = 1;
    }
}

static void find_repeats(struct decoder *decoder, const struct timing *t,
                         struct scenario_event *event)
{
    event->run_count = 1;
    if (!t->every.is_there) {
        if (t->times.is_there)
            decode_error(decoder, t->times.place, "'times' needs 'every'");
        if (t->until.is_there)
            decode_error(decoder, t->until.place, "'until' needs 'every'");
        return;
    }
    if (t->times.is_there && t->until.is_there)
        decode_error(decoder, t->until.place,
                     "a repeated event has either 'times' or 'until'");
    else if (!t->times.is_there && !t->until.is_there)
        decode_error(decoder, t->every.place,
                     "'every' needs 'times' or 'until'");
    else if (t->every.is_good)
        count_runs(decoder, t, event);
    event->every_ns = event->run_count > 1 ? t->every_ns : 0;
}

/* Runs. ----------------------------------------------------------------- */

/* Does a value of the record, or of what is in it, hold `{n}`? */
static bool record_varies(const struct key_table *table,
                          const struct raw_record *raw)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        uint32_t id;
        size_t length = 0;
        if (!raw_map(raw, i))
            continue;
        if (key->kind == KEY_MAP) {
            if (record_varies(key->table, raw_map(raw, i)))
                return true;
        } else if (key->kind == KEY_LIST) { /* of values, in operations */
            raw_list(raw, table, i, &id, &length);
            for (size_t j = 0; j < length; j++)
                if (name_varies(raw_list_value(raw, i, j).text))
                    return true;
        } else if (name_varies(raw_value(raw, i).text)) {
            return true;
        }
    }
    return false;
}

static bool decode_as_op(struct decoder *decoder, const struct raw_record *raw,
                         const char **as_op)
{
    struct field field;
    *as_op = NULL;
    return decode_field(decoder, &event_table, raw, "as_op", as_op, &field);
}

/* What the last run does is checked, too, and thrown away: all names that it
 * makes have been made by the first one. */
static bool check_last_run(struct decoder *decoder,
                           const struct raw_record *raw,
                           const struct scenario_event *event)
{
    struct scenario_op op;
    const char *as_op;
    decoder->run = event->run_count - 1;
    return decode_op(decoder, raw, event->op.kind, &op) &&
           decode_as_op(decoder, raw, &as_op);
}

static bool decode_runs(struct decoder *decoder, const struct raw_record *raw,
                        enum op_kind kind, struct scenario_event *event)
{
    const char *as_op_text =
        raw_value(raw, key_index(&event_table, key_find(&event_table, "as_op")))
            .text;
    decoder->run = 0;
    size_t found = decoder->reporter.found;
    if (!decode_op(decoder, raw, kind, &event->op) ||
        !decode_as_op(decoder, raw, &event->as_op))
        return false;
    if (!decoder->is_repeated)
        return true;
    event->varies =
        record_varies(op_table(kind), raw_map(raw, op_index(kind))) ||
        (as_op_text && name_varies(as_op_text));
    event->raw = event->varies ? raw : NULL;
    return !event->varies || decoder->reporter.found != found ||
           check_last_run(decoder, raw, event);
}

/* The operation of an event; false if it has none. */
static bool find_op(const struct raw_record *raw, enum op_kind *kind)
{
    for (size_t i = 0; i < event_table.key_count; i++) {
        const struct key *key = &event_table.keys[i];
        if ((key->flags & KEY_OPERATION) && raw_map(raw, i)) {
            *kind = (enum op_kind)key->tag;
            return true;
        }
    }
    return false;
}

bool finish_event(struct decoder *decoder, const struct raw_record *raw,
                  void *model)
{
    struct scenario_event *event = model;
    struct timing timing;
    enum op_kind kind;
    if (!read_timing(decoder, raw, &timing))
        return false;
    event->at_ns = find_start(decoder, &timing, decoder->event_before);
    decoder->event_before = event->at_ns;
    find_repeats(decoder, &timing, event);
    event->place = decoder_place(decoder, raw_id(raw));
    if (!find_op(raw, &kind))
        return true; /* reported by the check */
    decoder->at = event->at_ns;
    decoder->is_script = true;
    decoder->is_repeated = timing.every.is_there;
    decoder->run_count = event->run_count;
    bool done = decode_runs(decoder, raw, kind, event);
    event->place = event->op.place;
    decoder->is_script = false;
    decoder->is_repeated = false;
    decoder->run = 0;
    decoder->run_count = 1;
    decoder->at = 0;
    return done;
}
