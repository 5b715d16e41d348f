/*
 * Format `damo`: DAMON's monitoring records as `damo report raw` prints them,
 * with --raw_number or without.
 *
 *   base_time_absolute: 8 m 59.809 s
 *
 *   monitoring_start:                0 ns
 *   monitoring_end:            104.599 ms
 *   monitoring_duration:       104.599 ms
 *   target_id: 18446623438842320000
 *   nr_regions: 2
 *   # start_addr     end_addr        length  nr_accesses   age
 *   563ebaa00000-563ebc99e000 (  31.617 MiB)           1     0
 *   7f938d7e1000-7f938ddfc000 (   6.105 MiB)           4     2
 *
 * DAMON looks at one page of a region in each sampling interval, and takes the
 * pages of a region for equally hot; nr_accesses is in how many samples of the
 * snapshot the page had been accessed. Taken at its word: each page of the
 * region was accessed that many times, at intervals. So a snapshot becomes as
 * many rounds as its hottest region has accesses; a region of n takes part in n
 * of them, evenly spread; a round goes through pages by address:
 *
 *   hottest  4   | x | x | x | x |     start ........ end: a round's time is
 *   region   2   |   | x |   | x |     where it begins
 *   region   0   |   |   |   |   |
 *
 * Recency is right to within a round, frequency and footprint are DAMON's own.
 * One access a sample instead, of a page at random, would be all that was
 * really seen, and a working set of gigabytes would become twenty pages.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "trace/trace_internal.h"

struct region {
    uint64_t page, page_count; /* of those that it touches */
    uint64_t accesses;
    uint64_t offset; /* of its line */
};

struct trace_damo {
    /* the record */
    uint64_t base_ns;

    /* the snapshot, as far as it was read */
    uint64_t start_ns, end_ns; /* since the base */
    uint64_t target;           /* number by appearance */
    struct region *regions;
    size_t count, room;
    size_t expected; /* regions that the snapshot says it has */
    unsigned seen;   /* bits of enum field */

    /* the accesses of a complete snapshot */
    uint64_t rounds, round;
    size_t region; /* that the next access is in */
    uint64_t page; /* of the region, from 0 */
};

enum field { FIELD_START = 1, FIELD_END = 2, FIELD_TARGET = 4, FIELDS = 7 };

/* --- values -------------------------------------------------------------------- */

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
}

struct unit {
    const char *name;
    uint64_t size;
};

static const struct unit times[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
    {"d", UINT64_C(86400000000000)},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"B", 1},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {"PiB", UINT64_C(1) << 50},
    {"EiB", UINT64_C(1) << 60},
    {NULL, 0},
};

/* The unit at `*at`; NULL: none of them. */
static const struct unit *take_unit(const char **at, const char *end,
                                    const struct unit *units)
{
    const char *stop = *at;
    while (stop < end && isalpha((unsigned char)*stop))
        stop++;
    const size_t length = (size_t)(stop - *at);
    for (; units->name; units++)
        if (strlen(units->name) == length &&
            memcmp(units->name, *at, length) == 0) {
            *at = stop;
            return units;
        }
    return NULL;
}

/*
 * "104.599 ms", or a number alone, which is in the first unit. `*step` is what
 * the last digit is worth.
 */
static bool take_quantity(const char **at, const char *end,
                          const struct unit *units, uint64_t *value,
                          uint64_t *step)
{
    uint64_t whole, part = 0, scale = 1;
    skip_blanks(at, end);
    if (!trace_number(at, end, 10, &whole))
        return false;
    if (*at < end && **at == '.') {
        for (++*at; *at < end && isdigit((unsigned char)**at); ++*at) {
            if (scale >= 1000000)
                return false;
            part = part * 10 + (uint64_t)(**at - '0');
            scale *= 10;
        }
    }
    skip_blanks(at, end);
    const struct unit *unit = take_unit(at, end, units);
    if (!unit && (*at == end || **at == ')'))
        unit = units;
    if (!unit || __builtin_mul_overflow(whole, unit->size, value))
        return false;
    /* part < scale <= 10^6: exact below 2^44, and near enough above */
    const uint64_t fraction = unit->size >= UINT64_C(1) << 44
                                  ? unit->size / scale * part
                                  : unit->size * part / scale;
    *step = unit->size / scale + 1;
    return !__builtin_add_overflow(*value, fraction, value);
}

/* "8 m 59.809 s" */
static bool read_time(const char *at, const char *end, uint64_t *ns)
{
    uint64_t part, step;
    *ns = 0;
    do {
        if (!take_quantity(&at, end, times, &part, &step) ||
            __builtin_add_overflow(*ns, part, ns))
            return false;
        skip_blanks(&at, end);
    } while (at < end);
    return true;
}

/* --- lines ----------------------------------------------------------------------- */

static bool fail_line(struct trace *trace, const struct trace_line *line,
                      const char *reason)
{
    (void)trace_fail_line(trace, line, 80, reason);
    return false;
}

