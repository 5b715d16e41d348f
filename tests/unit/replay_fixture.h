/*
 * Traces for the tests of replay: those of bench/gen_trace.c, made again from
 * its definition.
 */
#ifndef LOWTIDE_TESTS_REPLAY_FIXTURE_H
#define LOWTIDE_TESTS_REPLAY_FIXTURE_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/policies.h"
#include "study/replay.h"

static inline uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The high 64 bits of a * b. */
static inline uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t middle = (a >> 32) * (b & UINT32_MAX) +
                      ((a & UINT32_MAX) * (b & UINT32_MAX) >> 32);
    uint64_t low = (a & UINT32_MAX) * (b >> 32) + (middle & UINT32_MAX);
    return (a >> 32) * (b >> 32) + (middle >> 32) + (low >> 32);
}

struct zipf {
    uint64_t count;
    uint64_t *threshold;
    uint32_t *page_of_rank;
};

static inline void zipf_init(struct zipf *zipf, uint64_t count, uint64_t seed)
{
    const double two_63 = 9223372036854775808.0;
    uint64_t shuffle = seed ^ UINT64_C(0xd1b54a32d192ed03);
    double total = 0;
    double sum = 0;
    zipf->count = count;
    zipf->threshold = malloc(count * sizeof *zipf->threshold);
    zipf->page_of_rank = malloc(count * sizeof *zipf->page_of_rank);
    for (uint64_t k = 0; k < count; k++)
        total = total + 1.0 / (double)(k + 1);
    for (uint64_t k = 0; k < count; k++) {
        sum = sum + 1.0 / (double)(k + 1);
        zipf->threshold[k] = (uint64_t)(sum / total * two_63);
        zipf->page_of_rank[k] = (uint32_t)k;
    }
    zipf->threshold[count - 1] = UINT64_C(1) << 63;
    for (uint64_t i = count - 1; i > 0; i--) {
        uint64_t j = multiply_high(splitmix(&shuffle), i + 1);
        uint32_t page = zipf->page_of_rank[i];
        zipf->page_of_rank[i] = zipf->page_of_rank[j];
        zipf->page_of_rank[j] = page;
    }
}

static inline uint64_t zipf_draw(const struct zipf *zipf, uint64_t *state)
{
    uint64_t draw = splitmix(state) >> 1;
    uint64_t low = 0;
    uint64_t high = zipf->count - 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (draw < zipf->threshold[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return zipf->page_of_rank[low];
}

/* Write ids as oracleGeneral records to a new file; its name, to be freed. */
static inline char *write_trace(const uint64_t *ids, size_t count)
{
    char *path = strdup("/tmp/lowtide-replay-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "wb");
    cr_assert(file);
    for (size_t n = 0; n < count; n++) {
        unsigned char record[24] = {0};
        for (int byte = 0; byte < 8; byte++)
            record[4 + byte] = (unsigned char)(ids[n] >> 8 * byte);
        cr_assert_eq(fwrite(record, sizeof record, 1, file), 1);
    }
    fclose(file);
    return path;
}

static inline char *zipf_trace(uint64_t universe, size_t requests,
                               uint64_t seed)
{
    struct zipf zipf;
    uint64_t *ids = malloc(requests * sizeof *ids);
    uint64_t state = seed;
    zipf_init(&zipf, universe, seed);
    for (size_t n = 0; n < requests; n++)
        ids[n] = zipf_draw(&zipf, &state) + 1;
    char *path = write_trace(ids, requests);
    free(zipf.threshold);
    free(zipf.page_of_rank);
    free(ids);
    return path;
}

static inline struct replay_config
config_of(const char *path, const char *policy, uint64_t memory_pages)
{
    struct replay_config config = {
        .path = path,
        .options = {.format = TRACE_ORACLE_GENERAL},
        .memory_pages = memory_pages,
        .policy = policy_find(policy),
        .seed = 1,
    };
    cr_assert(config.policy, "no policy %s", policy);
    return config;
}

#endif
