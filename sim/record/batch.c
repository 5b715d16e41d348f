/*
 * The buffer's layout, with no alignment:
 *
 *   row    u8 statement, u8 count of cells, cells
 *   cell   u8 tag, then   TAG_NULL     nothing
 *                         TAG_NUMBER   i64
 *                         TAG_TEXT     u32 length, the bytes, no zero
 *
 * Text is bound in place, so the buffer must not move while a row's statement
 * runs; it does not, since rows are only added between runs.
 */
#include "record/batch.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_NULL, TAG_NUMBER, TAG_TEXT };

#define ROW_HEADER_BYTES 2
#define FIRST_CAPACITY   65536

static size_t cell_bytes(const struct cell *cell)
{
    if (cell->is_null)
        return 1;
    if (!cell->text)
        return 1 + sizeof(cell->number);
    return 1 + sizeof(uint32_t) + strlen(cell->text);
}

/* Write a cell at `out`; returns the place after it. */
static unsigned char *cell_encode(const struct cell *cell, unsigned char *out)
{
    if (cell->is_null) {
        *out++ = TAG_NULL;
    } else if (!cell->text) {
        *out++ = TAG_NUMBER;
        memcpy(out, &cell->number, sizeof(cell->number));
        out += sizeof(cell->number);
    } else {
        uint32_t length = (uint32_t)strlen(cell->text);
        *out++ = TAG_TEXT;
        memcpy(out, &length, sizeof(length));
        out += sizeof(length);
        memcpy(out, cell->text, length);
        out += length;
    }
    return out;
}

void cells_hash(struct sha256 *sha, const struct cell *cells, size_t count)
{
    /* numbers are hashed low byte first, whatever the machine's order */
    for (size_t i = 0; i < count; i++) {
        const struct cell *cell = &cells[i];
        size_t length = cell->is_null || !cell->text ? 0 : strlen(cell->text);
        uint64_t number = cell->text ? length : (uint64_t)cell->number;
        unsigned char head[9] = {cell->is_null ? TAG_NULL
                                 : cell->text  ? TAG_TEXT
                                               : TAG_NUMBER};
        for (int byte = 0; byte < 8 && !cell->is_null; byte++)
            head[1 + byte] = (unsigned char)(number >> (8 * byte));
        sha256_update(sha, head, cell->is_null ? 1 : sizeof(head));
        sha256_update(sha, cell->text, length);
    }
}

void cells_bind(sqlite3_stmt *statement, const struct cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int parameter = (int)i + 1;
        if (cells[i].is_null)
            sqlite3_bind_null(statement, parameter);
        else if (cells[i].text)
            sqlite3_bind_text(statement, parameter, cells[i].text, -1,
                              SQLITE_STATIC);
        else
            sqlite3_bind_int64(statement, parameter, cells[i].number);
    }
}

void batch_release(struct batch *batch)
{
    free(batch->bytes);
    *batch = (struct batch){0};
}

void batch_clear(struct batch *batch)
{
    batch->size = 0;
    batch->rows = 0;
}

static bool batch_reserve(struct batch *batch, size_t more)
{
    size_t capacity = batch->capacity ? batch->capacity : FIRST_CAPACITY;
    if (batch->capacity - batch->size >= more)
        return true;
    while (capacity - batch->size < more)
        capacity *= 2;
    unsigned char *bytes = realloc(batch->bytes, capacity);
    if (!bytes)
        return false;
    batch->bytes = bytes;
    batch->capacity = capacity;
    return true;
}

bool batch_add(struct batch *batch, unsigned statement,
               const struct cell *cells, size_t count)
{
    size_t more = ROW_HEADER_BYTES;
    for (size_t i = 0; i < count; i++)
        more += cell_bytes(&cells[i]);
    if (!batch_reserve(batch, more))
        return false;
    unsigned char *out = batch->bytes + batch->size;
    *out++ = (unsigned char)statement;
    *out++ = (unsigned char)count;
    for (size_t i = 0; i < count; i++)
        out = cell_encode(&cells[i], out);
    batch->size += more;
    batch->rows++;
    return true;
}

/* Bind the cell at `in` to a parameter; returns the place after it. */
static const unsigned char *cell_bind(sqlite3_stmt *statement, int parameter,
                                      const unsigned char *in)
{
    int64_t number;
    uint32_t length;

    switch (*in++) {
    case TAG_NUMBER:
        memcpy(&number, in, sizeof(number));
        sqlite3_bind_int64(statement, parameter, number);
        return in + sizeof(number);
    case TAG_TEXT:
        memcpy(&length, in, sizeof(length));
        in += sizeof(length);
        sqlite3_bind_text(statement, parameter, (const char *)in, (int)length,
                          SQLITE_STATIC);
        return in + length;
    default:
        sqlite3_bind_null(statement, parameter);
        return in;
    }
}

int batch_run(const struct batch *batch, sqlite3_stmt *const *statements,
              int64_t run_id)
{
    const unsigned char *in = batch->bytes;
    const unsigned char *end = in + batch->size;

    while (in < end) {
        sqlite3_stmt *statement = statements[*in++];
        int cells = *in++;
        sqlite3_bind_int64(statement, 1, run_id);
        for (int i = 0; i < cells; i++)
            in = cell_bind(statement, 2 + i, in);
        int status = sqlite3_step(statement);
        sqlite3_reset(statement);
        if (status != SQLITE_DONE)
            return status;
    }
    return SQLITE_OK;
}
