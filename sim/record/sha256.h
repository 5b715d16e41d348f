/*
 * SHA-256 as FIPS 180-4 defines it, over a stream.
 *
 * Used to name a scenario's text and to compute run fingerprints, not for
 * secrecy. One pass, constant memory, no allocation.
 */
#ifndef LOWTIDE_RECORD_SHA256_H
#define LOWTIDE_RECORD_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
/* Hex digits of a digest and the terminating zero. */
#define SHA256_HEX_SIZE (2 * SHA256_BYTES + 1)

struct sha256 {
    uint32_t state[8];
    uint64_t length_bytes; /* of all input so far */
    uint8_t block[64];     /* the input that fills no block yet */
};

void sha256_init(struct sha256 *sha);

/* Append `size` bytes; `data` is borrowed and may be NULL if size is 0. */
void sha256_update(struct sha256 *sha, const void *data, size_t size);

/* The digest of all input. The struct must be initialised again to go on. */
void sha256_final(struct sha256 *sha, uint8_t digest[SHA256_BYTES]);

/*
 * The first `size` bytes of a digest in lower-case hex.
 *
 *   hex   room for 2 * size + 1 characters
 */
void sha256_hex(const uint8_t *digest, size_t size, char *hex);

#endif
