/*
 * Reading in blocks, so that one record costs a few instructions.
 */
#include "actors/trace_feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "trace/trace.h"
#include "trace/trace_ids.h"

enum { BLOCK_RECORDS = 4096 };

struct trace_feed {
    struct trace *trace;
    bool is_looping;
    bool is_numbering; /* by first appearance */
    struct trace_ids ids;
    uint64_t first_ns; /* time of the first record */
    sim_ns base;       /* when this repetition began */
    sim_ns last;       /* the last access's time */
    size_t next, count;
    struct trace_record block[BLOCK_RECORDS];
};

/* What a first reading finds. */
struct survey {
    uint64_t records;
    uint64_t max_page;
    uint64_t first_ns;
};

static struct trace *open_trace(const struct scenario_trace *scenario,
                                uint64_t page_bytes, char *message,
                                size_t message_bytes)
{
    struct trace_options options = {
        .columns = scenario->columns,
        .page_size = page_bytes,
    };

    if (!trace_format_parse(scenario->format, &options.format)) {
        snprintf(message, message_bytes,
                 "traces of format '%s' can't be read yet", scenario->format);
        return NULL;
    }
    return trace_open(scenario->file, &options, message, message_bytes);
}

static bool read_through(struct trace *trace, struct trace_record *block,
                         struct survey *survey, char *message,
                         size_t message_bytes)
{
    ptrdiff_t count;

    *survey = (struct survey){.records = 0};
    while ((count = trace_next(trace, block, BLOCK_RECORDS)) > 0) {
        if (survey->records == 0)
            survey->first_ns = block[0].time_ns;
        survey->records += (uint64_t)count;
        for (ptrdiff_t i = 0; i < count; i++)
            survey->max_page = u64_max(survey->max_page, block[i].page);
    }
    if (count < 0 || !trace_rewind(trace)) {
        snprintf(message, message_bytes, "%s", trace_error(trace));
        return false;
    }
    if (survey->records == 0)
        snprintf(message, message_bytes, "the trace is empty");
    return survey->records > 0;
}

bool trace_feed_check(const struct scenario_trace *scenario,
                      uint64_t page_bytes, char *message, size_t message_bytes)
{
    struct trace_feed *feed =
        trace_feed_new(scenario, page_bytes, 0, message, message_bytes);

    trace_feed_free(feed);
    return feed != NULL;
}

struct trace_feed *trace_feed_new(const struct scenario_trace *scenario,
                                  uint64_t page_bytes, uint64_t pages,
                                  char *message, size_t message_bytes)
{
    struct trace_feed *feed = calloc(1, sizeof *feed);
    struct survey survey;

    if (!feed) {
        snprintf(message, message_bytes, "out of memory");
        return NULL;
    }
    feed->is_looping = scenario->loop;
    feed->trace = open_trace(scenario, page_bytes, message, message_bytes);
    if (!feed->trace || !read_through(feed->trace, feed->block, &survey,
                                      message, message_bytes)) {
        trace_feed_free(feed);
        return NULL;
    }
    feed->first_ns = survey.first_ns;
    if (survey.max_page < pages)
        return feed;
    if (!trace_ids_init(&feed->ids)) {
        snprintf(message, message_bytes, "out of memory");
        trace_feed_free(feed);
        return NULL;
    }
    feed->is_numbering = true;
    return feed;
}

void trace_feed_free(struct trace_feed *feed)
{
    if (!feed)
        return;
    if (feed->is_numbering)
        trace_ids_release(&feed->ids);
    trace_close(feed->trace);
    free(feed);
}

bool trace_feed_is_timed(const struct trace_feed *feed)
{
    return trace_has_time(feed->trace);
}

/* The next block, from the beginning again if the feed loops. */
static enum trace_feed_result refill(struct trace_feed *feed)
{
    ptrdiff_t count = trace_next(feed->trace, feed->block, BLOCK_RECORDS);

    if (count == 0 && feed->is_looping) {
        if (!trace_rewind(feed->trace))
            return TRACE_FEED_FAILED;
        feed->base = feed->last;
        count = trace_next(feed->trace, feed->block, BLOCK_RECORDS);
    }
    if (count < 0)
        return TRACE_FEED_FAILED;
    feed->next = 0;
    feed->count = (size_t)count;
    return count > 0 ? TRACE_FEED_OK : TRACE_FEED_END;
}

/* Times may jump back in a trace; they are taken as the same instant. */
static sim_ns time_of(struct trace_feed *feed,
                      const struct trace_record *record)
{
    uint64_t since =
        record->time_ns > feed->first_ns ? record->time_ns - feed->first_ns : 0;
    sim_ns at = sim_ns_add(feed->base,
                           (sim_ns)u64_min(since, (uint64_t)SIM_NS_INFINITE));

    if (at > feed->last)
        feed->last = at;
    return feed->last;
}

enum trace_feed_result trace_feed_next(struct trace_feed *feed,
                                       struct trace_access *access)
{
    if (feed->next == feed->count) {
        enum trace_feed_result result = refill(feed);
        if (result != TRACE_FEED_OK)
            return result;
    }
    const struct trace_record *record = &feed->block[feed->next++];
    uint32_t number;

    *access = (struct trace_access){
        .page = record->page,
        .is_write = record->write,
        .at = time_of(feed, record),
    };
    if (!feed->is_numbering)
        return TRACE_FEED_OK;
    if (!trace_ids_page(&feed->ids, record->page, &number))
        return TRACE_FEED_FAILED;
    access->page = number;
    return TRACE_FEED_OK;
}