static struct region *new_region(struct trace_damo *damo)
{
    if (damo->count == damo->room) {
        const size_t room = damo->room ? damo->room * 2 : 1024;
        struct region *grown = realloc(damo->regions, room * sizeof *grown);
        if (!grown)
            return NULL;
        damo->regions = grown;
        damo->room = room;
    }
    return &damo->regions[damo->count++];
}

/* "( 31.617 MiB)": as long as the addresses say, to the last digit? */
static bool take_length(const char **at, const char *end, uint64_t bytes)
{
    uint64_t value, step;
    if (*at == end || *(*at)++ != '(' ||
        !take_quantity(at, end, sizes, &value, &step) || *at == end ||
        *(*at)++ != ')')
        return false;
    return (value > bytes ? value - bytes : bytes - value) <= step;
}

/* START-END (LENGTH) ACCESSES [AGE]; older: START-END(LENGTH): ACCESSES */
static bool take_region(struct trace *trace, const struct trace_line *line)
{
    const char *at = line->text, *end = line->text + line->length;
    uint64_t first, stop, accesses, age = 0;
    skip_blanks(&at, end);
    if (!trace_number(&at, end, 16, &first) || at == end || *at++ != '-' ||
        !trace_number(&at, end, 16, &stop) || stop <= first)
        return fail_line(trace, line, "not a region");
    skip_blanks(&at, end);
    if (!take_length(&at, end, stop - first))
        return fail_line(trace, line,
                         "a region whose length is not that of its addresses");
    if (at < end && *at == ':')
        at++;
    skip_blanks(&at, end);
    if (!trace_number(&at, end, 10, &accesses) || accesses > UINT32_MAX)
        return fail_line(trace, line, "a region without a number of accesses");
    skip_blanks(&at, end);
    if (at < end && *at == '-') /* no age */
        at++;
    if (at < end && (!trace_number(&at, end, 10, &age) || at < end))
        return fail_line(trace, line, "not the age of a region");
    struct region *region = new_region(trace->damo);
    if (!region) {
        (void)trace_fail(trace, line->offset, "out of memory");
        return false;
    }
    *region = (struct region){
        .page = first / trace->page_size,
        .page_count =
            (stop - 1) / trace->page_size - first / trace->page_size + 1,
        .accesses = accesses,
        .offset = line->offset,
    };
    return true;
}

/* Is the line `key: value`? */
static bool has_key(const struct trace_line *line, const char *key,
                    const char **value)
{
    const size_t length = strlen(key);
    if (line->length <= length || memcmp(line->text, key, length) != 0 ||
        line->text[length] != ':')
        return false;
    *value = line->text + length + 1;
    return true;
}

static bool take_target(struct trace *trace, const struct trace_line *line,
                        const char *at)
{
    const char *end = line->text + line->length;
    uint64_t name = UINT64_MAX; /* records of snapshots: "None" */
    skip_blanks(&at, end);
    if (!(end - at == 4 && memcmp(at, "None", 4) == 0) &&
        (!trace_number(&at, end, 10, &name) || at < end))
        return fail_line(trace, line, "not the number of a target");
    trace->damo->seen |= FIELD_TARGET;
    return trace_space(trace, name, line->offset, &trace->damo->target);
}

/* How many regions follow; the snapshot's other facts are known by then. */
static bool take_region_count(struct trace *trace,
                              const struct trace_line *line, const char *at)
{
    struct trace_damo *damo = trace->damo;
    const char *end = line->text + line->length;
    uint64_t count;
    skip_blanks(&at, end);
    if (!trace_number(&at, end, 10, &count) || at < end || count > UINT32_MAX)
        return fail_line(trace, line, "not a number of regions");
    if (damo->seen != FIELDS)
        return fail_line(trace, line,
                         "monitoring_start, monitoring_end and target_id come "
                         "before");
    if (damo->end_ns < damo->start_ns)
        return fail_line(trace, line, "a snapshot that ends before it starts");
    damo->seen = 0;
    damo->count = 0;
    damo->expected = (size_t)count;
    return true;
}

/* A line between regions. */
static bool take_field(struct trace *trace, const struct trace_line *line)
{
    struct trace_damo *damo = trace->damo;
    const char *end = line->text + line->length, *value;
    uint64_t ignored;
    bool is_well = true;
    if (has_key(line, "base_time_absolute", &value)) {
        is_well = read_time(value, end, &damo->base_ns);
    } else if (has_key(line, "monitoring_start", &value)) {
        is_well = read_time(value, end, &damo->start_ns);
        damo->seen = FIELD_START;
    } else if (has_key(line, "monitoring_end", &value)) {
        is_well = read_time(value, end, &damo->end_ns);
        damo->seen |= FIELD_END;
    } else if (has_key(line, "monitoring_duration", &value)) {
        is_well = read_time(value, end, &ignored);
    } else if (has_key(line, "target_id", &value)) {
        return take_target(trace, line, value);
    } else if (has_key(line, "nr_regions", &value)) {
        return take_region_count(trace, line, value);
    } else if (!has_key(line, "data source", &value)) {
        return fail_line(trace, line, "not a line of damo report raw");
    }
    return is_well || fail_line(trace, line, "not a time");
}

