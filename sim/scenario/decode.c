/*
 * The part of the decoder that knows no key by name.
 *
 * Enumerations are stored as int: their type in the model is an enum, which
 * has that size here.
 */
#include "scenario/decode.h"

#include <math.h>
#include <string.h>

static_assert(sizeof(enum pattern_kind) == sizeof(int), "enums are ints");

struct scenario_place decoder_place(const struct decoder *decoder, uint32_t id)
{
    return decoder->places[id].node;
}

struct scenario_place decoder_key_place(const struct decoder *decoder,
                                        uint32_t id)
{
    return decoder->places[id].key;
}

void decode_error(struct decoder *decoder, struct scenario_place place,
                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_list(&decoder->reporter, place, format, arguments);
    va_end(arguments);
}

/* Composite values. ----------------------------------------------------- */

/* `read 0..16`, `5..9 zero`: at most this long. */
enum { PHRASE_LENGTH = 80 };

/* A range that has an end and is not empty. */
static enum value_result closed_range(const char *text, uint64_t *start,
                                      uint64_t *end)
{
    struct page_range range;
    enum value_result result = value_range(text, &range);
    if (result != VALUE_OK)
        return result;
    if (range.is_open || range.start == range.end)
        return VALUE_MALFORMED;
    *start = range.start;
    *end = range.end;
    return VALUE_OK;
}

static enum value_result read_dirty_range(const char *text,
                                          struct expected_dirty_range *range)
{
    static const char zero[] = " zero";
    char buffer[PHRASE_LENGTH];
    size_t length = strlen(text);
    size_t suffix = sizeof zero - 1;
    if (length >= sizeof buffer)
        return VALUE_MALFORMED;
    memcpy(buffer, text, length + 1);
    bool is_zero =
        length > suffix && strcmp(buffer + length - suffix, zero) == 0;
    if (is_zero)
        buffer[length - suffix] = '\0';
    range->is_zero = is_zero;
    return closed_range(buffer, &range->start, &range->end);
}

static enum value_result read_request(const char *text,
                                      struct expected_request *request)
{
    request->is_dirty = strncmp(text, "dirty ", 6) == 0;
    if (!request->is_dirty && strncmp(text, "read ", 5) != 0)
        return VALUE_MALFORMED;
    return closed_range(text + (request->is_dirty ? 6 : 5), &request->start,
                        &request->end);
}

static enum value_result read_expected_content(const char *text,
                                               struct expected_content *content)
{
    *content = (struct expected_content){.kind = CONTENT_NUMBER};
    if (strcmp(text, "-") == 0)
        content->kind = CONTENT_ANY;
    else if (strcmp(text, "absent") == 0)
        content->kind = CONTENT_ABSENT;
    else
        return value_content(text, &content->number);
    return VALUE_OK;
}

static enum value_result read_range_or_none(const char *text,
                                            struct range_or_none *range)
{
    range->is_none = strcmp(text, "none") == 0;
    return range->is_none ? VALUE_OK : value_range(text, &range->range);
}

/* `VMO:PAGE`; the name is a copy. */
static enum value_result read_page_of_vmo(struct arena *arena, const char *text,
                                          struct expected_page *page)
{
    const char *colon = strrchr(text, ':');
    if (!colon)
        return VALUE_MALFORMED;
    char *name = arena_copy(arena, text, (size_t)(colon - text));
    if (!name)
        return VALUE_OK; /* the arena remembers */
    page->vmo = name;
    enum value_result result = value_name(name);
    return result == VALUE_OK ? value_count(colon + 1, &page->page) : result;
}

static enum value_result read_param(const char *text, struct arena *arena,
                                    struct scenario_place place,
                                    struct scenario_param *param)
{
    enum value_result result = value_param(text, &param->name_length);
    param->place = place;
    param->text = arena_copy(arena, text, strlen(text));
    return result;
}

/* Scalars. -------------------------------------------------------------- */

static enum value_result read_name(const char *text, struct arena *arena,
                                   enum key_kind kind, const char **name)
{
    *name = NULL;
    if (kind == KEY_NAME_OR_NONE && strcmp(text, "none") == 0)
        return VALUE_OK;
    *name = arena_copy(arena, text, strlen(text));
    return kind == KEY_TEXT ? VALUE_OK : value_name(text);
}

/* A word outside the list has been reported by check.c, unless `{n}` made
 * it. */
static enum value_result read_word(const struct word *words, const char *text,
                                   int *value)
{
    return word_find(words, text, value) ? VALUE_OK : VALUE_MALFORMED;
}

