/* What concerns several keys of distributions, patterns and workloads. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/decode.h"

/* Distributions. -------------------------------------------------------- */

/* A distribution that is being read. */
struct draft {
    struct decoder *decoder;
    const struct key_table *table;
    const struct raw_record *raw;
    struct distribution *out;
    struct scenario_place place;
    bool is_time;
    bool is_good; /* nothing was wrong so far */
};

/* A parameter to `*out`; returns whether it is there. */
static bool draft_number(struct draft *draft, const char *name, double *out)
{
    struct field field;
    sim_ns ns = 0;
    double number = 0;
    bool is_duration = draft->is_time && strcmp(name, "alpha") != 0;
    void *value = is_duration ? (void *)&ns : (void *)&number;
    decode_field(draft->decoder, draft->table, draft->raw, name, value, &field);
    if (!field.is_there)
        return false;
    if (!field.is_good)
        draft->is_good = false;
    else if (is_duration && ns == SIM_NS_INFINITE && strcmp(name, "max") != 0) {
        decode_error(draft->decoder, field.place, "'%s' must be finite",
                     strcmp(name, "=") == 0 ? draft->decoder->map_key : name);
        draft->is_good = false;
    }
    *out = !is_duration            ? number
           : ns == SIM_NS_INFINITE ? INFINITY
                                   : (double)ns;
    return true;
}

/* Sigma: as the other values, but a plain number for a lognormal. */
static bool draft_sigma(struct draft *draft)
{
    const struct key *key = key_find(draft->table, "sigma");
    struct raw_value raw = raw_value(draft->raw, key_index(draft->table, key));
    if (!raw.text)
        return false;
    bool is_duration =
        draft->is_time && draft->out->kind == DISTRIBUTION_NORMAL;
    struct value_site site = {key, is_duration ? KEY_DURATION : KEY_REAL,
                              decoder_place(draft->decoder, raw.id)};
    sim_ns ns = 0;
    double number = 0;
    bool is_good;
    decode_value(draft->decoder, &site, raw.text,
                 is_duration ? (void *)&ns : (void *)&number, &is_good);
    draft->is_good = draft->is_good && is_good;
    draft->out->sigma = is_duration ? (double)ns : number;
    return true;
}

static void draft_needs(struct draft *draft, bool has, const char *kind,
                        const char *name)
{
    if (has)
        return;
    draft->is_good = false;
    if (!raw_is_whole(draft->raw))
        return; /* it may be what was left out */
    decode_error(draft->decoder, draft->place,
                 "a distribution of kind %s needs '%s'", kind, name);
}

static void draft_wrong(struct draft *draft, const char *problem)
{
    draft->is_good = false;
    decode_error(draft->decoder, draft->place, "distribution: %s", problem);
}

/* The scale from the mean, where only that is known. */
static void finish_pareto(struct draft *draft, bool has_mean, bool has_min)
{
    struct distribution *out = draft->out;
    if (!draft->is_good)
        return;
    if (!(out->alpha > 0)) {
        draft_wrong(draft, "alpha must be above 0");
    } else if (!has_min && has_mean) {
        if (out->alpha > 1)
            out->min = out->mean * (out->alpha - 1) / out->alpha;
        else
            draft_wrong(draft, "a mean needs an alpha above 1");
    }
    if (draft->is_good && !(out->min > 0))
        draft_wrong(draft, "the scale of a pareto must be above 0");
}

static void draft_parameters(struct draft *draft, const char *kind)
{
    struct distribution *out = draft->out;
    bool has_mean = draft_number(draft, "mean", &out->mean);
    bool has_min = draft_number(draft, "min", &out->min);
    bool has_max = draft_number(draft, "max", &out->max);
    bool has_alpha = draft_number(draft, "alpha", &out->alpha);
    bool has_sigma = draft_sigma(draft);
    switch (out->kind) {
    case DISTRIBUTION_UNIFORM:
        draft_needs(draft, has_min, kind, "min");
        draft_needs(draft, has_max, kind, "max");
        if (draft->is_good && isinf(out->max))
            draft_wrong(draft, "'max' must be finite");
        break;
    case DISTRIBUTION_NORMAL:
    case DISTRIBUTION_LOGNORMAL:
        draft_needs(draft, has_mean, kind, "mean");
        draft_needs(draft, has_sigma, kind, "sigma");
        if (draft->is_good && out->kind == DISTRIBUTION_LOGNORMAL &&
            !(out->mean > 0))
            draft_wrong(draft, "the mean of a lognormal must be above 0");
        break;
    case DISTRIBUTION_PARETO:
        draft_needs(draft, has_alpha, kind, "alpha");
        draft_needs(draft, has_min || has_mean, kind, "min' or 'mean");
        finish_pareto(draft, has_mean, has_min);
        break;
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_EXPONENTIAL:
        draft_needs(draft, has_mean, kind, "mean");
        break;
    }
    if (draft->is_good && out->min > out->max)
        draft_wrong(draft, "'min' is above 'max'");
}