static uint64_t hottest(const struct trace_damo *damo)
{
    uint64_t most = 0;
    for (size_t i = 0; i < damo->count; i++)
        if (damo->regions[i].accesses > most)
            most = damo->regions[i].accesses;
    return most;
}

/* The next snapshot that has accesses: 1, 0 at the end, -1. */
static int read_snapshot(struct trace *trace)
{
    struct trace_damo *damo = trace->damo;
    for (;;) {
        struct trace_line line;
        const int got = trace_next_line(trace, &line);
        if (got < 0)
            return -1;
        if (got == 0 && damo->count < damo->expected)
            return (int)trace_fail(trace, trace->source.offset,
                                   "the file is cut off: a snapshot has %zu "
                                   "regions of %zu",
                                   damo->count, damo->expected);
        if (got == 0 && damo->seen != 0)
            return (int)trace_fail(trace, trace->source.offset,
                                   "the file is cut off within the beginning "
                                   "of a snapshot");
        if (got == 0)
            return 0;
        if (damo->count == damo->expected) {
            if (!take_field(trace, &line))
                return -1;
            continue;
        }
        if (!take_region(trace, &line))
            return -1;
        if (damo->count < damo->expected)
            continue;
        damo->rounds = hottest(damo);
        damo->round = 0;
        damo->region = 0;
        damo->page = 0;
        if (damo->rounds > 0)
            return 1;
    }
}

/* --- accesses ------------------------------------------------------------------------ */

/* How many of the first `rounds` rounds a region takes part in. */
static uint64_t turns(const struct trace_damo *damo,
                      const struct region *region, uint64_t rounds)
{
    return rounds * region->accesses / damo->rounds; /* both < 2^32 */
}

static bool has_turn(const struct trace_damo *damo, const struct region *region)
{
    return turns(damo, region, damo->round + 1) >
           turns(damo, region, damo->round);
}

/* Stand at the next page to be accessed; false: the snapshot is over. */
static bool find_access(struct trace_damo *damo)
{
    for (; damo->round < damo->rounds; damo->round++, damo->region = 0)
        for (; damo->region < damo->count; damo->region++, damo->page = 0)
            if (damo->page < damo->regions[damo->region].page_count &&
                has_turn(damo, &damo->regions[damo->region]))
                return true;
    return false;
}

static uint64_t round_time(const struct trace_damo *damo)
{
    const uint64_t duration = damo->end_ns - damo->start_ns;
    return damo->base_ns + damo->start_ns +
           duration / damo->rounds * damo->round +
           duration % damo->rounds * damo->round / damo->rounds;
}

/* Pages of the region that the cursor is in; returns how many. */
static size_t give_pages(struct trace *trace, struct trace_record *out,
                         uint64_t *offsets, size_t capacity)
{
    struct trace_damo *damo = trace->damo;
    const struct region *region = &damo->regions[damo->region];
    const struct trace_record record = {
        .page = region->page + (damo->target << TRACE_SPACE_SHIFT),
        .time_ns = round_time(damo),
        .thread = (uint32_t)damo->target,
    };
    size_t count = 0;
    for (; count < capacity && damo->page < region->page_count; count++) {
        out[count] = record;
        out[count].page += damo->page++;
        offsets[count] = region->offset;
    }
    return count;
}

static ptrdiff_t damo_next(struct trace *trace, struct trace_record *out,
                           size_t capacity)
{
    size_t count = 0;
    while (count < capacity) {
        if (find_access(trace->damo)) {
            count += give_pages(trace, out + count, trace->offsets + count,
                                capacity - count);
            continue;
        }
        const int got = read_snapshot(trace);
        if (got == 0)
            break;
        if (got < 0)
            return count ? (ptrdiff_t)count : -1;
    }
    return (ptrdiff_t)count;
}

static bool damo_open(struct trace *trace)
{
    if (!trace_check_spaces(trace))
        return false;
    trace->damo = calloc(1, sizeof *trace->damo);
    if (!trace->damo)
        (void)trace_fail(trace, 0, "out of memory");
    return trace->damo != NULL;
}

static void damo_close(struct trace *trace)
{
    if (trace->damo)
        free(trace->damo->regions);
    free(trace->damo);
}

static bool damo_rewind(struct trace *trace)
{
    struct region *regions = trace->damo->regions;
    const size_t room = trace->damo->room;
    *trace->damo = (struct trace_damo){.regions = regions, .room = room};
    trace->spaces.count = 0;
    return true;
}

const struct trace_ops trace_damo_ops = {
    .open = damo_open,
    .close = damo_close,
    .next = damo_next,
    .rewind = damo_rewind,
    .has_time = true,
    .lists_offsets = true,
    .wants_line_ends = true,
};