static enum value_result read_value(struct decoder *decoder,
                                    const struct value_site *site,
                                    const char *text, void *out)
{
    struct arena *arena = decoder->arena;
    switch (site->kind) {
    case KEY_TEXT:
    case KEY_NAME:
    case KEY_NAME_OR_NONE:
        return read_name(text, arena, site->kind, out);
    case KEY_SIZE:
        return value_size(text, decoder->page_bytes, out);
    case KEY_RANGE:
        return value_range(text, out);
    case KEY_DURATION:
        return value_duration(text, out);
    case KEY_RATE:
        return value_rate(text, out);
    case KEY_BANDWIDTH:
        return value_bandwidth(text, decoder->page_bytes, out);
    case KEY_BOOL:
        return value_bool(text, out);
    case KEY_COUNT:
        return value_count(text, out);
    case KEY_SIGNED:
        return value_signed(text, out);
    case KEY_REAL:
        return value_real(text, out);
    case KEY_CONTENT:
        return value_content(text, out);
    case KEY_STATUS:
        return value_status(text, out);
    case KEY_STATUS_MATCH:
        return value_status_match(text, out);
    case KEY_PARAM:
        return read_param(text, arena, site->place, out);
    case KEY_WORD:
        return read_word(site->key->words, text, out);
    case KEY_RANGE_OR_NONE:
        return read_range_or_none(text, out);
    case KEY_EXPECTED_CONTENT:
        return read_expected_content(text, out);
    case KEY_DIRTY_RANGE:
        return read_dirty_range(text, out);
    case KEY_REQUEST:
        return read_request(text, out);
    case KEY_PAGE_OF_VMO:
        return read_page_of_vmo(arena, text, out);
    case KEY_MAP:
    case KEY_LIST:
        break;
    }
    return VALUE_MALFORMED;
}

static size_t value_bytes(enum key_kind kind)
{
    switch (kind) {
    case KEY_REAL:
        return sizeof(double);
    case KEY_PARAM:
        return sizeof(struct scenario_param);
    case KEY_WORD:
        return sizeof(int);
    case KEY_EXPECTED_CONTENT:
        return sizeof(struct expected_content);
    case KEY_DIRTY_RANGE:
        return sizeof(struct expected_dirty_range);
    case KEY_REQUEST:
        return sizeof(struct expected_request);
    case KEY_NAME:
    case KEY_TEXT:
        return sizeof(const char *);
    default:
        return sizeof(uint64_t);
    }
}

/* What messages call a value: one that stands for a map has the map's key. */
static const char *site_name(const struct decoder *decoder,
                             const struct value_site *site)
{
    return site->key->flags & KEY_HIDDEN ? decoder->map_key : site->key->name;
}

static void report_value(struct decoder *decoder, const struct value_site *site,
                         const char *text, enum value_result result)
{
    const char *key = site_name(decoder, site);
    if (site->kind == KEY_WORD) {
        struct choice choice;
        choice_init(&choice, text);
        for (const struct word *word = site->key->words; word->name; word++)
            choice_add(&choice, word->name);
        decode_error(decoder, site->place, "unknown value '%.60s' for '%s'%s",
                     text, key, choice_text(&choice));
        return;
    }
    if (!decoder->is_repeated && name_varies(text)) {
        decode_error(decoder, site->place,
                     "expected %s for '%s', got '%.60s': {n} is replaced in"
                     " repeated events only",
                     key_form(site->kind), key, text);
        return;
    }
    bool is_plain = result == VALUE_MALFORMED;
    decode_error(decoder, site->place, "expected %s for '%s', got '%.60s'%s%s",
                 key_form(site->kind), key, text, is_plain ? "" : ": ",
                 is_plain ? "" : value_problem(result));
}

/* Limits. --------------------------------------------------------------- */

/* The value as a number, NAN where limits mean nothing. */
static double as_number(enum key_kind kind, const void *value)
{
    uint64_t count;
    sim_ns ns;
    double real;
    switch (kind) {
    case KEY_SIZE:
    case KEY_COUNT:
        memcpy(&count, value, sizeof count);
        return (double)count;
    case KEY_DURATION:
        memcpy(&ns, value, sizeof ns);
        return ns == SIM_NS_INFINITE ? INFINITY : (double)ns;
    case KEY_RATE:
    case KEY_BANDWIDTH:
    case KEY_REAL:
        memcpy(&real, value, sizeof real);
        return real;
    default:
        return NAN;
    }
}

