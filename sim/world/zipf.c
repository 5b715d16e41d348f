/*
 * Drawing from a staircase (zipf.h). The alias table is Walker's, built as Vose
 * does (IEEE TSE 17, 1991).
 *
 * One 64-bit number, multiplied by the number of choices, is a choice (the
 * upper half of the product) and, within it, a fraction (the lower half): so a
 * candidate takes two numbers. The error is below choices / 2^64.
 *
 * Rejection inversion needs no table, but calls exp() and log() for each draw,
 * which made up more than half of the time of a machine whose accesses hit. A
 * table with one cell for each rank misses the cache.
 */
#include "world/zipf.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"

enum { WIDTH_SHIFT = 5 }; /* steps are at most a 32nd of their place wide */

/* Setting up. ------------------------------------------------------------- */

static uint64_t width_at(uint64_t rank, uint64_t count)
{
    uint64_t width = (rank + 1) >> WIDTH_SHIFT;

    if (width == 0)
        width = 1;
    return width < count - rank ? width : count - rank;
}

static uint32_t count_steps(uint64_t count)
{
    uint32_t steps = 0;

    for (uint64_t rank = 0; rank < count; rank += width_at(rank, count))
        steps++;
    return steps;
}

/* A share as a part of 2^64. */
static uint64_t fraction_of(double share)
{
    return share >= 1 ? UINT64_MAX : (uint64_t)(share * 0x1.0p64);
}

/* The steps and the areas below them. Returns the sum of these. */
static double lay_steps(struct zipf *zipf, double *areas)
{
    double sum = 0;
    uint64_t rank = 0;

    for (uint32_t i = 0; i < zipf->step_count; i++) {
        uint64_t width = width_at(rank, zipf->count);
        double lowest = pow((double)(rank + 1) / (double)(rank + width),
                            zipf->alpha); /* as a share of the step's height */

        zipf->steps[i] = (struct zipf_step){
            .first = rank, .count = width, .sure = fraction_of(lowest)};
        areas[i] = (double)width * pow((double)(rank + 1), -zipf->alpha);
        sum += areas[i];
        rank += width;
    }
    return sum;
}

/*
 * Each cell of the table is as large as the mean area: one that lacks some is
 * filled up by one that has too much. `todo` holds the cells that lack from its
 * start, and those that have too much from its end.
 */
static void build_alias(struct zipf *zipf, double *areas, double sum,
                        uint32_t *todo)
{
    double mean = sum / zipf->step_count;
    uint32_t small = 0, large = zipf->step_count;

    for (uint32_t i = 0; i < zipf->step_count; i++) {
        if (areas[i] < mean)
            todo[small++] = i;
        else
            todo[--large] = i;
    }
    while (small > 0 && large < zipf->step_count) {
        uint32_t poor = todo[--small], rich = todo[large];

        zipf->steps[poor].keep = fraction_of(areas[poor] / mean);
        zipf->steps[poor].other = rich;
        areas[rich] -= mean - areas[poor];
        if (areas[rich] < mean) {
            large++;
            todo[small++] = rich;
        }
    }
    /* What rounding has left over is full. */
    while (small > 0)
        zipf->steps[todo[--small]].keep = UINT64_MAX;
    while (large < zipf->step_count)
        zipf->steps[todo[large++]].keep = UINT64_MAX;
    for (uint32_t i = 0; i < zipf->step_count; i++)
        if (zipf->steps[i].keep == UINT64_MAX)
            zipf->steps[i].other = i;
}

struct zipf *zipf_new(uint64_t count, double alpha)
{
    CHECK(count > 0);
    CHECK(alpha >= 0);
    uint32_t steps = count_steps(count);
    struct zipf *zipf = malloc(sizeof *zipf + steps * sizeof *zipf->steps);
    double *areas = malloc(steps * sizeof *areas);
    uint32_t *todo = malloc(steps * sizeof *todo);

    if (!zipf || !areas || !todo) {
        free(zipf);
        zipf = NULL;
        goto out;
    }
    zipf->count = count;
    zipf->alpha = alpha;
    zipf->users = 1;
    zipf->step_count = steps;
    build_alias(zipf, areas, lay_steps(zipf, areas), todo);
out:
    free(areas);
    free(todo);
    return zipf;
}

struct zipf *zipf_share(struct zipf *zipf)
{
    zipf->users++;
    return zipf;
}

void zipf_free(struct zipf *zipf)
{
    if (zipf && --zipf->users == 0)
        free(zipf);
}

/* Drawing. ---------------------------------------------------------------- */

/* Does the rank count, the third draw being `fraction` of 2^64? */
static bool is_below(const struct zipf *zipf, const struct zipf_step *step,
                     uint64_t rank, uint64_t fraction)
{
    double weight =
        pow((double)(step->first + 1) / (double)(rank + 1), zipf->alpha);

    return (double)(fraction >> 11) * 0x1.0p-53 < weight;
}

uint64_t zipf_draw(const struct zipf *zipf, struct random_stream *stream)
{
    for (;;) {
        random_u128 cell = (random_u128)random_next(stream) * zipf->step_count;
        uint32_t index = (uint32_t)(cell >> 64);
        const struct zipf_step *step = &zipf->steps[index];
        uint32_t is_other = (uint64_t)cell >= step->keep;

        /* no branch: nobody could predict it */
        index ^= (index ^ step->other) & -is_other;
        step = &zipf->steps[index];
        random_u128 place = (random_u128)random_next(stream) * step->count;
        uint64_t rank = step->first + (uint64_t)(place >> 64);
        if ((uint64_t)place < step->sure ||
            is_below(zipf, step, rank, (uint64_t)place))
            return rank;
    }
}
