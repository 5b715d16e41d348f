/*
 * Compression models: how large a page becomes.
 *
 * Both give the same answer whenever they are asked about the same content and
 * compressibility, so nothing has to be remembered. Content 0 is the page of
 * zeros, which needs no storage.
 */
#ifndef VMCOW_COMPRESSION_MODEL_H
#define VMCOW_COMPRESSION_MODEL_H

#include "compressor.h"

/*
 * Compress a page of that content.
 *
 *   compressibility  0 .. 1: compressed share of the page
 *   limit            a larger result fails, in bytes
 *   length           set when COMPRESS_OK: bytes, 1 .. limit
 */
enum compress_result compression_measure(enum compression_model model,
                                         uint64_t content,
                                         double compressibility, uint32_t limit,
                                         uint32_t *length);

/*
 * The lz4 strategy on real bytes: compress `page` (4096 bytes) into `out`
 * (`limit` bytes). COMPRESS_ZERO: it is all zeros, `out` is not written.
 */
enum compress_result lz4_compress_page(const uint8_t *page, uint8_t *out,
                                       uint32_t limit, uint32_t *length);

#endif
