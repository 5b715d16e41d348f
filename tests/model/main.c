/*
 * The model test: random programs of the whole operation language, run on the
 * core and on a naive model of it, which must never differ.
 *
 *   --ops N        steps in all; default: the full count x SOAK_SCALE
 *   --seeds N      in so many programs; default: one for each 2000 steps
 *   --seed S       the first program's; default 1
 *   --yaml FILE    where a program that fails is written, made short; default
 *                  model-SEED.yaml
 *   --write FILE   run one program and write it as a scenario, all of it
 *   --sabotage     break a rule of the model: the difference must be found
 *                  and shrunk to fewer than 10 steps
 */
#include <getopt.h>

#include "../soak/soak.h"
#include "generate.h"
#include "shrink.h"

enum { FULL_STEPS = 10000000, PROGRAM_STEPS = 2000, SHORT_PROGRAM = 10 };

#define LEAST_PAIR_COVERAGE 0.95

/* Below this the pairs have not been drawn often enough to expect them all. */
enum { STEPS_FOR_COVERAGE = 100000 };

struct options {
    uint64_t ops, seeds, seed;
    const char *yaml, *write;
    bool sabotage;
};

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: model [--ops N] [--seeds N] [--seed S] "
                    "[--yaml FILE] [--write FILE] [--sabotage]\n");
    exit(2);
}

static struct options read_options(int argc, char **argv)
{
    static const struct option table[] = {
        {"ops", required_argument, NULL, 'o'},
        {"seeds", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"yaml", required_argument, NULL, 'y'},
        {"write", required_argument, NULL, 'w'},
        {"sabotage", no_argument, NULL, 'x'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {soak_scaled(FULL_STEPS), 0, 1, NULL, NULL, false};
    int key;
    while ((key = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (key) {
        case 'o':
            options.ops = soak_number(optarg);
            break;
        case 'n':
            options.seeds = soak_number(optarg);
            break;
        case 's':
            options.seed = soak_number(optarg);
            break;
        case 'y':
            options.yaml = optarg;
            break;
        case 'w':
            options.write = optarg;
            break;
        case 'x':
            options.sabotage = true;
            break;
        default:
            usage();
        }
    }
    if (optind < argc)
        usage();
    if (options.seeds == 0)
        options.seeds = (options.ops + PROGRAM_STEPS - 1) / PROGRAM_STEPS;
    return options;
}

/* A program failed: make it short, write it, say so. Returns its length. */
static uint32_t explain(const struct program *failed, struct report *report,
                        const char *path)
{
    static struct step steps[MAX_STEPS];
    char default_path[64];
    uint32_t count = report->count;
    printf("seed %" PRIu64 ", step %u: %s\n", failed->config.seed, count - 1,
           report->message);
    memcpy(steps, report->steps, count * sizeof *steps);
    uint32_t tries = shrink(&failed->config, steps, &count, report);
    snprintf(default_path, sizeof default_path, "model-%" PRIu64 ".yaml",
             failed->config.seed);
    struct program shortest = {.config = failed->config,
                               .steps = steps,
                               .count = count,
                               .yaml_path = path ? path : default_path};
    (void)program_run(&shortest, report);
    printf("  %u steps, found in %u tries, written to %s: %s\n", count, tries,
           shortest.yaml_path, report->message);
    return count;
}

static int finish(const struct options *options, const struct report *report)
{
    double share = pairs_report(&report->pairs, stdout);
    printf("model: %" PRIu64 " steps of %" PRIu64 " programs, %" PRIu64
           " waited, %" PRIu64 " skipped, no difference\n",
           report->done, options->seeds, report->waits, report->skipped);
    if (options->ops < STEPS_FOR_COVERAGE || share >= LEAST_PAIR_COVERAGE)
        return EXIT_SUCCESS;
    printf("model: fewer than %.0f%% of the pairs were covered\n",
           100 * LEAST_PAIR_COVERAGE);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct report *report = report_new();
    if (!report)
        return EXIT_FAILURE;
    printf("model: %" PRIu64 " steps, seeds %" PRIu64 " to %" PRIu64 "%s\n",
           options.ops, options.seed, options.seed + options.seeds - 1,
           options.sabotage ? ", a rule of the model is wrong" : "");
    for (uint64_t i = 0; i < options.seeds; i++) {
        uint64_t share =
            options.ops / options.seeds + (i < options.ops % options.seeds);
        struct program program = {
            .config = generator_config(options.seed + i, options.sabotage),
            .count = (uint32_t)u64_min(share, MAX_STEPS),
            .yaml_path = options.write,
        };
        if (program_run(&program, report))
            continue;
        uint32_t length = explain(&program, report, options.yaml);
        return options.sabotage && length < SHORT_PROGRAM ? EXIT_SUCCESS
                                                          : EXIT_FAILURE;
    }
    if (options.sabotage) {
        printf("model: nobody has noticed\n");
        return EXIT_FAILURE;
    }
    return finish(&options, report);
}
