/*
 * The bytes behind a content number.
 *
 *   0       8                            n                        4096
 *   [content][ pseudo-random, no two alike ][ zeros . . . . . . . . . ]
 *
 * The number itself stands in front, so different numbers are different pages
 * and only number 0 is the page of zeros. Random bytes do not compress and
 * zeros compress to almost nothing, so the compressed size follows n. What LZ4
 * adds to n was measured: 37 bytes and one in a thousand.
 */
#include "compressor.h"

#include <string.h>

enum { PAGE_BYTES = 4096, WORD_BYTES = 8, LZ4_OVERHEAD_BYTES = 37 };

/* A number that has nothing to do with its neighbours' (splitmix64). */
static uint64_t scramble(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

double page_draw(uint64_t content)
{
    const double two_to_52 = 4503599627370496.0;

    return (double)(scramble(~content) >> 11) / two_to_52 - 1;
}

/* Pseudo-random bytes for a page that should compress to that share. */
static uint32_t random_bytes(uint64_t content, double compressibility)
{
    const double spread = 0.02; /* pages of one object are not all alike */
    double wanted =
        compressibility * PAGE_BYTES * (1 + spread * page_draw(content));
    double bytes = wanted * 0.999 - LZ4_OVERHEAD_BYTES;

    if (bytes < WORD_BYTES)
        return WORD_BYTES;
    return bytes < PAGE_BYTES ? (uint32_t)bytes : PAGE_BYTES;
}

void page_synthesise(uint64_t content, double compressibility, uint8_t *out)
{
    uint32_t end = random_bytes(content, compressibility);
    uint64_t seed = scramble(content);
    uint64_t word = content;

    memset(out, 0, PAGE_BYTES);
    if (content == 0)
        return;
    for (uint32_t at = 0; at < end; at += WORD_BYTES) {
        uint32_t bytes = end - at < WORD_BYTES ? end - at : WORD_BYTES;

        for (uint32_t i = 0; i < bytes; i++)
            out[at + i] = (uint8_t)(word >> 8 * i);
        word = scramble(seed + at);
    }
}
