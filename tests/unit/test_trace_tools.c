/*
 * Traces as recording tools print them: damo report raw, perf script.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "trace/trace.h"

enum { MAX_RECORDS = 1000, ERROR_BYTES = 1024 };

struct outcome {
    struct trace_record records[MAX_RECORDS];
    uint64_t offsets[MAX_RECORDS];
    size_t count;
    enum trace_format format;
    char error[ERROR_BYTES]; /* "" if there was none */
};

/* Read a text in batches, twice, which must make no difference. */
static void read_text(const char *text, uint64_t page_size, size_t batch,
                      struct outcome *outcome)
{
    char path[] = "/tmp/lowtide-tools-XXXXXX";
    const struct trace_options options = {.page_size = page_size};
    const int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0);
    const size_t size = strlen(text);
    cr_assert_eq(write(descriptor, text, size), (ssize_t)size);
    close(descriptor);
    struct trace *trace =
        trace_open(path, &options, outcome->error, ERROR_BYTES);
    cr_assert(trace != NULL, "%s", outcome->error);
    outcome->format = trace_get_format(trace);
    for (int round = 0; round < 2; round++) {
        ptrdiff_t got;
        outcome->error[0] = '\0';
        outcome->count = 0;
        while ((got = trace_next(trace, outcome->records + outcome->count,
                                 batch)) > 0) {
            for (ptrdiff_t i = 0; i < got; i++)
                outcome->offsets[outcome->count + (size_t)i] =
                    trace_record_offset(trace, (size_t)i);
            outcome->count += (size_t)got;
            cr_assert_leq(outcome->count + batch, (size_t)MAX_RECORDS);
        }
        if (got < 0)
            snprintf(outcome->error, ERROR_BYTES, "%s", trace_error(trace));
        cr_assert(trace_rewind(trace));
    }
    trace_close(trace);
    unlink(path);
}

/* PAGE[w]@TIME/THREAD, pages in hex, one after the other. */
static void expect(const struct outcome *outcome, const char *expected)
{
    char text[8192] = "";
    for (size_t i = 0; i < outcome->count; i++) {
        const struct trace_record *record = &outcome->records[i];
        const size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%llx%s@%llu/%u", i ? " " : "",
                 (unsigned long long)record->page, record->write ? "w" : "",
                 (unsigned long long)record->time_ns, record->thread);
    }
    cr_assert_str_eq(text, expected, "got \"%s\", wanted \"%s\" (%s)", text,
                     expected, outcome->error);
}

/* --- perf ------------------------------------------------------------------------ */

/* As perf 6.1 printed it, shortened. */
static const char faults[] =
    "# captured on: Sun Nov 29\n"
    "            sort 25975/25975   813.880342:          1 page-faults:     "
    "55a41e7bd548 ffffffff81775b9a\n"
    "            sort 25975/25976   813.881310: page-faults:     7f453e73c110\n"
    "\n"
    "   tmux: server 17/17 [001]  814.000000123: page-faults:u:            0\n"
    "   tmux: server 17/18 [001]  814.000000123: page-faults:u:         1fff\n";

Test(trace_tools, perf_page_faults)
{
    static struct outcome outcome;
    for (size_t batch = 1; batch < 9; batch += 3) {
        read_text(faults, 0, batch, &outcome);
        cr_assert_eq(outcome.format, TRACE_PERF);
        cr_assert_str_empty(outcome.error);
        expect(&outcome, "55a41e7bd@813880342000/25975 "
                         "7f453e73c@813881310000/25976 "
                         "10000000000001@814000000123/18");
        cr_assert_eq(outcome.offsets[0], 26u);
    }
    read_text(faults, 65536, 64, &outcome);
    expect(&outcome, "55a41e7b@813880342000/25975 "
                     "7f453e73@813881310000/25976 "
                     "10000000000000@814000000123/18");
}

Test(trace_tools, perf_memory_samples_know_stores)
{
    static struct outcome outcome;
    read_text(
        "  app 7 1.5: cpu/mem-loads,ldlat=30/P:   7f00 68100142 |OP LOAD|LVL "
        "L1 hit|SNP None|TLB L1 or L2 hit|LCK No\n"
        "  app 7 1.6:  5 cpu/mem-stores/P:        8f00 5080144 |OP STORE|LVL "
        "L1 hit|SNP N/A|TLB N/A|LCK N/A\n"
        "  app 7 1.7: ibs_op//:                   9f00 5080144 |OP STORE|LVL "
        "N/A\n",
        0, 64, &outcome);
    cr_assert_eq(outcome.format, TRACE_PERF);
    expect(&outcome, "7@1500000000/7 8w@1600000000/7 9w@1700000000/7");
}

