/*
 * The compressor: turns a page's content into a reference and back.
 *
 *   [finalized] --arm--> [ready] --start--> [started] --compress--> [compressed]
 *        ^                                                              |
 *        +----------------------------- finalize -----------------------+
 *
 * One instance for a machine. Armed, it holds a spare page, so that a
 * temporary reference which has to move can become a page without allocating,
 * and for the store a buffer page. With the lz4 model a page's bytes are
 * synthesised from its content number and its object's compressibility and
 * really compressed by liblz4; with the ratio model only sizes are drawn, from
 * the same two numbers. Where the bytes are not needed again they are not
 * kept: a reference remembers the content number.
 */
#ifndef VMCOW_COMPRESSOR_H
#define VMCOW_COMPRESSOR_H

#include "page_slot.h"
#include "pmm.h"

/* What decides how large a page becomes: liblz4, or a number that is drawn. */
enum compression_model { COMPRESSION_LZ4, COMPRESSION_RATIO };
/* Where results are kept: three to a page at most, or without any waste. */
enum compression_storage { STORAGE_TRI_PAGE, STORAGE_EXACT };

enum { COMPRESSION_AGE_BUCKETS = 8, LZ4_ACCELERATION = 11 };

/*
 * Whose buckets decompressions are counted in, by whole seconds s held:
 * documented: s = 0, then [2^(k-1), 2^k) in bucket k; a: as the code of 2023
 * had it, 1 + the trailing zeros of s; b: as later, log2 of s, all above in the
 * last. What is past the last bucket is in none.
 */
enum compression_ages {
    COMPRESSION_AGES_DOCUMENTED,
    COMPRESSION_AGES_A,
    COMPRESSION_AGES_B
};

/* Constant for a compressor's life, but for `ages`. */
struct compressor_config {
    enum compression_model model;
    enum compression_storage storage;
    uint32_t threshold_percent; /* 1 .. 100: of a page; larger results fail */
    enum compression_ages ages;
};

/* Totals of attempts and decompressions; and what the store holds now. */
struct compressor_stats {
    uint64_t attempts, success, zero, fail;
    uint64_t decompressions, skipped;
    uint64_t stored_bytes, storage_pages, items; /* now */
    /* by seconds held: config.ages says which */
    uint64_t decompression_age[COMPRESSION_AGE_BUCKETS];
};

struct compressor;

/* `pmm` is borrowed. NULL: out of memory. */
struct compressor *compressor_new(struct pmm *pmm,
                                  const struct compressor_config *config);
/* Frees it with what the store holds; no attempt is under way. */
void compressor_free(struct compressor *compressor);

/* Get ready for one page: take a spare page without waiting.
 * VM_OK or VM_NO_MEMORY. */
enum vm_status compressor_arm(struct compressor *compressor);
/* Is it ready for a page? */
bool compressor_is_armed(const struct compressor *compressor);
/* Give the spare page back; no attempt is under way. */
void compressor_disarm(struct compressor *compressor);

/*
 * Begin with the page (taken until finalize). Returns the temporary reference
 * that stands for it in its slot.
 */
uint64_t compressor_start(struct compressor *compressor, page_index page);

/* Is this the temporary reference of the attempt under way? */
bool compressor_is_temporary(const struct compressor *compressor,
                             uint64_t reference);

/* What an attempt comes to. FAILED: larger than the threshold, or no room. */
enum compress_result { COMPRESS_OK, COMPRESS_ZERO, COMPRESS_FAILED };

/*
 * Compress the page begun with.
 *
 *   compressibility  of its object, 0 .. 1: compressed share of the page
 *   now              simulated time, stored with the item
 *   reference        set when COMPRESS_OK
 */
enum compress_result compressor_compress(struct compressor *compressor,
                                         double compressibility, sim_ns now,
                                         uint64_t *reference);

/* The attempt is over; the page begun with is the caller's again. */
page_index compressor_finalize(struct compressor *compressor);

/*
 * The temporary reference has to move: it becomes the spare page (ALLOC
 * state, content copied, the caller's). The attempt goes on, its result will
 * find nobody.
 */
page_index compressor_take_temporary(struct compressor *compressor,
                                     uint64_t reference);

/* The content number behind a reference, temporary ones included. */
uint64_t compressor_peek(const struct compressor *compressor,
                         uint64_t reference);

/*
 * Decompress into `page` (its content is set) and forget the reference. A
 * temporary reference is copied and counts as no decompression.
 */
void compressor_decompress(struct compressor *compressor, uint64_t reference,
                           page_index page, sim_ns now);

/* Forget a reference without decompressing (counted as skipped). */
void compressor_free_reference(struct compressor *compressor,
                               uint64_t reference);

/* A number of the caller's that is kept with what is stored; 0 at first. */
void compressor_set_stamp(struct compressor *compressor, uint64_t reference,
                          uint32_t stamp);
uint32_t compressor_stamp(const struct compressor *compressor,
                          uint64_t reference);

/* From now on decompressions are counted that way. */
void compressor_set_ages(struct compressor *compressor,
                         enum compression_ages ages);

/* Pages of physical memory the store takes. */
uint64_t compressor_storage_pages(const struct compressor *compressor);

/* Pages taken besides: spare, buffer, and the page of an attempt under way.
 * The buffer page stays from the first attempt on. */
uint64_t compressor_held_pages(const struct compressor *compressor);

/* A copy of the totals. */
struct compressor_stats compressor_stats(const struct compressor *compressor);

/* Bytes of a page with this content and compressibility into `out` (4096). */
void page_synthesise(uint64_t content, double compressibility, uint8_t *out);

/* A number in [-1, 1) that depends on the content alone, evenly spread. */
double page_draw(uint64_t content);

/* Returns the first broken invariant, NULL if none. */
const char *compressor_valid(const struct compressor *compressor);

#endif
