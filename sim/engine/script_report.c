/*
 * What the script tells: failed expectations on the messages' stream, event
 * and expectation rows in the recorder.
 */
#include "engine/script_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "record/recorder.h"

void script_detail(struct script_call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(call->detail, sizeof(call->detail), format, arguments);
    va_end(arguments);
}

/* FILE:LINE: expected `what` `be` `expected`, got `actual` */
static void complain(const struct script_call *call, uint32_t line,
                     const char *what, const char *be, const char *expected,
                     const char *actual)
{
    struct world *world = call->world;
    FILE *out = world->options.messages ? world->options.messages : stderr;
    fprintf(out, "%s:%" PRIu32 ": expected %s %s %s, got %s",
            call->script->scenario->path, line ? line : call->event->place.line,
            what, be, expected, actual);
    if (call->event->run_count > 1)
        fprintf(out, " (run %" PRIu64 " of %" PRIu64 ")", call->run_number + 1,
                call->event->run_count);
    fputc('\n', out);
    world_expectation_failed(world);
}

/* The recorder has failed for good: so has the run. */
static void check_recorded(struct world *world, bool is_recorded)
{
    if (!is_recorded)
        world_fail(world, EIO);
}

static void record(const struct script_call *call, uint32_t line,
                   const char *key, const char *expected, const char *actual,
                   bool is_ok)
{
    struct recorder *recorder = call->world->recorder;
    struct record_expectation row = {
        .line = line ? line : call->event->place.line,
        .key = key,
        .expected = expected,
        .actual = actual,
        .ok = is_ok,
    };
    if (recorder)
        check_recorded(call->world, recorder_expectation(recorder, &row));
}

void script_report(const struct script_call *call, uint32_t line,
                   const char *key, const char *what, const char *expected,
                   const char *actual, bool is_ok)
{
    record(call, line, key, expected, actual, is_ok);
    if (!is_ok)
        complain(call, line, what, "to be", expected, actual);
}

/* "frees of discard a" */
static void describe(const struct script_call *call, const char *key,
                     char *what, size_t bytes)
{
    (void)snprintf(what, bytes, "%s of %s%s%s", key,
                   op_kind_name(call->op->kind), call->op->vmo ? " " : "",
                   call->op->vmo ? call->op->vmo : "");
}

static void report_own(const struct script_call *call, const char *key,
                       const char *expected, const char *actual, bool is_ok)
{
    char what[256];
    describe(call, key, what, sizeof(what));
    script_report(call, 0, key, what, expected, actual, is_ok);
}

void script_report_count(const struct script_call *call, const char *key,
                         uint64_t expected, uint64_t actual)
{
    char want[24];
    char got[24];
    (void)snprintf(want, sizeof(want), "%" PRIu64, expected);
    (void)snprintf(got, sizeof(got), "%" PRIu64, actual);
    report_own(call, key, want, got, expected == actual);
}

void script_report_bool(const struct script_call *call, const char *key,
                        bool expected, bool actual)
{
    report_own(call, key, expected ? "true" : "false",
               actual ? "true" : "false", expected == actual);
}

void script_report_text(const struct script_call *call, const char *key,
                        const char *expected, const char *actual, bool is_ok)
{
    report_own(call, key, expected, actual, is_ok);
}

/* "[1, 2, 3]", or "5" for the one value of a look-up; NULL: no memory. */
static char *values_text(const struct script_call *call, const uint64_t *values,
                         size_t count)
{
    bool is_list = call->op->kind != OP_LOOKUP;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    fputs(is_list ? "[" : "", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%" PRIu64, i ? ", " : "", values[i]);
    fputs(is_list ? "]" : "", out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

void script_report_values(const struct script_call *call, const char *key,
                          const uint64_t *expected, size_t expected_count,
                          const uint64_t *actual, size_t actual_count)
{
    bool is_ok = expected_count == actual_count;
    for (size_t i = 0; is_ok && i < actual_count; i++)
        is_ok = expected[i] == actual[i];
    char *want = values_text(call, expected, expected_count);
    char *got = values_text(call, actual, actual_count);
    if (want && got)
        report_own(call, key, want, got, is_ok);
    else
        world_fail(call->world, ENOMEM);
    free(want);
    free(got);
}

static bool status_matches(const struct script_call *call,
                           enum vm_status status)
{
    const struct status_match *match = &call->event->status;
    if (match->any_error)
        return status != VM_OK && status != VM_SHOULD_WAIT;
    if (!match->is_given && status == VM_SHOULD_WAIT)
        return script_may_wait(call);
    return status == match->status;
}

void script_report_status(const struct script_call *call, enum vm_status status)
{
    const struct status_match *match = &call->event->status;
    bool is_ok = status_matches(call, status);
    if (is_ok && !match->is_given)
        return;
    const char *expected =
        match->any_error ? "ERROR" : vm_status_name(match->status);
    char what[256];
    (void)snprintf(what, sizeof(what), "%s%s%s", op_kind_name(call->op->kind),
                   call->op->vmo ? " " : "",
                   call->op->vmo ? call->op->vmo : "");
    record(call, 0, "status", expected, vm_status_name(status), is_ok);
    if (!is_ok)
        complain(call, 0, what, "to return", expected, vm_status_name(status));
}

void script_report_event(const struct script_call *call, enum vm_status status,
                         bool is_late)
{
    struct recorder *recorder = call->world->recorder;
    if (!recorder)
        return;
    char detail[sizeof(call->detail) + sizeof(", over")];
    (void)snprintf(detail, sizeof(detail), "%s%s%s", call->detail,
                   is_late && call->detail[0] ? ", " : "",
                   is_late ? "over" : "");
    struct record_event row = {
        .at_ns = call->world->now,
        .line = call->event->place.line,
        .op = op_kind_name(call->op->kind),
        .vmo =
            call->op->kind == OP_EXPECT ? call->op->expect.vmo : call->op->vmo,
        .status = vm_status_name(status),
        .detail = detail[0] ? detail : NULL,
    };
    check_recorded(call->world, recorder_event(recorder, &row));
}
