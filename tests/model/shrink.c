#include "shrink.h"

#include <ctype.h>
#include <string.h>

struct shrinking {
    const struct trial_config *config;
    struct step *steps; /* the shortest so far */
    uint32_t count;
    struct report *report;
    char words[MESSAGE_BYTES]; /* of the failure */
    uint32_t tries;
};

/* The message without its numbers. */
static void words_of(const char *message, char words[MESSAGE_BYTES])
{
    size_t used = 0;
    for (; *message && used + 1 < MESSAGE_BYTES; message++)
        if (!isdigit((unsigned char)*message))
            words[used++] = *message;
    words[used] = '\0';
}

/* Does it fail in the same way? */
static bool fails(struct shrinking *s, const struct step *steps, uint32_t count)
{
    char words[MESSAGE_BYTES];
    struct program program = {
        .config = *s->config, .steps = steps, .count = count, .is_quiet = true};
    s->tries++;
    if (program_run(&program, s->report))
        return false;
    words_of(s->report->message, words);
    return strcmp(words, s->words) == 0;
}

/* Leave out [start, start + length) if it fails without. */
static bool leave_out(struct shrinking *s, uint32_t start, uint32_t length)
{
    static struct step candidate[MAX_STEPS];
    uint32_t rest = s->count - start - length;
    memcpy(candidate, s->steps, start * sizeof *candidate);
    memcpy(&candidate[start], &s->steps[start + length],
           rest * sizeof *candidate);
    if (!fails(s, candidate, start + rest))
        return false;
    /* it may have failed before its end */
    s->count =
        s->report->count < start + rest ? s->report->count : start + rest;
    memcpy(s->steps, candidate, s->count * sizeof *candidate);
    return true;
}

/* Halves, quarters and so on; single steps until none can be left out. */
static void shorten(struct shrinking *s)
{
    for (uint32_t length = (s->count + 1) / 2; length > 0;) {
        bool has_changed = false;
        for (uint32_t start = 0; start + length <= s->count;) {
            if (leave_out(s, start, length))
                has_changed = true;
            else
                start += length;
        }
        if (length == 1 && !has_changed)
            break;
        length = length > 1 ? length / 2 : 1;
    }
}

/* --- smaller steps --------------------------------------------------------------------- */

static void smaller_range(struct step *step)
{
    if (step->end > step->start + 1)
        step->end = (uint8_t)(step->start + 1);
}

static void half_range(struct step *step)
{
    step->end = (uint8_t)(step->end - (step->end - step->start) / 2);
}

static void less_by_one(struct step *step)
{
    if (step->end > step->start)
        step->end--;
}

static void from_zero(struct step *step)
{
    step->end = (uint8_t)(step->end - step->start);
    step->start = 0;
}

static void no_zeros(struct step *step)
{
    step->zeros = 0;
}

static void no_flags(struct step *step)
{
    step->flags = 0;
}

static void on_time(struct step *step)
{
    step->flags &= ~(uint32_t)STEP_LATE;
}

static void by_script(struct step *step)
{
    step->process = 0;
}

static void small_content(struct step *step)
{
    step->content = step->content > 1000 ? step->content % 1000 : step->content;
}

static void (*const reductions[])(struct step *) = {
    smaller_range, half_range, less_by_one, from_zero,     no_zeros,
    no_flags,      on_time,    by_script,   small_content,
};

/* All steps at once, so that what goes together stays together. */
static void reduce_all(struct shrinking *s, void (*reduce)(struct step *))
{
    static struct step candidate[MAX_STEPS];
    memcpy(candidate, s->steps, s->count * sizeof *candidate);
    for (uint32_t i = 0; i < s->count; i++)
        reduce(&candidate[i]);
    if (fails(s, candidate, s->count))
        memcpy(s->steps, candidate, s->count * sizeof *candidate);
}

static bool reduce_one(struct shrinking *s, uint32_t at,
                       void (*reduce)(struct step *))
{
    struct step before = s->steps[at];
    reduce(&s->steps[at]);
    if (memcmp(&before, &s->steps[at], sizeof before) == 0)
        return false;
    if (fails(s, s->steps, s->count))
        return true;
    s->steps[at] = before;
    return false;
}

static bool reduce_each(struct shrinking *s)
{
    bool has_changed = false;
    for (size_t r = 0; r < sizeof reductions / sizeof reductions[0]; r++)
        for (uint32_t i = 0; i < s->count; i++)
            has_changed |= reduce_one(s, i, reductions[r]);
    return has_changed;
}

uint32_t shrink(const struct trial_config *config, struct step *steps,
                uint32_t *count, struct report *report)
{
    struct shrinking s = {
        .config = config, .steps = steps, .count = *count, .report = report};
    words_of(report->message, s.words);
    reduce_all(&s, on_time);
    shorten(&s);
    for (int round = 0; round < 10 && reduce_each(&s); round++)
        shorten(&s);
    (void)fails(&s, s.steps, s.count); /* the report is of the last one */
    *count = s.count;
    return s.tries;
}
