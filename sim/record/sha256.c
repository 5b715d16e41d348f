/*
 * SHA-256, FIPS 180-4 section 6.2: the message is padded to whole blocks of
 * 64 bytes (a one bit, zeros, the length in bits), each block is expanded to
 * 64 words and mixed into eight words of state.
 *
 * Written for clarity: a block's words are expanded in place in a window of
 * sixteen, since no step looks further back.
 */
#include "record/sha256.h"

#include <string.h>

#define BLOCK_BYTES 64

/* The first 32 bits of the fractions of the cube roots of 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t word, unsigned bits)
{
    return (word >> bits) | (word << (32 - bits));
}

static uint32_t load_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

static void store_be32(uint8_t *bytes, uint32_t word)
{
    bytes[0] = (uint8_t)(word >> 24);
    bytes[1] = (uint8_t)(word >> 16);
    bytes[2] = (uint8_t)(word >> 8);
    bytes[3] = (uint8_t)word;
}

/* Word `t` of the message schedule; `window` holds the sixteen before it. */
static uint32_t schedule_word(uint32_t window[16], unsigned t,
                              const uint8_t *block)
{
    if (t < 16)
        return window[t] = load_be32(block + 4 * t);
    uint32_t w15 = window[(t - 15) & 15];
    uint32_t w2 = window[(t - 2) & 15];
    uint32_t sigma0 = rotate_right(w15, 7) ^ rotate_right(w15, 18) ^ (w15 >> 3);
    uint32_t sigma1 = rotate_right(w2, 17) ^ rotate_right(w2, 19) ^ (w2 >> 10);
    return window[t & 15] += sigma0 + window[(t - 7) & 15] + sigma1;
}

static void mix_block(struct sha256 *sha, const uint8_t *block)
{
    uint32_t window[16];
    uint32_t a = sha->state[0], b = sha->state[1], c = sha->state[2];
    uint32_t d = sha->state[3], e = sha->state[4], f = sha->state[5];
    uint32_t g = sha->state[6], h = sha->state[7];

    for (unsigned t = 0; t < 64; t++) {
        uint32_t sum1 =
            rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
        uint32_t choice = (e & f) ^ (~e & g);
        uint32_t t1 = h + sum1 + choice + round_constants[t] +
                      schedule_word(window, t, block);
        uint32_t sum0 =
            rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
        uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + sum0 + majority;
    }
    sha->state[0] += a;
    sha->state[1] += b;
    sha->state[2] += c;
    sha->state[3] += d;
    sha->state[4] += e;
    sha->state[5] += f;
    sha->state[6] += g;
    sha->state[7] += h;
}

void sha256_init(struct sha256 *sha)
{
    /* fractions of the square roots of the first eight primes */
    static const uint32_t initial[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    memcpy(sha->state, initial, sizeof(initial));
    sha->length_bytes = 0;
}

void sha256_update(struct sha256 *sha, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t held = (size_t)(sha->length_bytes % BLOCK_BYTES);

    sha->length_bytes += size;
    while (size > 0) {
        if (held == 0 && size >= BLOCK_BYTES) {
            mix_block(sha, bytes);
            bytes += BLOCK_BYTES;
            size -= BLOCK_BYTES;
            continue;
        }
        size_t part = BLOCK_BYTES - held < size ? BLOCK_BYTES - held : size;
        memcpy(sha->block + held, bytes, part);
        bytes += part;
        size -= part;
        held += part;
        if (held == BLOCK_BYTES) {
            mix_block(sha, sha->block);
            held = 0;
        }
    }
}

void sha256_final(struct sha256 *sha, uint8_t digest[SHA256_BYTES])
{
    static const uint8_t padding[BLOCK_BYTES] = {0x80};
    uint64_t bits = sha->length_bytes * 8;
    size_t held = (size_t)(sha->length_bytes % BLOCK_BYTES);
    uint8_t length[8];

    store_be32(length, (uint32_t)(bits >> 32));
    store_be32(length + 4, (uint32_t)bits);
    sha256_update(sha, padding, held < 56 ? 56 - held : 120 - held);
    sha256_update(sha, length, sizeof(length));
    for (int i = 0; i < 8; i++)
        store_be32(digest + 4 * i, sha->state[i]);
}

void sha256_hex(const uint8_t *digest, size_t size, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * size] = '\0';
}
