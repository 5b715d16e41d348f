/*
 * Patterns draw from their thread's stream only, and one number for most
 * accesses. What several threads must agree on (where the popular pages are)
 * comes from a stream that they all start alike.
 */
#include "actors/patterns.h"

#include <math.h>
#include <stdlib.h>

/* Setting up. ------------------------------------------------------------- */

static bool phases_init(struct pattern *pattern, uint64_t pages,
                        bool is_endless, const struct random_stream *layout,
                        const struct pattern *like)
{
    const struct scenario_pattern *spec = pattern->spec;
    bool is_fine = true;

    pattern->phases = calloc(spec->phase_count, sizeof *pattern->phases);
    if (!pattern->phases)
        return false;
    for (size_t i = 0; i < spec->phase_count; i++) {
        is_fine &=
            pattern_init(&pattern->phases[i], &spec->phases[i].pattern, pages,
                         is_endless, layout, like ? &like->phases[i] : NULL);
        pattern->cycle_ns =
            sim_ns_add(pattern->cycle_ns, spec->phases[i].duration);
    }
    return is_fine;
}

bool pattern_init(struct pattern *pattern, const struct scenario_pattern *spec,
                  uint64_t pages, bool is_endless,
                  const struct random_stream *layout,
                  const struct pattern *like)
{
    uint64_t end = spec->pages.is_open ? pages : spec->pages.end;
    struct random_stream stream = *layout;

    end = u64_min(end, pages);
    *pattern = (struct pattern){
        .spec = spec,
        .first = spec->pages.start,
        .count = end > spec->pages.start ? end - spec->pages.start : 0,
        .is_endless = is_endless,
    };
    if (spec->kind == PATTERN_PHASES)
        return phases_init(pattern, pages, true, layout, like);
    if (pattern->count == 0)
        return true;
    if (spec->kind == PATTERN_ZIPF) {
        pattern->zipf = like ? zipf_share(like->zipf)
                             : zipf_new(pattern->count, spec->alpha);
        permutation_init(&pattern->scatter, pattern->count, &stream);
    }
    if (spec->kind == PATTERN_HOTSPOT)
        pattern->hot_count =
            u64_max(1, (uint64_t)llround((double)pattern->count * spec->hot));
    if (spec->kind == PATTERN_RANDOM_WALK)
        pattern->position = pattern->count / 2;
    return spec->kind != PATTERN_ZIPF || pattern->zipf;
}

void pattern_release(struct pattern *pattern)
{
    if (pattern->phases)
        for (size_t i = 0; i < pattern->spec->phase_count; i++)
            pattern_release(&pattern->phases[i]);
    zipf_free(pattern->zipf);
    pattern->zipf = NULL;
    free(pattern->phases);
    pattern->phases = NULL;
}

/* Drawing. ---------------------------------------------------------------- */

static bool next_in_sequence(struct pattern *pattern, bool is_endless,
                             uint64_t run, uint64_t *at)
{
    if (pattern->position >= pattern->count) {
        if (!is_endless)
            return false;
        pattern->position = 0;
    }
    *at = pattern->position;
    pattern->position += u64_min(run, pattern->count - *at);
    return true;
}

static uint64_t next_stride(struct pattern *pattern)
{
    uint64_t at = pattern->position;

    pattern->position =
        (at + pattern->spec->stride % pattern->count) % pattern->count;
    return at;
}

static uint64_t next_zipf(const struct pattern *pattern,
                          struct random_stream *stream)
{
    uint64_t rank = zipf_draw(pattern->zipf, stream);

    return pattern->spec->scramble ? permutation_of(&pattern->scatter, rank)
                                   : rank;
}

static uint64_t next_hotspot(const struct pattern *pattern,
                             struct random_stream *stream)
{
    uint64_t cold_count = pattern->count - pattern->hot_count;

    if (cold_count == 0 || random_chance(stream, pattern->spec->hot_access))
        return random_below(stream, pattern->hot_count);
    return pattern->hot_count + random_below(stream, cold_count);
}

/* In a circle, so that the ends are no rarer than the middle. */
static uint64_t next_step(struct pattern *pattern, struct random_stream *stream)
{
    uint64_t step = u64_min(pattern->spec->step, pattern->count);
    uint64_t ahead = random_below(stream, 2 * step + 1);

    pattern->position =
        (pattern->position + pattern->count - step + ahead) % pattern->count;
    return pattern->position;
}

static bool next_phase(struct pattern *pattern, struct random_stream *stream,
                       sim_ns now, uint64_t *page, uint64_t *run)
{
    const struct scenario_pattern *spec = pattern->spec;
    sim_ns into = now % pattern->cycle_ns;
    size_t i = 0;

    while (i + 1 < spec->phase_count && into >= spec->phases[i].duration)
        into -= spec->phases[i++].duration;
    return pattern_next(&pattern->phases[i], stream, into, page, run);
}

bool pattern_next(struct pattern *pattern, struct random_stream *stream,
                  sim_ns now, uint64_t *page, uint64_t *run)
{
    uint64_t at = 0;

    if (pattern->spec->kind == PATTERN_PHASES)
        return next_phase(pattern, stream, now, page, run);
    if (pattern->count == 0)
        return false;
    switch (pattern->spec->kind) {
    case PATTERN_SEQUENTIAL:
        if (!next_in_sequence(pattern, pattern->is_endless, *run, &at))
            return false;
        break;
    case PATTERN_LOOP:
        next_in_sequence(pattern, true, *run, &at);
        break;
    case PATTERN_STRIDE:
        at = next_stride(pattern);
        break;
    case PATTERN_UNIFORM:
        at = random_below(stream, pattern->count);
        break;
    case PATTERN_ZIPF:
        at = next_zipf(pattern, stream);
        break;
    case PATTERN_HOTSPOT:
        at = next_hotspot(pattern, stream);
        break;
    case PATTERN_RANDOM_WALK:
        at = next_step(pattern, stream);
        break;
    case PATTERN_PHASES:
    case PATTERN_TRACE:
        return false;
    }
    *page = pattern->first + at;
    *run = u64_min(*run, pattern->count - at);
    return true;
}
