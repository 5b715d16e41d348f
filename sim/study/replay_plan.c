#include "study/replay_plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_queues.h"
#include "scenario/values.h"

enum { MAX_FRACTION_DIGITS = 9 };

__attribute__((format(printf, 3, 4))) static bool
refuse(char *message, size_t message_bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, message_bytes, format, arguments);
    va_end(arguments);
    return false;
}

static enum replay_status refuse_host(char *message, size_t message_bytes)
{
    refuse(message, message_bytes, "out of memory");
    return REPLAY_HOST;
}

/* --- policies ---------------------------------------------------------------- */

static const struct reclaim_param *
find_param(const struct reclaim_policy_ops *ops, const char *text)
{
    size_t length = strcspn(text, "=");
    for (const struct reclaim_param *param = ops->params; param && param->name;
         param++)
        if (strlen(param->name) == length &&
            strncmp(param->name, text, length) == 0)
            return param;
    return NULL;
}

static bool keep_param(struct replay_policy *policy,
                       const struct reclaim_param *param, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return false;
    struct record_param *grown =
        realloc(policy->params, (policy->param_count + 1) * sizeof *grown);
    if (!grown)
        return false;
    policy->params = grown;
    for (size_t n = 0; n < policy->param_count; n++) {
        if (strcmp(grown[n].name, param->name) != 0)
            continue;
        grown[n].value = equals + 1; /* the last one wins */
        return true;
    }
    grown[policy->param_count++] =
        (struct record_param){param->name, equals + 1};
    return true;
}

/* Parse those texts that the policy has; each is marked in `is_used`. */
static bool take_params(struct replay_policy *policy, const char *const *texts,
                        size_t count, bool *is_used, char *message,
                        size_t message_bytes)
{
    const struct reclaim_policy_ops *ops = policy->handle.ops;
    const char **own = calloc(count + 1, sizeof *own);
    size_t own_count = 0;
    bool is_well = own != NULL;
    for (size_t n = 0; is_well && n < count; n++) {
        const struct reclaim_param *param = find_param(ops, texts[n]);
        if (!param)
            continue;
        is_used[n] = true;
        own[own_count++] = texts[n];
        is_well = keep_param(policy, param, texts[n]);
    }
    if (!is_well) {
        free(own);
        return refuse(message, message_bytes, "out of memory");
    }
    char buffer[REPLAY_MESSAGE_BYTES];
    const char *wrong = reclaim_params_parse(
        ops, own, own_count, policy->values, buffer, sizeof buffer);
    free(own);
    return !wrong || refuse(message, message_bytes, "--param: %s", wrong);
}

static bool open_policies(struct replay_plan *plan, const struct words *words,
                          char *message, size_t message_bytes)
{
    char buffer[REPLAY_MESSAGE_BYTES];
    const char *word = words->text;
    plan->policies = calloc(words->count, sizeof *plan->policies);
    if (!plan->policies)
        return refuse(message, message_bytes, "out of memory");
    for (size_t n = 0; n < words->count; n++, word += strlen(word) + 1) {
        const char *wrong =
            policy_open(&plan->policies[n].handle, word, POLICY_KNOWS_FUTURE,
                        buffer, sizeof buffer);
        if (wrong)
            return refuse(message, message_bytes, "--policy: %s", wrong);
        plan->policy_count++;
    }
    return true;
}

bool replay_plan_policies(struct replay_plan *plan, const char *text,
                          const char *const *params, size_t param_count,
                          char *message, size_t message_bytes)
{
    struct words words;
    bool *is_used = calloc(param_count + 1, sizeof *is_used);
    if (!is_used || !words_cut(&words, text)) {
        free(is_used);
        return refuse(message, message_bytes, "out of memory");
    }
    bool is_well = open_policies(plan, &words, message, message_bytes);
    for (size_t n = 0; is_well && n < plan->policy_count; n++)
        is_well = take_params(&plan->policies[n], params, param_count, is_used,
                              message, message_bytes);
    for (size_t n = 0; is_well && n < param_count; n++)
        if (!is_used[n])
            is_well =
                refuse(message, message_bytes,
                       "--param %s: no policy of %s has it", params[n], text);
    words_release(&words);
    free(is_used);
    return is_well;
}

/* --- memory ------------------------------------------------------------------ */

/*
 * `0.25` as 25 / 100: a decimal fraction, so that 0.29 of 100 pages is 29
 * whatever binary floating point makes of it.
 */
static bool parse_fraction(const char *text, uint64_t *numerator,
                           uint64_t *denominator)
{
    size_t whole = strspn(text, "0123456789");
    if (whole != 1 || text[1] != '.' || text[0] > '1')
        return false;
    const char *digits = text + 2;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > MAX_FRACTION_DIGITS || digits[count])
        return false;
    *numerator = (uint64_t)(text[0] - '0');
    *denominator = 1;
    for (size_t n = 0; n < count; n++) {
        *numerator = *numerator * 10 + (uint64_t)(digits[n] - '0');
        *denominator *= 10;
    }
    return *numerator > 0 && *numerator <= *denominator;
}

