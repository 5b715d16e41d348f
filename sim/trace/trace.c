/*
 * Opening a trace: which format it is, and what all formats have in common.
 */
#include "trace/trace.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/ltt_block.h"
#include "trace/trace_internal.h"

static const struct {
    const char *name;
    const struct trace_ops *ops;
} formats[TRACE_FORMAT_COUNT] = {
    [TRACE_AUTO] = {"auto", NULL},
    [TRACE_TEXT] = {"text", &trace_text_ops},
    [TRACE_LACKEY] = {"lackey", &trace_lackey_ops},
    [TRACE_ORACLE_GENERAL] = {"oracleGeneral", &trace_oracle_ops},
    [TRACE_CSV] = {"csv", &trace_csv_ops},
    [TRACE_DAMO] = {"damo", &trace_damo_ops},
    [TRACE_PERF] = {"perf", &trace_perf_ops},
    [TRACE_LTT] = {"ltt", &trace_ltt_ops},
};

const char *trace_format_name(enum trace_format format)
{
    return formats[format].name;
}

bool trace_format_parse(const char *name, enum trace_format *format)
{
    for (int i = 0; i < TRACE_FORMAT_COUNT; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *format = (enum trace_format)i;
            return true;
        }
    }
    return false;
}

/* --- failures --------------------------------------------------------------------- */

ptrdiff_t trace_fail(struct trace *trace, uint64_t offset, const char *format,
                     ...)
{
    char reason[256], line[32] = "";
    va_list values;
    va_start(values, format);
    (void)vsnprintf(reason, sizeof reason, format, values);
    va_end(values);
    if (trace->line > 0)
        (void)snprintf(line, sizeof line, ", line %llu",
                       (unsigned long long)trace->line);
    (void)snprintf(trace->error, sizeof trace->error, "%s: byte %llu%s%s: %s",
                   trace->path, (unsigned long long)offset,
                   trace->source.is_compressed ? " (decompressed)" : "", line,
                   reason);
    return -1;
}

int trace_fail_line(struct trace *trace, const struct trace_line *line,
                    size_t most, const char *reason)
{
    return (int)trace_fail(trace, line->offset, "%s: \"%.*s\"", reason,
                           (int)(line->length < most ? line->length : most),
                           line->text);
}

const char *trace_error(const struct trace *trace)
{
    return trace->error[0] ? trace->error : NULL;
}

/* --- lines ------------------------------------------------------------------------- */

/* The line that begins where the source stands; 1, 0 at the end, -1. */
static int take_line(struct trace *trace, struct trace_line *line)
{
    struct trace_source *source = &trace->source;
    const unsigned char *end = NULL;
    size_t searched = 0;
    trace->line++;
    for (;;) {
        if (source->length > searched)
            end = memchr(source->data + searched, '\n',
                         source->length - searched);
        searched = source->length;
        if (end)
            break;
        if (searched > TRACE_MAX_LINE)
            return (int)trace_fail(trace, source->offset,
                                   "a line of over %d bytes",
                                   (int)TRACE_MAX_LINE);
        if (!trace_source_more(source))
            break;
    }
    if (source->failure)
        return (int)trace_fail(trace, source->offset + source->length, "%s",
                               source->failure);
    if (!end && source->length == 0) {
        trace->line--;
        return 0;
    }
    if (!end && trace->ops->wants_line_ends)
        return (int)trace_fail(trace, source->offset + source->length,
                               "the file is cut off within a line");
    size_t length = end ? (size_t)(end - source->data) : source->length;
    *line =
        (struct trace_line){(const char *)source->data, length, source->offset};
    trace_source_consume(source, end ? length + 1 : length);
    while (line->length > 0 &&
           isspace((unsigned char)line->text[line->length - 1]))
        line->length--;
    return 1;
}

int trace_next_line(struct trace *trace, struct trace_line *line)
{
    int got;
    while ((got = take_line(trace, line)) == 1) {
        size_t at = 0;
        while (at < line->length && isspace((unsigned char)line->text[at]))
            at++;
        if (at < line->length && line->text[at] != '#')
            break;
    }
    return got;
}

