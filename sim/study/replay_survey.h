/*
 * One reading of a trace for several replays: its requests by page number, how
 * many pages there are, a sample, the stack distances. What of it is wanted is
 * said beforehand, and only that is paid for.
 *
 *   trace --ids--> every id numbered --> distinct pages
 *     |                              +-> stack distances of the whole trace
 *     +--hash--> sample (R = 1: all of it) --> pages by request, for replays
 *                                          +-> stack distances of the sample
 *
 * Because every page is counted, the share of pages that the sample came to have
 * is known, and figures are scaled by it and not by the rate, from which it
 * differs by chance: a memory for all pages is one for all of the sample's.
 */
#ifndef LOWTIDE_STUDY_REPLAY_SURVEY_H
#define LOWTIDE_STUDY_REPLAY_SURVEY_H

#include "study/replay.h"
#include "study/shards.h"
#include "study/stack_distance.h"

enum replay_distances {
    REPLAY_NO_DISTANCES,
    REPLAY_DISTANCES_OF_ALL,
    REPLAY_DISTANCES_OF_SAMPLE, /* at a fixed rate */
};

struct replay_survey {
    /* what is wanted: set by the caller before reading */
    enum replay_distances wants_distances;
    double rate;               /* of the sample; 0: none is wanted */
    uint64_t max_sample_pages; /* the rate falls so far; 0: it stays */
    uint64_t max_kept;         /* requests; past it a whole trace is not kept,
                                  and a rate that may fall does */

    /* what was found; `sample.rate` is the rate that the sample has */
    uint64_t requests;
    uint64_t distinct_pages;
    double share; /* of the pages that are in the sample: near the rate */
    struct shards sample;
    struct stack_distance distances;
    struct replay_pages pages; /* the sample's requests; `page` is NULL if the
                                  trace is whole and was too long to be kept */
    double seconds;            /* host time that it took */
    /* resident, `pages` left out: they stand for the mapped trace */
    uint64_t peak_bytes; /* while it was read */
    uint64_t held_bytes; /* since then */
};

/*
 * Read a trace once. Statuses and `message` as of replay_run(). To be released
 * only after REPLAY_OK.
 */
enum replay_status replay_survey_read(struct replay_survey *survey,
                                      const char *path,
                                      const struct trace_options *options,
                                      char *message, size_t message_bytes);
void replay_survey_release(struct replay_survey *survey);

/* Are the distances those of the whole trace? */
bool replay_survey_has_all_distances(const struct replay_survey *survey);

/*
 * Are several replays quicker with one reading beforehand than if each reads
 * for itself? Not where that is next to nothing: plain records of a fixed size,
 * whose ids, by the first of them, are numbered without hashing. A pipe is read
 * once; a trace that can't be opened is for the reading to refuse.
 */
bool replay_survey_pays(const char *path, const struct trace_options *options);

/* How many requests of a whole trace are worth keeping on this host: a quarter
 * of its memory. */
uint64_t replay_survey_max_kept(void);

#endif
