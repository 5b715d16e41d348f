/* Histograms keep their error bound; SHA-256 gives the published digests. */
#include "record/histogram.h"
#include "record/sha256.h"

#include <string.h>

#include <criterion/criterion.h>

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

Test(record_histogram, bucket_holds_the_value_within_one_per_cent)
{
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 1000000; i++) {
        uint64_t value = next_random(&state) >> (i % 64);
        size_t bucket = histogram_bucket_of(value);
        uint64_t upper = histogram_upper(bucket);
        cr_assert_lt(bucket, HISTOGRAM_BUCKETS);
        cr_assert_geq(upper, value);
        cr_assert_leq((double)(upper - value), 0.01 * (double)value);
    }
}

Test(record_histogram, buckets_are_dense_and_in_order)
{
    for (size_t i = 1; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t below = histogram_upper(i - 1);
        cr_assert_gt(histogram_upper(i), below);
        cr_assert_eq(histogram_bucket_of(below), i - 1);
        cr_assert_eq(histogram_bucket_of(below + 1), i);
    }
    cr_assert_eq(histogram_upper(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}

Test(record_histogram, quantiles_and_merge)
{
    struct histogram a, b;
    uint64_t value;
    cr_assert(histogram_init(&a));
    cr_assert(histogram_init(&b));
    cr_assert_not(histogram_quantile(&a, 0.5, &value));
    for (uint64_t v = 1; v <= 100; v++)
        histogram_record(v % 2 ? &a : &b, v);
    histogram_merge(&a, &b);
    cr_assert_eq(a.count, 100u);
    cr_assert_eq(a.max, 100u);
    static const struct {
        double q;
        uint64_t value;
    } wanted[] = {{0, 1},      {0.01, 1},  {0.5, 50},
                  {0.505, 51}, {0.99, 99}, {1, 100}};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        cr_assert(histogram_quantile(&a, wanted[i].q, &value));
        cr_assert_eq(value, wanted[i].value, "q %g", wanted[i].q);
    }
    histogram_clear(&a);
    cr_assert_eq(a.count, 0u);
    cr_assert_not(histogram_quantile(&a, 0.5, &value));
    histogram_release(&a);
    histogram_release(&b);
    histogram_release(&b);
}

static void digest_of(const char *text, size_t repeats, char *hex)
{
    struct sha256 sha;
    uint8_t digest[SHA256_BYTES];
    sha256_init(&sha);
    for (size_t i = 0; i < repeats; i++)
        sha256_update(&sha, text, strlen(text));
    sha256_final(&sha, digest);
    sha256_hex(digest, sizeof(digest), hex);
}

Test(record_sha256, gives_the_published_digests)
{
    static const struct {
        const char *text;
        size_t repeats;
        const char *hex;
    } vectors[] = {
        {"", 1,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1,
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 1000000,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    char hex[SHA256_HEX_SIZE];
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        digest_of(vectors[i].text, vectors[i].repeats, hex);
        cr_assert_str_eq(hex, vectors[i].hex);
    }
}

Test(record_sha256, pieces_of_any_size_give_the_same_digest)
{
    uint8_t data[300], whole[SHA256_BYTES], parts[SHA256_BYTES];
    struct sha256 sha;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size <= sizeof(data); size++) {
        sha256_init(&sha);
        sha256_update(&sha, data, size);
        sha256_final(&sha, whole);
        for (size_t cut = 1; cut < 130; cut += 9) {
            sha256_init(&sha);
            for (size_t at = 0; at < size; at += cut)
                sha256_update(&sha, data + at,
                              at + cut < size ? cut : size - at);
            sha256_final(&sha, parts);
            cr_assert(memcmp(whole, parts, sizeof(whole)) == 0);
        }
    }
}
