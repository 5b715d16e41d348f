#include "study/replay_survey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "study/replay_memory.h"

enum { BATCH = 256, KEPT_SHARE = 4, MESSAGE_BYTES = 256 };

/* The pages of a batch that the distances are taken of. */
struct batch {
    size_t count;
    uint32_t pages[BATCH];
};

struct reading {
    struct replay_survey *survey;
    struct trace *trace;
    struct trace_ids numbers; /* of every id, where they are wanted */
    bool numbers_all;
    uint64_t next_look; /* at the memory, in requests */
    uint64_t memory_before;
};

/* A whole trace's sample numbers every id already. */
static bool sample_is_whole(const struct replay_survey *survey)
{
    return survey->rate == 1 && survey->max_sample_pages == 0;
}

/* Resident beyond what was there before, the kept requests left out. */
static uint64_t held_bytes(const struct reading *reading)
{
    const struct shards *sample = &reading->survey->sample;
    uint64_t kept =
        sample->drops_requests ? 0 : sample->count * sizeof *sample->pages;
    uint64_t before = reading->memory_before + kept;
    uint64_t now = replay_resident_bytes();
    return now > before ? now - before : 0;
}

static void note_memory(struct reading *reading)
{
    struct replay_survey *survey = reading->survey;
    reading->next_look = survey->requests + REPLAY_TICK_REQUESTS;
    survey->peak_bytes = u64_max(survey->peak_bytes, held_bytes(reading));
}

/* --- a batch ------------------------------------------------------------------ */

static bool number_all(struct reading *reading,
                       const struct trace_record *records, size_t count,
                       struct batch *batch)
{
    for (size_t n = 0; n < count; n++)
        trace_ids_prefetch(&reading->numbers, records[n].page);
    for (size_t n = 0; n < count; n++)
        if (!trace_ids_page(&reading->numbers, records[n].page,
                            &batch->pages[n]))
            return false;
    if (reading->survey->wants_distances == REPLAY_DISTANCES_OF_ALL)
        batch->count = count;
    return true;
}

static bool sample_some(struct replay_survey *survey,
                        const struct trace_record *records, size_t count,
                        struct batch *batch)
{
    struct shards *sample = &survey->sample;
    uint64_t ids[BATCH];
    size_t has = 0;
    for (size_t n = 0; n < count; n++) {
        ids[has] = records[n].page;
        has += shards_has(sample, records[n].page);
    }
    for (size_t n = 0; n < has; n++)
        trace_ids_prefetch(&sample->numbers, ids[n]);
    for (size_t n = 0; n < has; n++) {
        uint32_t page;
        /* the rate may have fallen since */
        if (!shards_has(sample, ids[n]))
            continue;
        if (!shards_add(sample, ids[n], &page))
            return false;
        if (survey->wants_distances == REPLAY_DISTANCES_OF_SAMPLE)
            batch->pages[batch->count++] = page;
    }
    if (sample_is_whole(survey) && sample->count > survey->max_kept &&
        !sample->drops_requests)
        shards_drop_requests(sample);
    return true;
}

static bool take_distances(struct stack_distance *distances,
                           const struct batch *batch)
{
    for (size_t n = 0; n < batch->count; n++)
        stack_distance_prefetch(distances, batch->pages[n]);
    for (size_t n = 0; n < batch->count; n++)
        if (!stack_distance_access(distances, batch->pages[n]))
            return false;
    return true;
}

static bool take(struct reading *reading, const struct trace_record *records,
                 size_t count)
{
    struct replay_survey *survey = reading->survey;
    struct batch batch = {.count = 0};
    if (reading->numbers_all && !number_all(reading, records, count, &batch))
        return false;
    if (survey->rate > 0 && !sample_some(survey, records, count, &batch))
        return false;
    if (!take_distances(&survey->distances, &batch))
        return false;
    survey->requests += count;
    if (survey->requests >= reading->next_look)
        note_memory(reading);
    return true;
}

/* --- the whole trace ------------------------------------------------------------ */

static enum replay_status no_memory(const struct reading *reading,
                                    const char *path, char *message,
                                    size_t message_bytes)
{
    snprintf(message, message_bytes,
             "%s: out of memory after %" PRIu64 " requests", path,
             reading->survey->requests);
    return REPLAY_HOST;
}

