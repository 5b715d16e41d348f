/*
 * Random programs: a run is cut into programs, each of which starts on an
 * empty machine from a seed of its own, so that one that fails is found again
 * by its seed alone. Keeps a trace of the last operations and shows it on
 * failure.
 *
 *   --seed S --ops N    programs from seeds S, S + 1, ... until N are done
 */
#ifndef SOAK_PROGRAM_H
#define SOAK_PROGRAM_H

#include <stdarg.h>

#include "check.h"
#include "soak.h"
#include "vmo_op.h"

enum {
    PROGRAM_OPERATIONS = 2000,
    LONG_PROGRAM_OPERATIONS = 30000, /* one of 64 */
    TRACE_LINES = 24,
    TRACE_WIDTH = 120
};

struct soak_program {
    const char *name;
    uint64_t seed;
    uint64_t operation;
    uint64_t random_state;
    uint64_t next_content;
    uint64_t next_user_id;
    uint64_t note_count;
    char trace[TRACE_LINES][TRACE_WIDTH];
};

/* Of one mind with the handler of broken rules, which takes no argument. */
static struct soak_program program;

static inline uint64_t draw(uint64_t bound)
{
    return soak_draw(&program.random_state, bound);
}

/* True once in `times` draws. */
static inline bool rarely(uint64_t times)
{
    return draw(times) == 0;
}

/* Content never used before; now and then zero. */
static inline uint64_t draw_content(void)
{
    return rarely(6) ? 0 : ++program.next_content;
}

/* A line of the trace. */
__attribute__((format(printf, 1, 2))) static inline void note(const char *text,
                                                              ...)
{
    va_list arguments;
    char *line = program.trace[program.note_count++ % TRACE_LINES];
    int used =
        snprintf(line, TRACE_WIDTH, "%" PRIu64 ": ", program.operation);
    va_start(arguments, text);
    vsnprintf(line + used, TRACE_WIDTH - (size_t)used, text, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 1, 2))) static inline _Noreturn void
fail(const char *text, ...)
{
    va_list arguments;
    uint64_t first = program.note_count > TRACE_LINES
                         ? program.note_count - TRACE_LINES
                         : 0;
    for (uint64_t i = first; i < program.note_count; i++)
        printf("  %s\n", program.trace[i % TRACE_LINES]);
    printf("%s: seed %" PRIu64 ", operation %" PRIu64 ": ", program.name,
           program.seed, program.operation);
    va_start(arguments, text);
    vprintf(text, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    if (getenv("SOAK_ABORT"))
        abort();
    exit(1);
}

static inline void want(enum vm_status got, enum vm_status expected,
                        const char *what)
{
    if (got != expected)
        fail("%s: %s, expected %s", what, vm_status_name(got),
             vm_status_name(expected));
}

static inline void want_true(bool condition, const char *what)
{
    if (!condition)
        fail("%s", what);
}

static void program_on_broken_rule(const char *file, int line, const char *rule)
{
    fail("%s:%d: broken rule: %s", file, line, rule);
}

struct program_steps {
    void (*set_up)(void);
    void (*step)(void);
    void (*check)(void); /* after each step */
    void (*tear_down)(void);
};

static inline int program_main(int argc, char **argv, const char *name,
                               uint64_t full_ops,
                               const struct program_steps *steps)
{
    struct soak_options options = soak_start(argc, argv, name, full_ops);
    fflush(stdout);
    vmcow_on_fail(program_on_broken_rule);
    for (uint64_t done = 0; done < options.ops; options.seed++) {
        uint64_t length = options.seed % 64 ? PROGRAM_OPERATIONS
                                            : LONG_PROGRAM_OPERATIONS;
        program = (struct soak_program){.name = name,
                                        .seed = options.seed,
                                        .random_state = options.seed,
                                        .next_user_id = 1};
        steps->set_up();
        for (; program.operation < length && done < options.ops;
             program.operation++, done++) {
            steps->step();
            steps->check();
        }
        steps->tear_down();
    }
    printf("%s: all well\n", name);
    return 0;
}

#endif
