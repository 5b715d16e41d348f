/*
 * Two models of a page's compressed size. lz4 synthesises the page's bytes and
 * compresses them; ratio draws a size around the compressibility. The second
 * is there for runs with millions of compressions.
 *
 * A limit is applied to the finished length and not to the output buffer:
 * liblz4 gives up some bytes before a buffer is really full.
 */
#include "compression_model.h"

#include <lz4.h>
#include <string.h>

#include "check.h"

enum { PAGE_BYTES = 4096, BUFFER_BYTES = LZ4_COMPRESSBOUND(PAGE_BYTES) };

static bool is_all_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

enum compress_result lz4_compress_page(const uint8_t *page, uint8_t *out,
                                       uint32_t limit, uint32_t *length)
{
    char compressed[BUFFER_BYTES];
    int bytes = LZ4_compress_fast((const char *)page, compressed, PAGE_BYTES,
                                  BUFFER_BYTES, LZ4_ACCELERATION);

    CHECK(bytes > 0);
    if ((uint32_t)bytes > limit)
        return COMPRESS_FAILED;
    if (is_all_zero(page))
        return COMPRESS_ZERO;
    memcpy(out, compressed, (size_t)bytes);
    *length = (uint32_t)bytes;
    return COMPRESS_OK;
}

static enum compress_result measure_lz4(uint64_t content,
                                        double compressibility, uint32_t limit,
                                        uint32_t *length)
{
    uint8_t page[PAGE_BYTES];
    uint8_t out[BUFFER_BYTES];

    page_synthesise(content, compressibility, page);
    return lz4_compress_page(page, out, limit, length);
}

/* Sizes spread evenly over a tenth to either side of the wanted one. */
static enum compress_result measure_ratio(uint64_t content,
                                          double compressibility,
                                          uint32_t limit, uint32_t *length)
{
    const double spread = 0.1;
    double drawn = 1 + spread * page_draw(content);
    double bytes = compressibility * PAGE_BYTES * drawn;

    if (content == 0)
        return COMPRESS_ZERO;
    *length = bytes < 1 ? 1 : (uint32_t)bytes;
    return *length <= limit ? COMPRESS_OK : COMPRESS_FAILED;
}

enum compress_result compression_measure(enum compression_model model,
                                         uint64_t content,
                                         double compressibility, uint32_t limit,
                                         uint32_t *length)
{
    CHECK(compressibility >= 0);
    CHECK(compressibility <= 1);
    if (model == COMPRESSION_RATIO)
        return measure_ratio(content, compressibility, limit, length);
    return measure_lz4(content, compressibility, limit, length);
}
