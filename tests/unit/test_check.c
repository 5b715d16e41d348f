/*
 * The core's ground floor: broken rules, the names of statuses, saturating
 * time.
 */
#include <criterion/criterion.h>

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

#include "check.h"
#include "compression_model.h"
#include "status.h"
#include "units.h"

static jmp_buf back;
static const char *broken_rule;
static int broken_line;

static void note_rule(const char *file, int line, const char *rule)
{
    cr_assert_not_null(strstr(file, "test_check.c"));
    broken_rule = rule;
    broken_line = line;
    longjmp(back, 1);
}

Test(check, a_handler_is_told_the_rule_and_where)
{
    volatile int line = 0;
    int two = 2;
    vmcow_on_fail(note_rule);
    if (setjmp(back) == 0) {
        line = __LINE__ + 1;
        CHECK(two + two == 5);
        cr_assert_fail("a broken rule does not return");
    }
    cr_assert_str_eq(broken_rule, "two + two == 5");
    cr_assert_eq(broken_line, line);
    if (setjmp(back) == 0) {
        CHECK_RULE((const char *)NULL);
        CHECK_RULE("pages do not vanish");
        cr_assert_fail("a broken rule does not return");
    }
    cr_assert_str_eq(broken_rule, "pages do not vanish");
    vmcow_on_fail(NULL);
}

Test(check, without_a_handler_the_program_aborts, .signal = SIGABRT)
{
    cr_assert_not_null(freopen("/dev/null", "w", stderr), "it says so there");
    CHECK(1 + 1 == 3);
}

Test(check, statuses_have_the_kernels_names)
{
    static const struct {
        const char *name;
        enum vm_status status;
    } cases[] = {
        {"OK", VM_OK},
        {"ZX_OK", VM_OK},
        {"NO_MEMORY", VM_NO_MEMORY},
        {"ZX_ERR_NO_MEMORY", VM_NO_MEMORY},
        {"ZX_ERR_IO_DATA_INTEGRITY", VM_IO_DATA_INTEGRITY},
    };
    enum vm_status status;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(vm_status_parse(cases[i].name, &status));
        cr_assert_eq(status, cases[i].status, "%s", cases[i].name);
        cr_assert(vm_status_parse(vm_status_name(status), &status));
        cr_assert_eq(status, cases[i].status, "%s", cases[i].name);
    }
    cr_assert_not(vm_status_parse("ZX_ERR_SURPRISE", &status));
    cr_assert_not(vm_status_parse("no_memory", &status));
    cr_assert_str_eq(vm_status_name((enum vm_status)12345), "UNKNOWN");
}

Test(check, time_saturates_at_both_ends)
{
    cr_assert_eq(sim_ns_add(1, 2), 3);
    cr_assert_eq(sim_ns_add(SIM_NS_INFINITE, 1), SIM_NS_INFINITE);
    cr_assert_eq(sim_ns_add(SIM_NS_INFINITE_PAST, -1), SIM_NS_INFINITE_PAST);
    cr_assert_eq(sim_ns_add(SIM_NS_INFINITE_PAST, SIM_NS_INFINITE), -1);
}

Test(check, compressed_content_is_never_shorter_than_a_byte)
{
    uint32_t length = 0;
    cr_assert_eq(compression_measure(COMPRESSION_RATIO, 42, 0, 100, &length),
                 COMPRESS_OK);
    cr_assert_eq(length, 1);
    cr_assert_eq(compression_measure(COMPRESSION_RATIO, 0, 0, 100, &length),
                 COMPRESS_ZERO);
}
