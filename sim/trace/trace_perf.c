/*
 * Format `perf`: samples that have an address, as `perf script -F
 * comm,pid,tid,time,event,addr` prints them.
 *
 *   sort 25975/25975   813.880342:   1 page-faults:   55a41e7bd548 ffffffff8177
 *   |    |             |             | |              |            |
 *   |    thread        seconds       | event          address      ip, anything
 *   anything, with spaces            period, optional
 *
 * The time anchors a line, because a command's name may look like anything:
 * the first SECONDS.FRACTION: that follows a number or PID/TID, perhaps with
 * [CPU] between.
 *
 * Reads, unless the event is of mem-stores or its decoded data source says
 * STORE: a page fault doesn't tell. Samples of address 0 have none, and are
 * skipped, as are lines of call chains.
 */
#include <ctype.h>
#include <string.h>

#include "trace/trace_internal.h"

struct word {
    const char *at;
    size_t length;
};

struct sample {
    uint64_t pid, tid, time_ns;
    struct word event, address;
    const char *rest; /* behind the address */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The word at or after `*at`, which moves behind it; false: the end. */
static bool take_word(const char **at, const char *end, struct word *word)
{
    const char *p = *at;
    while (p < end && is_blank(*p))
        p++;
    word->at = p;
    while (p < end && !is_blank(*p))
        p++;
    word->length = (size_t)(p - word->at);
    *at = p;
    return word->length > 0;
}

static bool all_digits(struct word word, unsigned base, uint64_t *value)
{
    const char *at = word.at, *end = word.at + word.length;
    if (word.length == 0)
        return false;
    for (const char *p = at; p < end; p++)
        if (!(base == 16 ? isxdigit((unsigned char)*p)
                         : isdigit((unsigned char)*p)))
            return false;
    return trace_number(&at, end, base, value) && at == end;
}

/* PID/TID, or TID alone, which then stands for both. */
static bool read_ids(struct word word, struct sample *sample)
{
    const char *slash = memchr(word.at, '/', word.length);
    if (!slash) {
        sample->pid = 0; /* of one process, as far as anyone can tell */
        return all_digits(word, 10, &sample->tid);
    }
    const size_t before = (size_t)(slash - word.at);
    return all_digits((struct word){word.at, before}, 10, &sample->pid) &&
           all_digits((struct word){slash + 1, word.length - before - 1}, 10,
                      &sample->tid);
}

/* SECONDS.FRACTION: with microseconds or nanoseconds. */
static bool read_time(struct word word, uint64_t *time_ns)
{
    const char *dot = memchr(word.at, '.', word.length);
    if (!dot || word.at[word.length - 1] != ':')
        return false;
    const size_t before = (size_t)(dot - word.at);
    const size_t digits = word.length - before - 2;
    uint64_t seconds, fraction;
    if (digits > 9 ||
        !all_digits((struct word){word.at, before}, 10, &seconds) ||
        !all_digits((struct word){dot + 1, digits}, 10, &fraction))
        return false;
    for (size_t i = digits; i < 9; i++)
        fraction *= 10;
    return !__builtin_mul_overflow(seconds, UINT64_C(1000000000), time_ns) &&
           !__builtin_add_overflow(*time_ns, fraction, time_ns);
}

/* Up to the time; what follows begins at `*at`. */
static bool find_time(const char **at, const char *end, struct sample *sample)
{
    struct word word, before = {*at, 0};
    while (take_word(at, end, &word)) {
        if (read_time(word, &sample->time_ns) && read_ids(before, sample))
            return true;
        if (word.at[0] != '[') /* the CPU */
            before = word;
    }
    return false;
}

bool trace_perf_is_sample(const char *text, size_t length)
{
    struct sample sample;
    const char *at = text;
    return find_time(&at, text + length, &sample);
}

static bool contains(const char *text, size_t length, const char *part)
{
    const size_t size = strlen(part);
    for (size_t at = 0; at + size <= length; at++)
        if (memcmp(text + at, part, size) == 0)
            return true;
    return false;
}

/* What is missing in a line; NULL: nothing. */
static const char *read_sample(const struct trace_line *line,
                               struct sample *sample, uint64_t *address)
{
    const char *at = line->text, *end = line->text + line->length;
    struct word next;
    uint64_t ignored;
    if (!find_time(&at, end, sample))
        return "no sample with thread and time";
    if (!take_word(&at, end, &sample->event))
        return "the sample has no event";
    if (all_digits(sample->event, 10, &ignored) &&
        !take_word(&at, end, &sample->event)) /* it was the period */
        return "the sample has no event";
    if (sample->event.at[sample->event.length - 1] != ':')
        return "the sample has no event";
    if (!take_word(&at, end, &sample->address) ||
        !all_digits(sample->address, 16, address))
        return "the sample has no address: perf script -F ...,addr";
    sample->rest = at;
    if (take_word(&at, end, &next) && next.at[0] != '|' &&
        !all_digits(next, 16, &ignored)) /* that was the ip, with its symbol */
        return "the sample has no address: perf script -F ...,addr";
    return NULL;
}

static bool is_write(const struct sample *sample, const char *end)
{
    return contains(sample->event.at, sample->event.length, "mem-stores") ||
           contains(sample->rest, (size_t)(end - sample->rest), "|OP STORE");
}

/* "  7f453e722b70 _start+0x0 (/lib/ld.so)" behind a sample. */
static bool is_call_chain(const struct trace *trace,
                          const struct trace_line *line)
{
    const char *at = line->text;
    struct word word;
    uint64_t ignored;
    return trace->is_sample_seen && is_blank(line->text[0]) &&
           take_word(&at, line->text + line->length, &word) &&
           all_digits(word, 16, &ignored) &&
           line->text[line->length - 1] == ')';
}

static int parse(struct trace *trace, const struct trace_line *line,
                 struct trace_record *record)
{
    struct sample sample;
    uint64_t address, space;
    const char *problem = read_sample(line, &sample, &address);
    if (problem && is_call_chain(trace, line))
        return 0;
    if (problem)
        return trace_fail_line(trace, line, 80, problem);
    trace->is_sample_seen = true;
    if (address == 0)
        return 0;
    if (!trace_space(trace, sample.pid, line->offset, &space))
        return -1;
    *record = (struct trace_record){
        .page = address / trace->page_size + (space << TRACE_SPACE_SHIFT),
        .time_ns = sample.time_ns,
        .thread = (uint32_t)sample.tid,
        .write = is_write(&sample, line->text + line->length),
    };
    return 1;
}

static bool perf_rewind(struct trace *trace)
{
    trace->is_sample_seen = false;
    trace->spaces.count = 0;
    return true;
}

const struct trace_ops trace_perf_ops = {
    .open = trace_check_spaces,
    .next = trace_next_of_lines,
    .parse = parse,
    .rewind = perf_rewind,
    .has_time = true,
    .lists_offsets = true,
    .wants_line_ends = true,
};