static bool parse_memory(const char *word, uint64_t page_bytes,
                         uint64_t distinct, uint64_t *pages, char *message,
                         size_t message_bytes)
{
    uint64_t numerator;
    uint64_t denominator;
    if (parse_fraction(word, &numerator, &denominator)) {
        *pages = u64_max(distinct * numerator / denominator, 1);
        return true;
    }
    enum value_result result = value_size(word, page_bytes, pages);
    if (result != VALUE_OK)
        return refuse(message, message_bytes,
                      "--memory '%s': %s; %s, or a fraction of the distinct "
                      "pages (0.1)",
                      word, value_problem(result), value_form(VALUE_SIZE));
    if (*pages == 0)
        return refuse(message, message_bytes,
                      "--memory '%s': at least one page is needed", word);
    if (*pages > PAGE_INDEX_MAX)
        return refuse(message, message_bytes,
                      "--memory '%s': at most %u pages are possible", word,
                      PAGE_INDEX_MAX);
    return true;
}

static bool any_fraction(const struct words *words)
{
    const char *word = words->text;
    uint64_t unused;
    for (size_t n = 0; n < words->count; n++, word += strlen(word) + 1)
        if (parse_fraction(word, &unused, &unused))
            return true;
    return false;
}

bool replay_plan_memory(struct replay_plan *plan, const char *text,
                        char *message, size_t message_bytes)
{
    uint64_t unused;
    if (!text)
        return true;
    if (!words_cut(&plan->memory, text))
        return refuse(message, message_bytes, "out of memory");
    const char *word = plan->memory.text;
    for (size_t n = 0; n < plan->memory.count; n++, word += strlen(word) + 1)
        if (!parse_memory(word, plan->options.page_size, 0, &unused, message,
                          message_bytes))
            return false;
    return true;
}

bool replay_plan_sample(struct replay_plan *plan, const char *text,
                        char *message, size_t message_bytes)
{
    uint64_t numerator = 1;
    uint64_t denominator = 1;
    if (strcmp(text, "1") != 0 &&
        !parse_fraction(text, &numerator, &denominator))
        return refuse(message, message_bytes,
                      "--sample '%s': a rate above 0 and at most 1 is "
                      "expected, of at most %d decimals (0.01)",
                      text, MAX_FRACTION_DIGITS);
    plan->sample_rate = (double)numerator / (double)denominator;
    return true;
}

/* Sizes as they were spelled. */
static enum replay_status spelled_sizes(struct replay_plan *plan, char *message,
                                        size_t message_bytes)
{
    const char *word = plan->memory.text;
    plan->memory_pages = calloc(plan->memory.count, sizeof *plan->memory_pages);
    if (!plan->memory_pages)
        return refuse_host(message, message_bytes);
    for (size_t n = 0; n < plan->memory.count; n++, word += strlen(word) + 1) {
        uint64_t *pages = &plan->memory_pages[plan->memory_count++];
        if (!parse_memory(word, plan->options.page_size,
                          plan->survey.distinct_pages, pages, message,
                          message_bytes))
            return REPLAY_BAD_INPUT;
    }
    return REPLAY_OK;
}

/* From small to the footprint, each the square root of 2 times the last. */
static enum replay_status grid_sizes(struct replay_plan *plan, char *message,
                                     size_t message_bytes)
{
    const struct replay_survey *survey = &plan->survey;
    uint64_t distinct = survey->distinct_pages;
    uint64_t last = 0;
    plan->memory_pages =
        calloc(REPLAY_GRID_STEPS + 1, sizeof *plan->memory_pages);
    if (!plan->memory_pages)
        return refuse_host(message, message_bytes);
    for (unsigned n = REPLAY_GRID_STEPS + 1; n-- > 0;) {
        uint64_t halved = distinct >> n / 2;
        double root = n % 2 ? sqrt(0.5) : 1;
        uint64_t pages = (uint64_t)((double)halved * root);
        bool is_small =
            survey->sample.rate > 0 && survey->sample.rate < 1 &&
            shards_scale_down(survey->share, pages) < REPLAY_SAMPLE_LEAST;
        if (pages == last || (is_small && n > 0))
            continue;
        plan->memory_pages[plan->memory_count++] = last = pages;
    }
    if (plan->memory_count == 0)
        refuse(message, message_bytes,
               "%s: there is no page to draw a curve of", plan->path);
    return plan->memory_count > 0 ? REPLAY_OK : REPLAY_BAD_INPUT;
}

/* --- the trace, beforehand ---------------------------------------------------- */

static bool has_distances(const struct replay_plan *plan, size_t policy)
{
    return plan->is_curve &&
           plan->policies[policy].handle.ops == &lru_policy_ops;
}