ptrdiff_t trace_next_of_lines(struct trace *trace, struct trace_record *out,
                              size_t capacity)
{
    struct trace_line line = {.text = NULL};
    size_t count = 0;
    while (count < capacity) {
        int got = trace_next_line(trace, &line);
        if (got == 0)
            break;
        if (got == 1)
            got = trace->ops->parse(trace, &line, &out[count]);
        if (got < 0)
            return count ? (ptrdiff_t)count : -1; /* tells the next time */
        if (got == 1)
            trace->offsets[count++] = line.offset;
    }
    return (ptrdiff_t)count;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

bool trace_number(const char **at, const char *end, unsigned base,
                  uint64_t *value)
{
    const char *p = *at;
    if (base != 16 && end - p > 2 && p[0] == '0' && (p[1] | 0x20) == 'x') {
        p += 2;
        base = 16;
    }
    uint64_t number = 0;
    const char *first = p;
    for (; p < end && digit_value(*p) < (int)base; p++)
        if (__builtin_mul_overflow(number, (uint64_t)base, &number) ||
            __builtin_add_overflow(number, (uint64_t)digit_value(*p), &number))
            return false;
    if (p == first)
        return false;
    *at = p;
    *value = number;
    return true;
}

/* --- address spaces ----------------------------------------------------------------- */

bool trace_check_spaces(struct trace *trace)
{
    if (trace->page_size >> (64 - TRACE_SPACE_SHIFT) != 0)
        return true;
    (void)trace_fail(trace, 0, "%s traces need pages of 4096 bytes or more",
                     trace_format_name(trace->format));
    return false;
}

bool trace_space(struct trace *trace, uint64_t name, uint64_t offset,
                 uint64_t *number)
{
    struct trace_spaces *spaces = &trace->spaces;
    size_t at = spaces->last;
    if (at >= spaces->count || spaces->names[at] != name)
        for (at = 0; at < spaces->count && spaces->names[at] != name; at++)
            ;
    if (at == spaces->count) {
        if (at == TRACE_MAX_SPACES) {
            (void)trace_fail(trace, offset, "more than %d address spaces",
                             (int)TRACE_MAX_SPACES);
            return false;
        }
        if (at == spaces->room) {
            size_t room = at ? at * 2 : 16;
            uint64_t *grown =
                realloc(spaces->names, room * sizeof *spaces->names);
            if (!grown) {
                (void)trace_fail(trace, offset, "out of memory");
                return false;
            }
            spaces->names = grown;
            spaces->room = room;
        }
        spaces->names[spaces->count++] = name;
    }
    spaces->last = at;
    *number = at;
    return true;
}

/* --- which format ------------------------------------------------------------------- */

static bool name_has(const char *path, const char *part)
{
    const char *name = strrchr(path, '/');
    return strstr(name ? name : path, part) != NULL;
}

static bool is_binary(const unsigned char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (data[i] < 0x20 && !isspace(data[i]))
            return true;
    return false;
}

static bool is_lackey_line(const char *text, size_t length)
{
    return (length > 3 && text[0] == ' ' && strchr("LSM", text[1]) &&
            text[2] == ' ') ||
           (length > 3 && strncmp(text, "I  ", 3) == 0) ||
           (length > 2 && strncmp(text, "==", 2) == 0);
}

static bool starts_with(const char *text, size_t length, const char *start)
{
    return length >= strlen(start) && strncmp(text, start, strlen(start)) == 0;
}

static bool is_damo_line(const char *text, size_t length)
{
    return starts_with(text, length, "base_time_absolute:") ||
           starts_with(text, length, "monitoring_start:");
}

/* The format of a text whose first line with something on it this is. */
static enum trace_format format_of_line(const char *text, size_t length)
{
    if (is_damo_line(text, length))
        return TRACE_DAMO;
    if (trace_perf_is_sample(text, length))
        return TRACE_PERF;
    if (memchr(text, ',', length) || memchr(text, ';', length) ||
        memchr(text, '\t', length))
        return TRACE_CSV;
    return isdigit((unsigned char)*text) ? TRACE_TEXT : TRACE_AUTO;
}

/* By its first bytes, by name, then by the first line with something on it. */
static enum trace_format detect(struct trace *trace)
{
    struct trace_source *source = &trace->source;
    while (source->length < 4096 && trace_source_more(source))
        ;
    size_t head = source->length < 4096 ? source->length : 4096;
    if (head >= LTT_MAGIC_BYTES &&
        memcmp(source->data, LTT_MAGIC, LTT_MAGIC_BYTES) == 0)
        return TRACE_LTT;
    if (name_has(trace->path, "oracleGeneral") ||
        (head > 0 && is_binary(source->data, head)))
        return TRACE_ORACLE_GENERAL;
    if (name_has(trace->path, ".csv"))
        return TRACE_CSV;
    const char *text = (const char *)source->data;
    const char *end = text + head;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);
        if (is_lackey_line(text, length))
            return TRACE_LACKEY;
        if (length > 0 && *text != '#' && *text != '\r')
            return format_of_line(text, length);
        text += length + 1;
    }
    return TRACE_TEXT;
}

