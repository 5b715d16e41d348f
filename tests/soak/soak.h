/*
 * What the long random tests share: their options and their random numbers.
 *
 *   --ops N    operations; default: the test's full count x SOAK_SCALE
 *   --seed S   default 1
 */
#ifndef SOAK_H
#define SOAK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct soak_options {
    uint64_t ops;
    uint64_t seed;
};

static inline uint64_t soak_number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end || end == text) {
        fprintf(stderr, "bad number: %s\n", text);
        exit(2);
    }
    return value;
}

/* The full count x SOAK_SCALE. */
static inline uint64_t soak_scaled(uint64_t full_ops)
{
    const char *scale = getenv("SOAK_SCALE");
    return scale ? (uint64_t)((double)full_ops * strtod(scale, NULL))
                 : full_ops;
}

/* Read the command line and say what will be run. */
static inline struct soak_options
soak_start(int argc, char **argv, const char *name, uint64_t full_ops)
{
    struct soak_options options = {soak_scaled(full_ops), 1};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--ops") == 0) {
            options.ops = soak_number(argv[i + 1]);
        } else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
            options.seed = soak_number(argv[i + 1]);
        } else {
            fprintf(stderr, "usage: %s [--ops N] [--seed S]\n", name);
            exit(2);
        }
    }
    printf("%s: seed %" PRIu64 ", %" PRIu64 " operations\n", name, options.seed,
           options.ops);
    return options;
}

/* splitmix64, below `bound`. */
static inline uint64_t soak_draw(uint64_t *state, uint64_t bound)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % bound;
}

#endif