/* Returns whether the value is within its key's limits. */
static bool check_limits(struct decoder *decoder, const struct value_site *site,
                         const char *text, const void *value)
{
    const struct key *key = site->key;
    double number = as_number(site->kind, value);
    const char *unit = site->kind == KEY_SIZE ? " pages" : "";
    if (isnan(number))
        return true;
    if ((key->flags & KEY_FINITE) && isinf(number)) {
        decode_error(decoder, site->place, "'%s' must be finite", key->name);
        return false;
    }
    if ((key->flags & KEY_ABOVE) && number <= key->min) {
        decode_error(decoder, site->place, "'%s' must be above %.15g, got '%s'",
                     key->name, key->min, text);
        return false;
    }
    bool has_max = key->max > 0;
    if (number >= key->min && (!has_max || number <= key->max))
        return true;
    if (!has_max)
        decode_error(decoder, site->place,
                     "'%s' must be at least %.15g%s, got '%.60s'", key->name,
                     key->min, unit, text);
    else
        decode_error(decoder, site->place,
                     "'%s' must be between %.15g and %.15g%s, got '%.60s'",
                     key->name, key->min, key->max, unit, text);
    return false;
}

/* Names. ---------------------------------------------------------------- */

static bool makes_name(enum name_role role)
{
    return role == MAKES_VMO || role == MAKES_OP || role == MAKES_MAPPING ||
           role == MAKES_PAGER || role == MAKES_PROCESS ||
           role == MAKES_WORKLOAD;
}

/* `text` still has its `{n}`. */
static bool make_name(struct decoder *decoder, const struct value_site *site,
                      const char *text)
{
    const struct scenario_place *before;
    if (!names_make(decoder->names, site->key->role, text, decoder->run_count,
                    decoder->at, site->place, &before))
        return false;
    if (!before || decoder->is_script)
        return true;
    const char *what = name_role_what(site->key->role);
    if (before->override != 0)
        decode_error(decoder, site->place,
                     "%s '%s' is defined twice (first by an override)", what,
                     text);
    else if (before->line == 0)
        decode_error(decoder, site->place, "%s '%s' is predefined", what, text);
    else
        decode_error(decoder, site->place,
                     "%s '%s' is defined twice (first at %u:%u)", what, text,
                     before->line, before->column);
    return true;
}

static void use_name(struct decoder *decoder, const struct value_site *site,
                     const char *name)
{
    enum name_role role = site->key->role;
    if (names_has(decoder->names, role, name, decoder->at))
        return;
    if (names_has(decoder->names, role, name, SIM_NS_INFINITE)) {
        decode_error(decoder, site->place, "%s '%s' is defined only later",
                     name_role_what(role), name);
        return;
    }
    struct choice choice;
    choice_init(&choice, name);
    if (!report_is_full(&decoder->reporter))
        names_suggest(decoder->names, role, &choice);
    decode_error(decoder, site->place, "no %s named '%s' is defined before%s",
                 name_role_what(role), name, choice_hint(&choice));
}

static bool is_name(enum key_kind kind)
{
    return kind == KEY_NAME || kind == KEY_NAME_OR_NONE ||
           kind == KEY_PAGE_OF_VMO;
}

bool decode_value(struct decoder *decoder, const struct value_site *site,
                  const char *text, void *out, bool *is_good)
{
    const char *instance = text;
    bool good = false;
    if (decoder->is_repeated)
        instance = name_instantiate(decoder->arena, text, decoder->run);
    if (!instance)
        return false;
    enum value_result result = read_value(decoder, site, instance, out);
    if (result != VALUE_OK)
        report_value(decoder, site, instance, result);
    else
        good = check_limits(decoder, site, instance, out);
    if (is_good)
        *is_good = good;
    if (arena_failed(decoder->arena))
        return false;
    if (!good || !decoder->names || site->key->role == ROLE_NONE ||
        !is_name(site->kind))
        return true;
    const char *name; /* first member of struct expected_page, too */
    memcpy(&name, out, sizeof name);
    if (makes_name(site->key->role))
        return make_name(decoder, site, text);
    if (name)
        use_name(decoder, site, name);
    return true;
}

/* Keys and records. ----------------------------------------------------- */