static bool finish_distribution(struct decoder *decoder,
                                const struct raw_record *raw,
                                struct distribution *out, bool is_time)
{
    struct draft draft = {.decoder = decoder,
                          .table = is_time ? &time_distribution_table
                                           : &count_distribution_table,
                          .raw = raw,
                          .out = out,
                          .place = decoder_place(decoder, raw_id(raw)),
                          .is_time = is_time,
                          .is_good = true};
    *out = (struct distribution){.max = INFINITY};
    if (draft_number(&draft, "=", &out->mean))
        return !arena_failed(decoder->arena);
    struct field field;
    int kind = DISTRIBUTION_CONSTANT;
    decode_field(decoder, draft.table, raw, "dist", &kind, &field);
    out->kind = (enum distribution_kind)kind;
    const struct key *key = key_find(draft.table, "dist");
    if (!field.is_there || field.is_good)
        draft_parameters(&draft, word_name(key->words, kind));
    return !arena_failed(decoder->arena);
}

bool finish_time_distribution(struct decoder *decoder,
                              const struct raw_record *raw, void *model)
{
    return finish_distribution(decoder, raw, model, true);
}

bool finish_count_distribution(struct decoder *decoder,
                               const struct raw_record *raw, void *model)
{
    return finish_distribution(decoder, raw, model, false);
}

/* Patterns. ------------------------------------------------------------- */

/* A path beside the scenario file; absolute ones stay. */
static const char *resolve_path(struct arena *arena, const char *scenario,
                                const char *file)
{
    const char *slash = strrchr(scenario, '/');
    if (!slash || file[0] == '/')
        return file;
    size_t folder = (size_t)(slash - scenario) + 1;
    size_t length = strlen(file);
    char *path = arena_alloc(arena, folder + length + 1);
    if (!path)
        return NULL;
    memcpy(path, scenario, folder);
    memcpy(path + folder, file, length + 1);
    return path;
}

/* Why the trace can't be read; NULL: it can. */
static const char *file_problem(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return strerror(EISDIR);
    return access(path, R_OK) == 0 ? NULL : strerror(errno);
}

bool finish_trace(struct decoder *decoder, const struct raw_record *raw,
                  void *model)
{
    struct scenario_trace *trace = model;
    const struct key_table *table = key_find(&pattern_table, "trace")->table;
    const struct key *file_key = key_find(table, "file");
    const struct key *format_key = key_find(table, "format");
    struct raw_value file = raw_value(raw, key_index(table, file_key));
    struct raw_value format = raw_value(raw, key_index(table, format_key));
    const char *word = format.text ? format.text : format_key->default_text;
    trace->format = arena_copy(decoder->arena, word, strlen(word));
    if (!file.text || !trace->file)
        return !arena_failed(decoder->arena);
    trace->place = decoder_place(decoder, file.id);
    trace->file =
        resolve_path(decoder->arena, decoder->scenario->path, trace->file);
    if (!trace->file)
        return false;
    const char *problem = file_problem(trace->file);
    if (problem)
        decode_error(decoder, trace->place, "can't read trace '%s': %s",
                     trace->file, problem);
    return true;
}

bool finish_pattern(struct decoder *decoder, const struct raw_record *raw,
                    void *model)
{
    struct scenario_pattern *pattern = model;
    const struct page_range *pages = &pattern->pages;
    if (!raw)
        return true;
    if (decoder->is_clean && pattern->kind == PATTERN_PHASES &&
        pattern->phase_count == 0)
        decode_error(decoder, decoder_place(decoder, raw_id(raw)),
                     "a pattern of kind phases needs at least one phase");
    if (pages->is_given && !pages->is_open && pages->start == pages->end)
        decode_error(decoder, decoder_place(decoder, raw_id(raw)),
                     "a pattern needs at least one page");
    return true;
}

/* Workloads. ------------------------------------------------------------ */

/* What a workload accesses, as the file has it. */
struct targets {
    struct raw_value vmo;
    bool has_list, has_weights;
    uint32_t list_id, weights_id;
    size_t list_length, weight_count;
    size_t list_index, weights_index;
};

static struct targets find_targets(const struct raw_record *raw)
{
    const struct key_table *table = &workload_table;
    struct targets t = {
        .vmo = raw_value(raw, key_index(table, key_find(table, "vmo"))),
        .list_index = key_index(table, key_find(table, "vmos")),
        .weights_index = key_index(table, key_find(table, "weights"))};
    t.has_list = raw_list(raw, table, t.list_index, &t.list_id, &t.list_length);
    t.has_weights =
        raw_list(raw, table, t.weights_index, &t.weights_id, &t.weight_count);
    return t;
}

