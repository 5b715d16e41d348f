#include "study/replay_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_queues.h"
#include "scenario/values.h"
#include "study/words.h"

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

static enum replay_status read_sizes(struct replay_plan *plan,
                                     const struct words *words, char *message,
                                     size_t message_bytes)
{
    uint64_t distinct = 0;
    plan->memory_pages = calloc(words->count, sizeof *plan->memory_pages);
    if (!plan->memory_pages) {
        refuse(message, message_bytes, "out of memory");
        return REPLAY_HOST;
    }
    /* all spellings first: counting may take a while */
    for (int pass = 0; pass < 2; pass++) {
        const char *word = words->text;
        for (size_t n = 0; n < words->count; n++, word += strlen(word) + 1)
            if (!parse_memory(word, plan->options.page_size, distinct,
                              &plan->memory_pages[n], message, message_bytes))
                return REPLAY_BAD_INPUT;
        if (pass > 0 || !any_fraction(words))
            break;
        enum replay_status status = replay_count_distinct(
            plan->path, &plan->options, &distinct, message, message_bytes);
        if (status != REPLAY_OK)
            return status;
    }
    plan->memory_count = words->count;
    return REPLAY_OK;
}

enum replay_status replay_plan_memory(struct replay_plan *plan,
                                      const char *text, char *message,
                                      size_t message_bytes)
{
    struct words words;
    if (!words_cut(&words, text)) {
        refuse(message, message_bytes, "out of memory");
        return REPLAY_HOST;
    }
    enum replay_status status =
        read_sizes(plan, &words, message, message_bytes);
    words_release(&words);
    return status;
}

/* --- jobs -------------------------------------------------------------------- */

bool replay_plan_jobs(struct replay_plan *plan, const char *database,
                      const char *argv)
{
    plan->jobs =
        calloc(plan->policy_count * plan->memory_count, sizeof *plan->jobs);
    if (!plan->jobs)
        return false;
    for (size_t p = 0; p < plan->policy_count; p++) {
        const struct replay_policy *policy = &plan->policies[p];
        for (size_t m = 0; m < plan->memory_count; m++)
            plan->jobs[plan->job_count++] = (struct replay_job){
                .config =
                    {
                        .path = plan->path,
                        .options = plan->options,
                        .vmo_pages = plan->vmo_pages,
                        .memory_pages = plan->memory_pages[m],
                        .policy = policy->handle.ops,
                        .values = policy->values,
                        .seed = 1,
                    },
                .params = policy->params,
                .param_count = policy->param_count,
                .page_bytes = plan->options.page_size,
                .database = database,
                .argv = argv,
            };
    }
    return true;
}

void replay_plan_release(struct replay_plan *plan)
{
    for (size_t n = 0; n < plan->policy_count; n++) {
        policy_close(&plan->policies[n].handle);
        free(plan->policies[n].params);
    }
    free(plan->policies);
    free(plan->memory_pages);
    free(plan->jobs);
    *plan = (struct replay_plan){0};
}
