/*
 * The fingerprint of a run: a 128-bit hash over the values of its rows, in
 * order. Not a cryptographic one: it tells equal runs from different ones.
 */
#ifndef LOWTIDE_FINGERPRINT_H
#define LOWTIDE_FINGERPRINT_H

#include <stdint.h>

struct fingerprint {
    uint64_t a, b;
};

static inline void fingerprint_init(struct fingerprint *print)
{
    *print = (struct fingerprint){UINT64_C(0x6c6f777469646531),
                                  UINT64_C(0x9ae16a3b2f90404f)};
}

/* Two multiply-xorshift lanes with different odd constants. */
static inline void fingerprint_number(struct fingerprint *print, uint64_t value)
{
    print->a = (print->a ^ value) * UINT64_C(0x9fb21c651e98df25);
    print->a ^= print->a >> 32;
    print->b = (print->b + value) * UINT64_C(0xd6e8feb86659fd93);
    print->b ^= print->b >> 29;
}

/* NULL counts as a value of its own. */
static inline void fingerprint_text(struct fingerprint *print, const char *text)
{
    if (!text) {
        fingerprint_number(print, UINT64_MAX);
        return;
    }
    uint64_t length = 0;
    for (; *text; text++, length++)
        fingerprint_number(print, (unsigned char)*text);
    fingerprint_number(print, length);
}

#endif
