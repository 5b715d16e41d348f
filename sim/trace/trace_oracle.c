/*
 * Format `oracleGeneral`: 24-byte little-endian records without a header:
 * u32 time in seconds, u64 id, u32 size, i64 next access. Every record is a
 * read of the page that its id names.
 */
#include <endian.h>
#include <string.h>

#include "trace/trace_internal.h"

enum { RECORD_BYTES = 24 };

static uint64_t little_endian_64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return le64toh(value);
}

static uint32_t little_endian_32(const unsigned char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return le32toh(value);
}

static ptrdiff_t oracle_next(struct trace *trace, struct trace_record *out,
                             size_t capacity)
{
    struct trace_source *source = &trace->source;
    while (source->length < capacity * RECORD_BYTES &&
           trace_source_more(source))
        ;
    size_t count = source->length / RECORD_BYTES;
    if (count == 0) {
        if (source->failure)
            return trace_fail(trace, source->offset + source->length, "%s",
                              source->failure);
        if (source->length > 0)
            return trace_fail(trace, source->offset,
                              "a record of %d bytes is cut off after %d",
                              (int)RECORD_BYTES, (int)source->length);
        return 0;
    }
    if (count > capacity)
        count = capacity;
    const unsigned char *record = source->data;
    for (size_t i = 0; i < count; i++, record += RECORD_BYTES)
        out[i] = (struct trace_record){
            .page = little_endian_64(record + 4),
            .time_ns = little_endian_32(record) * UINT64_C(1000000000),
        };
    trace->batch_offset = source->offset;
    trace_source_consume(source, count * RECORD_BYTES);
    return (ptrdiff_t)count;
}

const struct trace_ops trace_oracle_ops = {
    .next = oracle_next,
    .has_time = true,
    .record_bytes = RECORD_BYTES,
};