Test(trace_tools, perf_call_chains_are_passed_over)
{
    static struct outcome outcome;
    read_text("app 7 1.5: page-faults: 7f00\n"
              "\t    7f453e722b70 _start+0x0 (/usr/lib/ld-linux.so.2)\n"
              "\t              12 [unknown] ([unknown])\n"
              "\n"
              "app 7 1.6: page-faults: 8f00\n",
              0, 64, &outcome);
    cr_assert_str_empty(outcome.error);
    expect(&outcome, "7@1500000000/7 8@1600000000/7");
}

Test(trace_tools, perf_damage_names_byte_and_line)
{
    static const struct {
        const char *text, *place, *reason;
    } cases[] = {
        {"a 7 1.5: page-faults: 7f00\na 7 1.5: page-faults:\n",
         "byte 27, line 2:", "no address"},
        {"a 7 1.5: page-faults: 7f00 main+0x5 (/bin/a)\n",
         "byte 0, line 1:", "no address: perf script -F ...,addr"},
        {"a 7 1.5: page-faults: 7f00 [unknown] ([unknown])\n", "byte 0",
         "no address"},
        {"a 7 1.5: 12\n", "byte 0", "no event"},
        {"a 7 1.5:\n", "byte 0", "no event"},
        {"a 7 1.5: page-faults: 7f00\na 7 page-faults: 7f00\n", "byte 27",
         "no sample"},
        {"a 7 1.5: page-faults: 7f0z\n", "byte 0", "no address"},
        {"a 7 1.5: page-faults: 7f00\na 7 1.5: page-faults: 7f", "byte 51",
         "cut off"},
        {"a 7 1.5: page-faults: 12345678123456781\n", "byte 0", "no address"},
    };
    static struct outcome outcome;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_text(cases[i].text, 0, 64, &outcome);
        cr_assert(strstr(outcome.error, cases[i].place) != NULL, "case %zu: %s",
                  i, outcome.error);
        cr_assert(strstr(outcome.error, cases[i].reason) != NULL,
                  "case %zu: %s", i, outcome.error);
    }
}

/* --- damo ------------------------------------------------------------------------- */

#define HEAD(start, end, target, regions)                                      \
    "monitoring_start:    " start "\n"                                         \
    "monitoring_end:      " end "\n"                                           \
    "monitoring_duration: 1 ms\n"                                              \
    "target_id: " target "\n"                                                  \
    "nr_regions: " regions "\n"                                                \
    "# start_addr     end_addr        length  nr_accesses   age\n"

/* Of regions with 4, 2 and 0 accesses the second takes every other round. */
Test(trace_tools, damo_regions_become_rounds)
{
    static const char text[] =
        "base_time_absolute: 8 m 59.809 s\n"
        "data source: None\n\n" HEAD(
            "            0 ns", "      104 ms", "18446623438842320000",
            "3") "000000001000-000000003000 (   8.000 KiB)           4     0\n"
                 "000000010000-000000011000 (   4.000 KiB)           2    10\n"
                 "7f938d7e1000-7f938ddfc000 (   6.105 MiB)           0    -1\n"
                 "\n";
    static struct outcome outcome;
    for (size_t batch = 1; batch < 9; batch += 3) {
        read_text(text, 0, batch, &outcome);
        cr_assert_eq(outcome.format, TRACE_DAMO);
        cr_assert_str_empty(outcome.error);
        expect(&outcome, "1@539809000000/0 2@539809000000/0 "
                         "1@539835000000/0 2@539835000000/0 "
                         "10@539835000000/0 "
                         "1@539861000000/0 2@539861000000/0 "
                         "1@539887000000/0 2@539887000000/0 "
                         "10@539887000000/0");
    }
    cr_assert_eq(outcome.offsets[0],
                 (uint64_t)(strstr(text, "000000001000") - text));
    read_text(text, 65536, 64, &outcome);
    cr_assert_eq(outcome.count, 6u);
}