/* Returns whether the workload has targets to decode. */
static bool check_targets(struct decoder *decoder, const struct raw_record *raw,
                          const struct targets *t)
{
    struct scenario_place place = decoder_place(decoder, raw_id(raw));
    if (t->vmo.text && t->has_list)
        decode_error(decoder, decoder_key_place(decoder, t->list_id),
                     "a workload has either 'vmo' or 'vmos'");
    else if (t->has_weights && !t->has_list)
        decode_error(decoder, decoder_key_place(decoder, t->weights_id),
                     "'weights' belong to 'vmos'");
    else if (!t->vmo.text && !t->has_list && !raw_is_whole(raw))
        return false; /* it may be what was left out */
    else if (!t->vmo.text && !t->has_list)
        decode_error(decoder, place, "a workload needs 'vmo' or 'vmos'");
    else if (t->has_list && t->list_length == 0)
        decode_error(decoder, decoder_place(decoder, t->list_id),
                     "'vmos' needs at least one VMO");
    else if (t->has_weights && t->weight_count != t->list_length)
        decode_error(decoder, decoder_place(decoder, t->weights_id),
                     "'weights' has %zu, 'vmos' %zu: one for each",
                     t->weight_count, t->list_length);
    else
        return true;
    return false;
}

static bool decode_target(struct decoder *decoder, struct raw_value value,
                          struct scenario_workload_vmo *out)
{
    static const struct key key = {
        .name = "vmo", .kind = KEY_NAME, .role = USES_VMO};
    struct value_site site = {&key, KEY_NAME, decoder_place(decoder, value.id)};
    out->weight = 1;
    return decode_value(decoder, &site, value.text, &out->name, NULL);
}

static bool decode_weights(struct decoder *decoder,
                           const struct raw_record *raw,
                           const struct targets *t,
                           struct scenario_workload_vmo *vmos)
{
    const struct key *key = key_find(&workload_table, "weights");
    double sum = 0;
    for (size_t i = 0; i < t->weight_count; i++) {
        struct raw_value value = raw_list_value(raw, t->weights_index, i);
        struct value_site site = {key, KEY_REAL,
                                  decoder_place(decoder, value.id)};
        bool is_good;
        if (!decode_value(decoder, &site, value.text, &vmos[i].weight,
                          &is_good))
            return false;
        if (!is_good)
            return true; /* reported; there is no sum to look at */
        sum += vmos[i].weight;
    }
    if (t->has_weights && !(sum > 0 && isfinite(sum)))
        decode_error(decoder, decoder_place(decoder, t->weights_id),
                     "at least one weight must be above 0, and their sum"
                     " finite");
    return true;
}

static bool decode_targets(struct decoder *decoder,
                           const struct raw_record *raw,
                           struct scenario_workload *workload)
{
    struct targets t = find_targets(raw);
    if (!check_targets(decoder, raw, &t))
        return true;
    size_t count = t.has_list ? t.list_length : 1;
    struct scenario_workload_vmo *vmos =
        arena_array(decoder->arena, count, sizeof *vmos);
    if (!vmos)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct raw_value value =
            t.has_list ? raw_list_value(raw, t.list_index, i) : t.vmo;
        if (!decode_target(decoder, value, &vmos[i]))
            return false;
    }
    workload->vmos = vmos;
    workload->vmo_count = count;
    return decode_weights(decoder, raw, &t, vmos);
}

/* Something must end a workload. Phases do, after the last one, where nothing
 * else is given; a trace ends by itself unless it loops. */
static void find_end(struct decoder *decoder, const struct raw_record *raw,
                     struct scenario_workload *workload)
{
    const struct scenario_pattern *pattern = &workload->pattern;
    const struct scenario *scenario = decoder->scenario;
    bool has_end =
        scenario->has_duration && scenario->duration != SIM_NS_INFINITE;
    if (has_end || workload->has_accesses || workload->stop != SIM_NS_INFINITE)
        return;
    if (pattern->kind == PATTERN_TRACE && !pattern->trace.loop)
        return;
    if (pattern->kind != PATTERN_PHASES) {
        decode_error(decoder, decoder_place(decoder, raw_id(raw)),
                     "workload '%s' never ends: give it 'stop' or 'accesses',"
                     " or the scenario a 'duration'",
                     workload->name);
        return;
    }
    workload->stop = workload->start;
    for (size_t i = 0; i < pattern->phase_count; i++)
        workload->stop =
            sim_ns_add(workload->stop, pattern->phases[i].duration);
}

bool finish_workload(struct decoder *decoder, const struct raw_record *raw,
                     void *model)
{
    struct scenario_workload *workload = model;
    bool is_clean = decoder->is_clean;
    workload->place = decoder_place(decoder, raw_id(raw));
    decoder->at = workload->start;
    bool done = decode_targets(decoder, raw, workload);
    decoder->at = 0;
    if (is_clean && workload->stop < workload->start)
        decode_error(decoder, workload->place,
                     "workload '%s' stops before it starts", workload->name);
    if (is_clean)
        find_end(decoder, raw, workload);
    const struct distribution *run = &workload->run;
    if (is_clean && run->kind == DISTRIBUTION_CONSTANT && run->mean < 1)
        decode_error(decoder, workload->place,
                     "workload '%s': 'run' must be at least 1", workload->name);
    return done;
}
