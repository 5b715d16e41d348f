/* SHA-256 (FIPS 180-4) of a scenario's text: names it in the run table. */
#ifndef LOWTIDE_SHA256_H
#define LOWTIDE_SHA256_H

#include <stddef.h>

enum { SHA256_HEX_BYTES = 65 };

/* The digest of `length` bytes as 64 lower-case hex digits and a NUL. */
void sha256_hex(const void *data, size_t length, char out[SHA256_HEX_BYTES]);

#endif