/* Targets have an address space each; raw numbers; the older form of lines. */
Test(trace_tools, damo_targets_and_raw_numbers)
{
    static struct outcome outcome;
    read_text(
        "base_time_absolute: 1000\n\n" HEAD(
            "5", "7", "42",
            "1") "000000001000-000000002000 (        4096)           1     "
                 "0\n\n" HEAD("7", "9", "43", "0") "\n" HEAD(
                     "9", "11", "43",
                     "1") "000000001000-000000002000(  "
                          " 4.000 KiB):           2\n\n"
                          "base_time_absolute: "
                          "1002\n\n" HEAD("0", "2", "42",
                                          "1") "000000001000-"
                                               "000000002000 (     "
                                               "   4096)           "
                                               "1     0\n\n",
        0, 64, &outcome);
    cr_assert_str_empty(outcome.error);
    expect(&outcome, "1@1005/0 10000000000001@1009/1 10000000000001@1010/1 "
                     "1@1002/0");
}

Test(trace_tools, damo_damage_names_byte_and_line)
{
#define REGION "1000-2000 (4096) 1 0\n"
    static const struct {
        const char *text, *place, *reason;
    } cases[] = {
        {HEAD("0", "1", "1", "2") REGION, "line 7:", "1 regions of 2"},
        {HEAD("0", "1", "1", "2") REGION "\n" HEAD("1", "2", "1", "0"),
         "line 9:", "not a region"},
        {HEAD("0", "1", "1", "1") REGION REGION,
         "line 8:", "not a line of damo"},
        {HEAD("0", "1", "1", "1") "1000-3000 (4096) 1 0\n",
         "line 7:", "length"},
        {HEAD("0", "1", "1", "1") "1000-3000 (7.990 KiB) 1 0\n",
         "line 7:", "length"},
        {HEAD("0", "1", "1", "1") "2000-1000 (4096) 1 0\n",
         "line 7:", "not a region"},
        {HEAD("0", "1", "1", "1") "1000-2000 (4096) x 0\n",
         "line 7:", "number of accesses"},
        {HEAD("0", "1", "1", "1") "1000-2000 (4096) 1 0 7\n", "line 7:", "age"},
        {HEAD("0", "1", "1", "1") "1000-2000 (4096", "line 7:", "cut off"},
        {HEAD("0", "1 x", "1", "1") REGION, "byte 23, line 2:", "not a time"},
        {HEAD("1", "0", "1", "1") REGION, "line 5:", "ends before it starts"},
        {HEAD("0", "1", "1", "-1") REGION, "line 5:", "number of regions"},
        {HEAD("0", "1", "a", "1") REGION, "line 4:", "target"},
        {"monitoring_start: 0\nnr_regions: 1\n",
         "byte 20, line 2:", "come before"},
        {"monitoring_start: 0\nmonitoring_end: 1\n", "byte 38", "cut off"},
        {"monitoring_start: 0\nhello: 1\n",
         "byte 20, line 2:", "not a line of damo"},
    };
    static struct outcome outcome;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_text(cases[i].text, 0, 64, &outcome);
        cr_assert(strstr(outcome.error, cases[i].place) != NULL, "case %zu: %s",
                  i, outcome.error);
        cr_assert(strstr(outcome.error, cases[i].reason) != NULL,
                  "case %zu: %s", i, outcome.error);
        cr_assert(strstr(outcome.error, "byte ") != NULL);
    }
}

Test(trace_tools, lackey_cut_within_a_line_is_an_error)
{
    static struct outcome outcome;
    read_text(" L 1000,8\n S 2000,80", 0, 64, &outcome);
    cr_assert_eq(outcome.count, 1u);
    cr_assert(strstr(outcome.error, "byte 20, line 2: the file is cut off") !=
                  NULL,
              "%s", outcome.error);
}

Test(trace_tools, small_pages_leave_no_room_for_address_spaces)
{
    char path[] = "/tmp/lowtide-tools-XXXXXX", error[ERROR_BYTES] = "";
    const struct trace_options options = {.page_size = 1024};
    const int descriptor = mkstemp(path);
    cr_assert(descriptor >= 0);
    cr_assert_eq(write(descriptor, faults, sizeof faults - 1),
                 (ssize_t)sizeof faults - 1);
    close(descriptor);
    cr_assert(trace_open(path, &options, error, ERROR_BYTES) == NULL);
    cr_assert(strstr(error, "4096") != NULL, "%s", error);
    unlink(path);
}