/* What the jobs need to know before they begin. False: nothing. */
static bool wants_survey(struct replay_plan *plan, unsigned parallel)
{
    struct replay_survey *survey = &plan->survey;
    bool is_grid = plan->memory.count == 0;
    size_t by_distances = 0;
    for (size_t p = 0; p < plan->policy_count; p++)
        by_distances += has_distances(plan, p);
    bool wants_distinct = is_grid || any_fraction(&plan->memory);
    survey->max_kept = replay_survey_max_kept();
    if (plan->vmo_pages) /* ids are pages, and stay so */
        return wants_distinct;
    survey->rate = plan->sample_rate > 0 ? plan->sample_rate : 1;
    if (by_distances > 0)
        survey->wants_distances = plan->sample_rate > 0
                                      ? REPLAY_DISTANCES_OF_SAMPLE
                                      : REPLAY_DISTANCES_OF_ALL;
    if (plan->is_curve && plan->sample_rate == 0) {
        survey->max_sample_pages = REPLAY_SAMPLE_PAGES;
        if (by_distances == plan->policy_count)
            survey->rate = 0;
    }
    return wants_distinct || plan->is_curve || plan->sample_rate > 0 ||
           (plan->policy_count * plan->memory.count > parallel &&
            replay_survey_pays(plan->path, &plan->options));
}

/* Every size must be something in the sample too. */
static bool check_sample(const struct replay_plan *plan, char *message,
                         size_t message_bytes)
{
    const struct replay_survey *survey = &plan->survey;
    double rate = survey->sample.rate;
    if (!plan->has_survey || rate == 0 || rate == 1)
        return true;
    if (survey->share == 0 && survey->requests > 0)
        return refuse(message, message_bytes,
                      "--sample %.9g: no page of %s is in the sample", rate,
                      plan->path);
    for (size_t n = 0; n < plan->memory_count; n++)
        if (shards_scale_down(survey->share, plan->memory_pages[n]) == 0)
            return refuse(message, message_bytes,
                          "--memory of %" PRIu64
                          " pages is no page of a sample "
                          "of %.9g; a higher --sample is needed",
                          plan->memory_pages[n], rate);
    return true;
}

/* --- jobs -------------------------------------------------------------------- */

static enum replay_kind kind_of(const struct replay_plan *plan, size_t policy)
{
    if (has_distances(plan, policy))
        return REPLAY_BY_DISTANCES;
    return plan->has_survey && plan->survey.sample.rate > 0 &&
                   plan->survey.sample.rate < 1
               ? REPLAY_SAMPLE
               : REPLAY_WHOLE;
}

static void add_job(struct replay_plan *plan, size_t policy_index,
                    uint64_t memory_pages)
{
    const struct replay_policy *policy = &plan->policies[policy_index];
    const struct replay_survey *survey = &plan->survey;
    enum replay_kind kind = kind_of(plan, policy_index);
    bool is_read = plan->has_survey &&
                   (kind != REPLAY_WHOLE || survey->pages.page != NULL);
    plan->jobs[plan->job_count++] = (struct replay_job){
        .config =
            {
                .path = plan->path,
                .options = plan->options,
                .pages =
                    is_read && kind == REPLAY_WHOLE ? &survey->pages : NULL,
                .vmo_pages = plan->vmo_pages,
                .memory_pages = memory_pages,
                .policy = policy->handle.ops,
                .values = policy->values,
                .seed = 1,
            },
        .kind = kind,
        .survey = is_read ? survey : NULL,
        .params = policy->params,
        .param_count = policy->param_count,
        .page_bytes = plan->options.page_size,
    };
}

static enum replay_status make_jobs(struct replay_plan *plan,
                                    const char *database, const char *argv,
                                    char *message, size_t message_bytes)
{
    plan->jobs =
        calloc(plan->policy_count * plan->memory_count + 1, sizeof *plan->jobs);
    if (!plan->jobs)
        return refuse_host(message, message_bytes);
    for (size_t p = 0; p < plan->policy_count; p++)
        for (size_t m = 0; m < plan->memory_count; m++)
            add_job(plan, p, plan->memory_pages[m]);
    for (size_t n = 0; n < plan->job_count; n++) {
        plan->jobs[n].database = database;
        plan->jobs[n].argv = argv;
    }
    return REPLAY_OK;
}

enum replay_status replay_plan_read(struct replay_plan *plan, unsigned parallel,
                                    const char *database, const char *argv,
                                    char *message, size_t message_bytes)
{
    enum replay_status status = REPLAY_OK;
    if (wants_survey(plan, parallel)) {
        status = replay_survey_read(&plan->survey, plan->path, &plan->options,
                                    message, message_bytes);
        plan->has_survey = status == REPLAY_OK;
    }
    if (status == REPLAY_OK)
        status = plan->memory.count > 0
                     ? spelled_sizes(plan, message, message_bytes)
                     : grid_sizes(plan, message, message_bytes);
    if (status == REPLAY_OK && !check_sample(plan, message, message_bytes))
        status = REPLAY_BAD_INPUT;
    return status == REPLAY_OK
               ? make_jobs(plan, database, argv, message, message_bytes)
               : status;
}

void replay_plan_release(struct replay_plan *plan)
{
    for (size_t n = 0; n < plan->policy_count; n++) {
        policy_close(&plan->policies[n].handle);
        free(plan->policies[n].params);
    }
    free(plan->policies);
    words_release(&plan->memory);
    if (plan->has_survey)
        replay_survey_release(&plan->survey);
    free(plan->memory_pages);
    free(plan->jobs);
    *plan = (struct replay_plan){0};
}