static enum replay_status read_all(struct reading *reading, const char *path,
                                   char *message, size_t message_bytes)
{
    struct trace_record records[BATCH];
    ptrdiff_t got;
    while ((got = trace_next(reading->trace, records, BATCH)) > 0)
        if (!take(reading, records, (size_t)got))
            return no_memory(reading, path, message, message_bytes);
    if (got == 0)
        return REPLAY_OK;
    snprintf(message, message_bytes, "%s", trace_error(reading->trace));
    return REPLAY_BAD_INPUT;
}

/* What was counted stays, what it was counted with goes. */
static void conclude(struct reading *reading)
{
    struct replay_survey *survey = reading->survey;
    struct shards *sample = &survey->sample;
    uint64_t sampled = sample->numbers.count;
    note_memory(reading);
    survey->distinct_pages =
        reading->numbers_all ? reading->numbers.count : sampled;
    if (survey->rate > 0 && survey->distinct_pages > 0)
        survey->share = (double)sampled / (double)survey->distinct_pages;
    if (!sample->drops_requests)
        survey->pages =
            (struct replay_pages){sample->pages, sample->count, sampled};
    trace_ids_release(&sample->numbers);
}

static bool build(struct reading *reading)
{
    struct replay_survey *survey = reading->survey;
    reading->numbers_all = !sample_is_whole(survey);
    return stack_distance_init(&survey->distances) &&
           (survey->rate == 0 ||
            shards_init(&survey->sample, survey->rate, survey->max_sample_pages,
                        survey->max_kept)) &&
           (!reading->numbers_all || trace_ids_init(&reading->numbers));
}

enum replay_status replay_survey_read(struct replay_survey *survey,
                                      const char *path,
                                      const struct trace_options *options,
                                      char *message, size_t message_bytes)
{
    struct reading reading = {
        .survey = survey,
        .memory_before = replay_resident_bytes(),
    };
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    /* every id is numbered by the sample then: distances can be taken of it */
    if (sample_is_whole(survey) && survey->wants_distances)
        survey->wants_distances = REPLAY_DISTANCES_OF_SAMPLE;
    reading.trace = trace_open(path, options, message, message_bytes);
    if (!reading.trace)
        return REPLAY_BAD_INPUT;
    enum replay_status status =
        build(&reading) ? read_all(&reading, path, message, message_bytes)
                        : no_memory(&reading, path, message, message_bytes);
    if (status == REPLAY_OK)
        conclude(&reading);
    else
        replay_survey_release(survey);
    trace_ids_release(&reading.numbers);
    trace_close(reading.trace);
    survey->held_bytes = held_bytes(&reading);
    survey->seconds = replay_seconds_since(&begin);
    return status;
}

void replay_survey_release(struct replay_survey *survey)
{
    shards_release(&survey->sample);
    stack_distance_release(&survey->distances);
    survey->pages = (struct replay_pages){NULL, 0, 0};
}

bool replay_survey_has_all_distances(const struct replay_survey *survey)
{
    return survey->wants_distances == REPLAY_DISTANCES_OF_ALL ||
           sample_is_whole(survey);
}

static bool reads_itself_quickly(struct trace *trace)
{
    struct trace_record records[BATCH];
    if (trace_get_format(trace) != TRACE_ORACLE_GENERAL ||
        trace_is_compressed(trace))
        return false;
    ptrdiff_t got = trace_next(trace, records, BATCH);
    for (ptrdiff_t n = 0; n < got; n++)
        if (records[n].page >= TRACE_DENSE_LIMIT)
            return false;
    return got > 0;
}

bool replay_survey_pays(const char *path, const struct trace_options *options)
{
    struct stat info;
    char message[MESSAGE_BYTES];
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return true;
    struct trace *trace = trace_open(path, options, message, sizeof message);
    if (!trace)
        return true;
    bool pays = !reads_itself_quickly(trace);
    trace_close(trace);
    return pays;
}

uint64_t replay_survey_max_kept(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page_bytes <= 0)
        return UINT32_MAX;
    return (uint64_t)pages * (uint64_t)page_bytes / KEPT_SHARE /
           sizeof(uint32_t);
}
