/*
 * Format `lackey`: valgrind --tool=lackey --trace-mem=yes.
 *
 *   I  04000b50,3      instruction fetch: no data, skipped
 *    L 1ffeffe7e0,8    load
 *    S 1ffeffe7d8,8    store
 *    M 0421c7cc,4      modify: counted as one write
 *
 * An access that straddles pages touches each of them.
 */
#include <string.h>

#include "trace/trace_internal.h"

static bool is_noise(const struct trace_line *line)
{
    return line->text[0] == 'I' || strncmp(line->text, "==", 2) == 0 ||
           strncmp(line->text, "--", 2) == 0;
}

/* Set the pages that the line touches; 1, or -1. */
static int parse(struct trace *trace, const struct trace_line *line)
{
    const char *at = line->text + 3;
    const char *end = line->text + line->length;
    uint64_t address = 0;
    uint64_t size = 0;
    bool is_well = line->length > 3 && line->text[0] == ' ' &&
                   strchr("LSM", line->text[1]) && line->text[2] == ' ' &&
                   trace_number(&at, end, 16, &address) && at < end &&
                   *at++ == ',' && trace_number(&at, end, 10, &size) &&
                   at == end && size > 0 && address + size > address;
    if (!is_well)
        return trace_fail_line(trace, line, 40, "not a reference");
    trace->pending_page = address / trace->page_size;
    trace->pending_count =
        (address + size - 1) / trace->page_size - trace->pending_page + 1;
    trace->pending_offset = line->offset;
    trace->pending_write = line->text[1] != 'L';
    return 1;
}

static ptrdiff_t lackey_next(struct trace *trace, struct trace_record *out,
                             size_t capacity)
{
    size_t count = 0;
    while (count < capacity) {
        if (trace->pending_count > 0) {
            out[count] = (struct trace_record){.page = trace->pending_page++,
                                               .write = trace->pending_write};
            trace->offsets[count++] = trace->pending_offset;
            trace->pending_count--;
            continue;
        }
        struct trace_line line;
        int got = trace_next_line(trace, &line);
        if (got == 0)
            break;
        if (got == 1 && is_noise(&line))
            continue;
        if (got < 0 || parse(trace, &line) < 0)
            return count ? (ptrdiff_t)count : -1;
    }
    return (ptrdiff_t)count;
}

static bool lackey_rewind(struct trace *trace)
{
    trace->pending_count = 0;
    return true;
}

const struct trace_ops trace_lackey_ops = {
    .next = lackey_next,
    .rewind = lackey_rewind,
    .lists_offsets = true,
    .wants_line_ends = true,
};