static bool decode_values(struct decoder *decoder,
                          const struct key_table *table,
                          const struct raw_record *raw, size_t index,
                          char *model)
{
    const struct key *key = &table->keys[index];
    uint32_t list_id;
    size_t length;
    raw_list(raw, table, index, &list_id, &length);
    size_t bytes = value_bytes(key->element);
    /* an empty list is not the same as none: its pointer is set */
    char *values = arena_array(decoder->arena, length + 1, bytes);
    if (!values)
        return false;
    for (size_t i = 0; i < length; i++) {
        struct raw_value value = raw_list_value(raw, index, i);
        struct value_site site = {key, key->element,
                                  decoder_place(decoder, value.id)};
        if (!decode_value(decoder, &site, value.text, values + i * bytes, NULL))
            return false;
    }
    memcpy(model + key->offset, &values, sizeof values);
    memcpy(model + key->count, &length, sizeof length);
    return true;
}

static bool decode_maps(struct decoder *decoder, const struct key_table *table,
                        const struct raw_record *raw, size_t index, char *model)
{
    const struct key *key = &table->keys[index];
    size_t length;
    const struct raw_record *const *records =
        raw_maps(raw, table, index, &length);
    size_t bytes = key->table->model_bytes;
    char *models = arena_array(decoder->arena, length, bytes);
    if (!models)
        return false;
    /* set first: what refers back to earlier entries finds them */
    memcpy(model + key->offset, &models, sizeof models);
    for (size_t i = 0; i < length; i++) {
        memcpy(model + key->count, &i, sizeof i);
        if (!decode_record(decoder, key->table, records[i], models + i * bytes))
            return false;
    }
    memcpy(model + key->count, &length, sizeof length);
    return true;
}

static bool decode_default(struct decoder *decoder, const struct key *key,
                           char *model)
{
    if (key->kind == KEY_MAP && key->default_model) {
        memcpy(model + key->offset, key->default_model,
               key->table->model_bytes);
        return true;
    }
    if (key->kind == KEY_MAP)
        return (key->flags & KEY_NO_DEFAULTS) != 0 ||
               decode_record(decoder, key->table, NULL, model + key->offset);
    if (!key->default_text)
        return true;
    struct value_site site = {.key = key, .kind = key->kind};
    struct page_range range;
    bool stored = decode_value(decoder, &site, key->default_text,
                               model + key->offset, NULL);
    if (stored && key->kind == KEY_RANGE) {
        memcpy(&range, model + key->offset, sizeof range);
        range.is_given = false;
        memcpy(model + key->offset, &range, sizeof range);
    }
    return stored;
}

bool decode_key(struct decoder *decoder, const struct key_table *table,
                const struct raw_record *raw, size_t index, void *model,
                bool *is_there)
{
    const struct key *key = &table->keys[index];
    char *base = model;
    bool done;
    if (is_there)
        *is_there = raw_map(raw, index) != NULL; /* any slot will do */
    if (!raw_map(raw, index))
        return decode_default(decoder, key, base);
    if (key->kind == KEY_MAP) {
        decoder->map_key = key->name;
        done = decode_record(decoder, key->table, raw_map(raw, index),
                             base + key->offset);
    } else if (key->kind == KEY_LIST) {
        done = key->element == KEY_MAP
                   ? decode_maps(decoder, table, raw, index, base)
                   : decode_values(decoder, table, raw, index, base);
    } else {
        struct raw_value value = raw_value(raw, index);
        struct value_site site = {key, key->kind,
                                  decoder_place(decoder, value.id)};
        done =
            decode_value(decoder, &site, value.text, base + key->offset, NULL);
    }
    bool yes = true;
    if (key->has)
        memcpy(base + key->has, &yes, sizeof yes);
    return done;
}

bool decode_record(struct decoder *decoder, const struct key_table *table,
                   const struct raw_record *raw, void *model)
{
    size_t found = decoder->reporter.found;
    for (size_t i = 0; i < table->key_count; i++)
        if (!(table->keys[i].flags & KEY_BY_HOOK) &&
            !decode_key(decoder, table, raw, i, model, NULL))
            return false;
    decoder->is_clean = decoder->reporter.found == found && raw_is_whole(raw);
    return !table->finish || table->finish(decoder, raw, model);
}

bool decode_field(struct decoder *decoder, const struct key_table *table,
                  const struct raw_record *raw, const char *name, void *out,
                  struct field *field)
{
    const struct key *key = key_find(table, name);
    struct raw_value value = raw_value(raw, key_index(table, key));
    *field = (struct field){.is_there = value.text != NULL};
    if (!value.text)
        return true;
    field->place = decoder_place(decoder, value.id);
    struct value_site site = {key, key->kind, field->place};
    return decode_value(decoder, &site, value.text, out, &field->is_good);
}