/* --- opening -------------------------------------------------------------------------- */

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static bool set_up(struct trace *trace, const struct trace_options *options)
{
    trace->page_size = options->page_size ? options->page_size : 4096;
    if (!is_power_of_two(trace->page_size)) {
        (void)trace_fail(trace, 0, "a page size of %llu is no power of two",
                         (unsigned long long)trace->page_size);
        return false;
    }
    trace->format =
        options->format == TRACE_AUTO ? detect(trace) : options->format;
    if (trace->source.failure) {
        (void)trace_fail(trace, trace->source.offset + trace->source.length,
                         "%s", trace->source.failure);
        return false;
    }
    if (trace->format == TRACE_AUTO) {
        (void)trace_fail(trace, 0,
                         "can't tell the format; name it: text, lackey, "
                         "oracleGeneral, csv, damo, perf or ltt");
        return false;
    }
    trace->ops = formats[trace->format].ops;
    trace->has_time = trace->ops->has_time;
    if (options->columns && !trace_csv_columns(trace, options->columns))
        return false;
    return !trace->ops->open || trace->ops->open(trace);
}

static char *copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}

struct trace *trace_open(const char *path, const struct trace_options *options,
                         char *error, size_t error_size)
{
    static const struct trace_options defaults = {.format = TRACE_AUTO};
    struct trace *trace = calloc(1, sizeof *trace);
    if (trace)
        trace->path = copy_text(path);
    if (!trace || !trace->path) {
        free(trace);
        (void)snprintf(error, error_size, "%s: out of memory", path);
        return NULL;
    }
    bool opened = trace_source_open(&trace->source, path);
    if (!opened)
        (void)snprintf(error, error_size, "%s: %s", path,
                       trace->source.failure ? trace->source.failure
                                             : strerror(errno));
    else if (!set_up(trace, options ? options : &defaults))
        (void)snprintf(error, error_size, "%s", trace->error);
    else
        return trace;
    trace_close(trace);
    return NULL;
}

void trace_close(struct trace *trace)
{
    if (trace->ops && trace->ops->close)
        trace->ops->close(trace);
    trace_source_close(&trace->source);
    free(trace->spaces.names);
    free(trace->offsets);
    free(trace->path);
    free(trace);
}

/* --- reading ----------------------------------------------------------------------------- */

ptrdiff_t trace_next(struct trace *trace, struct trace_record *out,
                     size_t capacity)
{
    if (trace->error[0])
        return -1;
    if (trace->ops->lists_offsets && trace->offset_capacity < capacity) {
        uint64_t *offsets = realloc(trace->offsets, capacity * sizeof *offsets);
        if (!offsets)
            return trace_fail(trace, trace->source.offset, "out of memory");
        trace->offsets = offsets;
        trace->offset_capacity = capacity;
    }
    return trace->ops->next(trace, out, capacity);
}

bool trace_rewind(struct trace *trace)
{
    trace->error[0] = '\0';
    trace->line = 0;
    if (!trace_source_rewind(&trace->source)) {
        (void)trace_fail(trace, 0, "can't be read again");
        return false;
    }
    return !trace->ops->rewind || trace->ops->rewind(trace);
}

/* What no format can do faster: read up to there. */
static bool read_up_to(struct trace *trace, uint64_t request)
{
    struct trace_record records[256];
    const uint64_t room = sizeof records / sizeof records[0];
    ptrdiff_t got = 1;
    for (uint64_t left = request; left > 0 && got > 0; left -= (uint64_t)got)
        got = trace_next(trace, records, (size_t)(left < room ? left : room));
    if (got == 0)
        (void)trace_fail(trace, trace->source.offset,
                         "the trace ends before request %llu",
                         (unsigned long long)request);
    return got > 0;
}

bool trace_seek(struct trace *trace, uint64_t request)
{
    if (!trace_rewind(trace))
        return false;
    return trace->ops->seek ? trace->ops->seek(trace, request)
                            : read_up_to(trace, request);
}

uint64_t trace_record_offset(const struct trace *trace, size_t index)
{
    return trace->ops->lists_offsets
               ? trace->offsets[index]
               : trace->batch_offset + trace->ops->record_bytes * index;
}

bool trace_is_compressed(const struct trace *trace)
{
    return trace->source.is_compressed;
}

enum trace_format trace_get_format(const struct trace *trace)
{
    return trace->format;
}

uint64_t trace_page_bytes(const struct trace *trace)
{
    return trace->page_size;
}

bool trace_has_time(const struct trace *trace)
{
    return trace->has_time;
}

bool trace_stored_crc32(const struct trace *trace, uint64_t *bytes,
                        uint32_t *crc)
{
    return trace_source_crc32(&trace->source, bytes, crc);
}
