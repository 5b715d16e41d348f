/*
 * Scenarios from strings, for the tests of sim/scenario/.
 */
#ifndef LOWTIDE_TESTS_SCENARIO_FIXTURE_H
#define LOWTIDE_TESTS_SCENARIO_FIXTURE_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"

/* A text, with overrides: the scenario, which must be right. */
static inline struct scenario *
good_with(const char *text, const struct scenario_override *overrides,
          size_t count)
{
    struct scenario_errors errors;
    struct scenario *scenario;
    scenario_errors_init(&errors);
    enum scenario_result result = scenario_load_text(
        "dir/t.yaml", text, strlen(text), overrides, count, &scenario, &errors);
    cr_assert_eq(errors.count, 0, "%s\nof\n%s",
                 errors.count ? errors.list[0].text : "", text);
    cr_assert_eq(result, SCENARIO_OK, "%s", text);
    scenario_errors_release(&errors);
    return scenario;
}

static inline struct scenario *good(const char *text)
{
    return good_with(text, NULL, 0);
}

/* All errors of a text, one a line; the caller frees them. */
static inline char *errors_with(const char *text, size_t bytes,
                                const struct scenario_override *overrides,
                                size_t count)
{
    struct scenario_errors errors;
    struct scenario *scenario;
    char *lines = NULL;
    size_t size;
    scenario_errors_init(&errors);
    enum scenario_result result = scenario_load_text(
        "t.yaml", text, bytes, overrides, count, &scenario, &errors);
    cr_assert_eq(result == SCENARIO_OK, errors.total == 0);
    cr_assert_eq(result == SCENARIO_OK, scenario != NULL);
    FILE *out = open_memstream(&lines, &size);
    cr_assert_not_null(out);
    scenario_errors_print(&errors, out);
    fclose(out);
    scenario_errors_release(&errors);
    scenario_free(scenario);
    return lines;
}

#endif
