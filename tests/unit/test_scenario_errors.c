/*
 * What is wrong with a scenario, and where: one small file for each error.
 *
 * Most cases are one line in the place of a part of the file; its column is
 * then counted from there.
 */
#include "scenario/scenario.h"
#include "scenario_fixture.h"

struct error_case {
    const char *text; /* behind "version: 1\n", unless it begins with "!" */
    const char *want; /* all of the report, or its beginning if it ends in * */
};

static bool matches(const char *got, const char *want)
{
    size_t length = strlen(want);
    if (length > 0 && want[length - 1] == '*')
        return strncmp(got, want, length - 1) == 0 &&
               strchr(got, '\n') == got + strlen(got) - 1;
    return strncmp(got, want, length) == 0 && strcmp(got + length, "\n") == 0;
}

static void check_case(const struct error_case *c)
{
    char text[2000];
    const char *first = c->text[0] == '!' ? "" : "version: 1\n";
    int length = snprintf(text, sizeof text, "%s%s", first,
                          c->text + (c->text[0] == '!'));
    cr_assert(length >= 0 && (size_t)length < sizeof text);
    char *got = errors_with(text, (size_t)length, NULL, 0);
    cr_expect(matches(got, c->want), "%s\n  got:  %s  want: %s", text, got,
              c->want);
    free(got);
}

#define CHECK_CASES(cases)                                                     \
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)                \
    check_case(&cases[i])

Test(scenario_errors, syntax)
{
    static const struct error_case cases[] = {
        {"!", "t.yaml:1:1: the file is empty: it has to begin with"
              " 'version: 1'"},
        {"!# nothing\n", "t.yaml:1:1: the file is empty*"},
        {"!hello\n", "t.yaml:1:1: expected a mapping that begins with"
                     " 'version: 1', got 'hello'"},
        {"![1]\n", "t.yaml:1:1: expected a mapping*"},
        {"events:\n  - validate: {}\n bad", "t.yaml:4:2: not valid YAML: did"
                                            " not find expected key*"},
        {"events: [", "t.yaml:3:1: not valid YAML: did not find expected node"
                      " content"},
        {"name: \"a\\0b\"\n", "t.yaml:2:7: a NUL character is not allowed"},
        {"name: a\n---\nversion: 1\n",
         "t.yaml:3:1: a second document: one is all that is read"},
        {"name: \xff\n", "t.yaml:2:7: not valid YAML: invalid leading UTF-8"
                         " octet"},
        {"name: a\x01\n",
         "t.yaml:2:8: not valid YAML: control characters are not allowed"},
        {"name: *x\n", "t.yaml:2:7: alias '*x' has no anchor before it"},
        {"events: &a [*a]\n",
         "t.yaml:2:13: alias '*a' stands inside its own anchor"},
        {"[a]: b\n", "t.yaml:2:1: a key must be text, not a list"},
        {"name: !foo a\n", "t.yaml:2:7: tag '!foo' means nothing here"},
        {"name: @a\n", "t.yaml:2:7: not valid YAML*"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, nesting_has_a_limit)
{
    char text[400] = "x: ";
    for (int i = 0; i < 300; i++)
        strcat(text, "[");
    char *got = errors_with(text, strlen(text), NULL, 0);
    cr_assert_str_eq(got, "t.yaml:1:67: nested more than 64 levels deep\n");
    free(got);
}

Test(scenario_errors, aliases_have_a_budget)
{
    char text[2000] = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c < 'j'; c++) {
        char line[100];
        snprintf(line, sizeof line, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n",
                 c, c, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
        strcat(text, line);
    }
    char *got = errors_with(text, strlen(text), NULL, 0);
    cr_assert(strstr(got, ": aliases add more than 100000 values\n"), "%s",
              got);
    free(got);
}

Test(scenario_errors, keys_and_kinds)
{
    static const struct error_case cases[] = {
        {"!name: a\n", "t.yaml:1:1: the scenario needs the key 'version'"},
        {"!version: 2\n",
         "t.yaml:1:10: unknown value '2' for 'version'; accepted: 1"},
        {"machine: {memroy: 4p}\n",
         "t.yaml:2:11: unknown key 'memroy' in machine, did you mean 'memory'?"
         " accepted: page_size, memory, wired, cores, costs"},
        {"<<: {a: b}\n", "t.yaml:2:1: unknown key '<<' in the scenario;"
                         " accepted: version, name*"},
        {"seed: 1\nseed: 2\n",
         "t.yaml:3:1: key 'seed' is given twice (first at 2:1)"},
        {"machine: 3\n", "t.yaml:2:10: expected a mapping for 'machine', got"
                         " '3'"},
        {"machine:\n", "t.yaml:2:9: expected a mapping for 'machine', got"
                       " nothing"},
        {"events: {}\n", "t.yaml:2:9: expected a list for 'events', got a"
                         " mapping"},
        {"events: [3]\n",
         "t.yaml:2:10: expected a mapping for 'events', got '3'"},
        {"seed: [1]\n", "t.yaml:2:7: expected a content (an unsigned 64-bit"
                        " number) for 'seed', got a list"},
        {"tick: ~\n", "t.yaml:2:7: expected a duration (0, 250ns, 10us, 5ms,"
                      " 1.5s, 2m, inf) for 'tick', got nothing"},
        {"reclaim: {on_oom: killl}\n",
         "t.yaml:2:19: unknown value 'killl' for 'on_oom', did you mean"
         " 'kill'? accepted: kill, stop, wait"},
        {"processes: [{oom_score: 1}]\n",
         "t.yaml:2:13: a process needs the key 'name'"},
        {"reclaim: {params: a=1}\n",
         "t.yaml:2:19: expected a list for 'params', got 'a=1'"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, values)
{
    static const struct error_case cases[] = {
        {"machine: {memory: 64}\n",
         "t.yaml:2:19: expected a size (4p, 16KiB, 512MiB, 2GiB) for"
         " 'memory', got '64': a unit is required"},
        {"machine: {page_size: 64KiB, memory: 16KiB}\n",
         "t.yaml:2:37: expected a size (4p, 16KiB, 512MiB, 2GiB) for"
         " 'memory', got '16KiB': it is not a whole number of pages"},
        {"machine: {page_size: 5KiB}\n",
         "t.yaml:2:22: unknown value '5KiB' for 'page_size', did you mean"
         " '4KiB'? accepted: 4KiB, 16KiB, 64KiB"},
        {"machine: {memory: 0p}\n",
         "t.yaml:2:19: 'memory' must be between 1 and 536870911 pages, got"
         " '0p'"},
        {"machine: {memory: 8p, wired: 9p}\n",
         "t.yaml:2:30: 'wired' (9 pages) is more than the memory (8 pages)"},
        {"machine: {cores: 0}\n",
         "t.yaml:2:18: 'cores' must be between 1 and 4096, got '0'"},
        {"machine: {costs: {access: inf}}\n",
         "t.yaml:2:27: 'access' must be finite"},
        {"tick: 0\n", "t.yaml:2:7: 'tick' must be above 0, got '0'"},
        {"reclaim: {eviction: yes}\n",
         "t.yaml:2:21: expected true or false for 'eviction', got 'yes'"},
        {"reclaim: {compression: {threshold: 101}}\n",
         "t.yaml:2:36: 'threshold' must be between 1 and 100, got '101'"},
        {"reclaim: {zero_scans: 20000}\n",
         "t.yaml:2:23: expected a rate (20000/s) for 'zero_scans', got"
         " '20000': a unit is required"},
        {"reclaim: {params: [a=1, b]}\n",
         "t.yaml:2:25: expected a parameter (name=value) for 'params', got"
         " 'b'"},
        {"reclaim: {params: [a=1, a=2]}\n",
         "t.yaml:2:25: parameter 'a' is given twice"},
        {"pagers: [{name: p, read_bandwidth: 0p/s}]\n",
         "t.yaml:2:36: 'read_bandwidth' must be above 0, got '0p/s'"},
        {"pagers: [{name: p, fail: {status: NOPE}}]\n",
         "t.yaml:2:35: expected a status (OK, BAD_STATE, ...) for 'status',"
         " got 'NOPE'"},
        {"name: \"\"\n", "t.yaml:2:7: 'name' is empty"},
        {"vmos: [{vmo: a, size: 4p, compressibility: 1.5}]\n",
         "t.yaml:2:44: 'compressibility' must be between 0 and 1, got '1.5'"},
        {"vmos: [{vmo: 1a, size: 4p}]\n", "t.yaml:2:14: expected a name*"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, pressure_marks_given_by_hand_increase)
{
    static const struct error_case cases[] = {
        {"reclaim: {pressure: {oom: 5p, critical: 5p}}\n",
         "t.yaml:2:41: pressure marks must increase: critical (5 pages) must"
         " be above imminent_oom (2565 pages)"},
        {"reclaim: {pressure: {imminent_oom_delta: 0p}}\n",
         "t.yaml:2:42: pressure marks must increase: imminent_oom (12800"
         " pages) must be above oom (12800 pages)"},
        {"machine: {memory: 100p}\nreclaim: {pressure: {warning: 15p}}\n",
         "t.yaml:3:31: pressure marks must increase: warning (15 pages) must"
         " be above critical (15 pages)"},
        {"reclaim: {pressure: {oom: 0p}}\n",
         "t.yaml:2:27: 'oom' must be at least 1 pages, got '0p'"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, a_debounce_is_no_larger_than_the_lowest_mark)
{
    static const struct error_case cases[] = {
        {"machine: {memory: 100p}\n"
         "reclaim: {pressure: {oom: 5p, debounce: 6p}}\n",
         "t.yaml:3:41: 'debounce' (6 pages) is more than the lowest mark, oom"
         " (5 pages)"},
        {"reclaim: {pressure: {debounce: 51MiB}}\n",
         "t.yaml:2:32: 'debounce' (13056 pages) is more than the lowest mark,"
         " oom (12800 pages)"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, distributions)
{
#define THINK(text)                                                            \
    "vmos: [{vmo: a, size: 4p}]\nworkloads:\n  - name: w\n    vmo: a\n"        \
    "    accesses: 1\n    pattern: {kind: loop}\n    think: " text "\n"
    static const struct error_case cases[] = {
        {THINK("10"), "t.yaml:8:12: expected a duration (0, 250ns, 10us, 5ms,"
                      " 1.5s, 2m, inf) for 'think', got '10': a unit is"
                      " required"},
        {THINK("inf"), "t.yaml:8:12: 'think' must be finite"},
        {THINK("[1s]"),
         "t.yaml:8:12: expected a value or a mapping for 'think', got a list"},
        {THINK("{dist: expo}"),
         "t.yaml:8:19: unknown value 'expo' for 'dist', did you mean"
         " 'exponential'? accepted: constant, uniform, exponential, normal,"
         " lognormal, pareto"},
        {THINK("{dist: exponential}"),
         "t.yaml:8:12: a distribution of kind exponential needs 'mean'"},
        {THINK("{dist: uniform, min: 1s}"),
         "t.yaml:8:12: a distribution of kind uniform needs 'max'"},
        {THINK("{dist: uniform, min: 2s, max: 1s}"),
         "t.yaml:8:12: distribution: 'min' is above 'max'"},
        {THINK("{dist: lognormal, mean: 1s}"),
         "t.yaml:8:12: a distribution of kind lognormal needs 'sigma'"},
        {THINK("{dist: lognormal, mean: 1s, sigma: 1s}"),
         "t.yaml:8:47: expected a number (0.25, 3) for 'sigma', got '1s'"},
        {THINK("{dist: normal, mean: 1s, sigma: 1}"),
         "t.yaml:8:44: expected a duration*"},
        {THINK("{dist: pareto, mean: 1s}"),
         "t.yaml:8:12: a distribution of kind pareto needs 'alpha'"},
        {THINK("{dist: pareto, alpha: 2}"),
         "t.yaml:8:12: a distribution of kind pareto needs 'min' or 'mean'"},
        {THINK("{dist: pareto, mean: 1s, alpha: 1}"),
         "t.yaml:8:12: distribution: a mean needs an alpha above 1"},
        {THINK("{dist: uniform, min: 1s, max: 2s, alpha: 1}"),
         "t.yaml:8:46: unknown key 'alpha' in a distribution of durations of"
         " dist uniform; accepted: dist, min, max"},
        {THINK("{\"=\": 1s}"), "t.yaml:8:13: unknown key '=' in*"},
    };
    CHECK_CASES(cases);
#undef THINK
}

Test(scenario_errors, workloads)
{
#define WORKLOAD(keys, pattern)                                                \
    "vmos: [{vmo: a, size: 4p}]\nworkloads:\n  - {name: w, " keys              \
    "}\n    pattern: " pattern "\n"
#define ONE(keys)                                                              \
    "vmos: [{vmo: a, size: 4p}]\nworkloads:\n  - {name: w, pattern: "          \
    "{kind: loop}, " keys "}\n"
#define PATTERN(text)                                                          \
    "vmos: [{vmo: a, size: 4p}]\nworkloads:\n  - {name: w, vmo: a, "           \
    "accesses: 1,\n     pattern: " text "}\n"
    static const struct error_case cases[] = {
        {ONE("accesses: 1"), "t.yaml:4:5: a workload needs 'vmo' or 'vmos'"},
        {ONE("accesses: 1, vmo: a, vmos: [a]"),
         "t.yaml:4:59: a workload has either 'vmo' or 'vmos'"},
        {ONE("accesses: 1, vmo: b"), "t.yaml:4:56: no VMO named 'b' is defined"
                                     " before"},
        {ONE("accesses: 1, vmos: []"),
         "t.yaml:4:57: 'vmos' needs at least one VMO"},
        {ONE("accesses: 1, vmos: [a], weights: [1, 2]"),
         "t.yaml:4:71: 'weights' has 2, 'vmos' 1: one for each"},
        {ONE("accesses: 1, vmos: [a], weights: [0]"),
         "t.yaml:4:71: at least one weight must be above 0, and their sum"
         " finite"},
        {ONE("accesses: 1, vmo: a, weights: [1]"),
         "t.yaml:4:59: 'weights' belong to 'vmos'"},
        {ONE("vmo: a"), "t.yaml:4:5: workload 'w' never ends: give it 'stop'"
                        " or 'accesses', or the scenario a 'duration'"},
        {ONE("vmo: a, start: 2s, stop: 1s"),
         "t.yaml:4:5: workload 'w' stops before it starts"},
        {ONE("vmo: a, accesses: 1, run: 0"),
         "t.yaml:4:5: workload 'w': 'run' must be at least 1"},
        {ONE("vmo: a, accesses: 1, write: 2"),
         "t.yaml:4:66: 'write' must be between 0 and 1, got '2'"},
        {ONE("vmo: a, accesses: 1, process: p"),
         "t.yaml:4:68: no process named 'p' is defined before"},
        {PATTERN("{}"), "t.yaml:5:15: a pattern needs the key 'kind'"},
        {PATTERN("{kind: zip}"),
         "t.yaml:5:22: unknown value 'zip' for 'kind', did you mean 'zipf'?*"},
        {PATTERN("{kind: loop, alpha: 1}"),
         "t.yaml:5:28: unknown key 'alpha' in a pattern of kind loop;"
         " accepted: kind, pages"},
        {PATTERN("{kind: loop, pages: 3..3}"),
         "t.yaml:5:15: a pattern needs at least one page"},
        {PATTERN("{kind: phases}"),
         "t.yaml:5:15: a pattern of kind phases needs the key 'phases'"},
        {PATTERN("{kind: phases, phases: []}"),
         "t.yaml:5:15: a pattern of kind phases needs at least one phase"},
        {PATTERN("{kind: phases, phases: [{for: 1s}]}"),
         "t.yaml:5:39: a phase needs the key 'pattern'"},
        {PATTERN("{kind: trace, trace: {file: no/such.txt}}"),
         "t.yaml:5:43: can't read trace 'no/such.txt': No such file or"
         " directory"},
        {PATTERN("{kind: trace, trace: {file: .}}"),
         "t.yaml:5:43: can't read trace '.': Is a directory"},
        {PATTERN("{kind: trace, trace: {}}"),
         "t.yaml:5:36: a trace needs the key 'file'"},
        {PATTERN("{kind: hotspot, hot: 0}"),
         "t.yaml:5:36: 'hot' must be above 0, got '0'"},
        {"vmos: [{vmo: a, size: 4p}]\nworkloads:\n"
         "  - {name: w, vmo: a, accesses: 1, pattern: {kind: loop}}\n"
         "  - {name: w, vmo: a, accesses: 1, pattern: {kind: loop}}\n",
         "t.yaml:5:12: workload 'w' is defined twice (first at 4:12)"},
        {"workloads:\n"
         "  - {name: w, vmo: a, accesses: 1, pattern: {kind: loop}}\n"
         "events:\n  - {create: {vmo: a, size: 1p}, at: 1s}\n",
         "t.yaml:3:20: VMO 'a' is defined only later"},
    };
    CHECK_CASES(cases);
#undef WORKLOAD
#undef ONE
#undef PATTERN
}

Test(scenario_errors, names)
{
    static const struct error_case cases[] = {
        {"vmos: [{vmo: a, size: 1p, pager: blobfs}]\n",
         "t.yaml:2:34: no pager named 'blobfs' is defined before"},
        {"pagers: [{name: blobfs}]\n"
         "vmos: [{vmo: a, size: 1p, pager: blobs}]\n",
         "t.yaml:3:34: no pager named 'blobs' is defined before, did you mean"
         " 'blobfs'?"},
        {"vmos: [{vmo: a, size: 1p, process: p}]\n",
         "t.yaml:2:36: no process named 'p' is defined before"},
        {"pagers: [{name: manual}]\n",
         "t.yaml:2:17: pager 'manual' is predefined"},
        {"processes: [{name: script}]\n",
         "t.yaml:2:20: process 'script' is predefined"},
        {"processes: [{name: p}, {name: p}]\n",
         "t.yaml:2:31: process 'p' is defined twice (first at 2:20)"},
        {"vmos: [{vmo: a, size: 1p}, {vmo: a, size: 1p}]\n",
         "t.yaml:2:34: VMO 'a' is defined twice (first at 2:14)"},
        {"events:\n  - close: {vmo: a}\n  - create: {vmo: a, size: 1p}\n",
         "t.yaml:3:18: no VMO named 'a' is defined before"},
        {"events:\n  - unmap: {as: m}\n",
         "t.yaml:3:17: no mapping named 'm' is defined before"},
        {"events:\n  - expect: {op: o, state: done}\n",
         "t.yaml:3:18: no operation named 'o' is defined before"},
        {"vmos: [{vmo: a, size: 1p}]\nevents:\n"
         "  - expect: {vmo: a, pages: 0, same_page_as: \"b:0\"}\n",
         "t.yaml:4:46: no VMO named 'b' is defined before"},
        {"vmos: [{vmo: a, size: 1p}]\nevents:\n"
         "  - expect: {vmo: a, parent: b}\n",
         "t.yaml:4:30: no VMO named 'b' is defined before"},
        {"events:\n  - kill: {process: p}\n",
         "t.yaml:3:21: no process named 'p' is defined before"},
        {"events:\n  - create: {vmo: \"v{n}\", size: 1p}\n",
         "t.yaml:3:19: expected a name (letters, digits, '_', '.', '-'; it"
         " starts with a letter or '_') for 'vmo', got 'v{n}': {n} is replaced"
         " in repeated events only"},
        {"events:\n"
         "  - {create: {vmo: \"v{n}\", size: 1p}, every: 1s, times: 3}\n"
         "  - close: {vmo: v3}\n",
         "t.yaml:4:18: no VMO named 'v3' is defined before"},
        {"events:\n"
         "  - {create: {vmo: \"v{n}\", size: 1p}, every: 1s, times: 3}\n"
         "  - {close: {vmo: \"v{n}\"}, every: 1s, times: 4}\n",
         "t.yaml:4:19: no VMO named 'v3' is defined before"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, events)
{
#define EVENTS "vmos: [{vmo: a, size: 4p}]\nevents:\n"
    static const struct error_case cases[] = {
        {EVENTS "  - {at: 1s}\n", "t.yaml:4:5: an event needs an operation;"
                                  " accepted: create, clone*"},
        {EVENTS "  - {validate: {}, harvest: {}}\n",
         "t.yaml:4:20: an event has exactly one operation: 'harvest' besides"
         " 'validate'"},
        {EVENTS "  - {craete: {vmo: b, size: 4p}}\n",
         "t.yaml:4:6: unknown key 'craete' in an event, did you mean"
         " 'create'?*"},
        {EVENTS "  - create: {vmo: b}\n",
         "t.yaml:4:13: a create operation needs the key 'size'"},
        {EVENTS "  - commit:\n",
         "t.yaml:4:12: expected a mapping for 'commit', got nothing"},
        {EVENTS "  - validate: 3\n",
         "t.yaml:4:15: expected a mapping for 'validate', got '3'"},
        {EVENTS "  - {validate: {}, at: 2s}\n  - {validate: {}, at: 1s}\n",
         "t.yaml:5:24: times never decrease: the event before it is at 2s"},
        {EVENTS "  - {validate: {}, at: 2s, after: 1s}\n",
         "t.yaml:4:35: an event has either 'at' or 'after'"},
        {EVENTS "  - {validate: {}, at: inf}\n",
         "t.yaml:4:24: 'at' must be finite"},
        {EVENTS "  - {validate: {}, after: -1s}\n",
         "t.yaml:4:27: expected a duration*"},
        {EVENTS "  - {validate: {}, at: 9223372036s}\n"
                "  - {validate: {}, after: 9223372036s}\n",
         "t.yaml:5:27: the event is too late"},
        {EVENTS "  - {validate: {}, every: 1s}\n",
         "t.yaml:4:27: 'every' needs 'times' or 'until'"},
        {EVENTS "  - {validate: {}, times: 2}\n",
         "t.yaml:4:27: 'times' needs 'every'"},
        {EVENTS "  - {validate: {}, until: 2s}\n",
         "t.yaml:4:27: 'until' needs 'every'"},
        {EVENTS "  - {validate: {}, every: 1s, times: 2, until: 2s}\n",
         "t.yaml:4:48: a repeated event has either 'times' or 'until'"},
        {EVENTS "  - {validate: {}, every: 1s, times: 0}\n",
         "t.yaml:4:38: 'times' must be at least 1, got '0'"},
        {EVENTS "  - {validate: {}, every: 0, until: 1s}\n",
         "t.yaml:4:27: 'every' must be above 0 with 'until'"},
        {EVENTS "  - {validate: {}, at: 2s, every: 1s, until: 1s}\n",
         "t.yaml:4:46: 'until' is before the first run at 2s"},
        {EVENTS "  - {validate: {}, every: 9s, times: 9223372036}\n",
         "t.yaml:4:27: the last run is too late"},
        {EVENTS "  - {validate: {}, status: FINE}\n",
         "t.yaml:4:28: expected a status (OK, BAD_STATE, ...) or ERROR for"
         " 'status', got 'FINE'"},
        {EVENTS "  - read: {vmo: a, pages: 3..1}\n",
         "t.yaml:4:27: expected a page range (3, 1..4, 8..8, 2.., all) for"
         " 'pages', got '3..1': it ends before it starts"},
        {EVENTS "  - read: {vmo: a, pages: 0..3, returns: [1, 2]}\n",
         "t.yaml:4:42: 'returns' has 2 entries for a range of 3 pages"},
        {EVENTS "  - write: {vmo: a, pages: 0, values: [1, 2]}\n",
         "t.yaml:4:39: 'values' has 2 entries for a range of 1 page"},
        {EVENTS "  - write: {vmo: a, value: 1, values: [1]}\n",
         "t.yaml:4:39: a write operation has either 'value' or 'values'"},
        {EVENTS "  - supply: {vmo: a, pages: 0, from_page: 1}\n",
         "t.yaml:4:32: 'from_page' belongs to 'from'"},
        {EVENTS "  - supply: {vmo: a, from: a, value: 1}\n",
         "t.yaml:4:22: what is supplied comes from 'from' or is a value, not"
         " both"},
        {EVENTS "  - touch: {vmo: a, pages: {n}}\n",
         "t.yaml:4:28: expected a page range (3, 1..4, 8..8, 2.., all) for"
         " 'pages', got a mapping: write \"{n}\" in quotes"},
        {EVENTS "  - {touch: {vmo: a, pages: \"{n}..1\"}, every: 1s,"
                " times: 3}\n",
         "t.yaml:4:29: expected a page range (3, 1..4, 8..8, 2.., all) for"
         " 'pages', got '2..1': it ends before it starts"},
        {EVENTS "  - clone: {vmo: a, as: b, kind: snapshop}\n",
         "t.yaml:4:34: unknown value 'snapshop' for 'kind', did you mean"
         " 'snapshot'?*"},
        {EVENTS "  - priority: {vmo: a, delta: x}\n",
         "t.yaml:4:31: expected a whole number (3, -1) for 'delta', got 'x'"},
        {EVENTS "  - set: {memory: 0p}\n",
         "t.yaml:4:19: 'memory' must be between 1 and 536870911 pages, got"
         " '0p'"},
        {EVENTS "  - set: {params: [x]}\n",
         "t.yaml:4:20: expected a parameter (name=value) for 'params', got"
         " 'x'"},
        {EVENTS "  - map: {vmo: a, as: m}\n  - unmap: {vmo: a, as: m}\n",
         "t.yaml:5:13: unknown key 'vmo' in an unmap operation; accepted: as"},
    };
    CHECK_CASES(cases);
#undef EVENTS
}

Test(scenario_errors, expectations)
{
#define EXPECT(text)                                                           \
    "vmos: [{vmo: a, size: 4p}]\nevents:\n"                                    \
    "  - {create: {vmo: b, size: 1p}, as_op: o}\n  - expect: " text "\n"
    static const struct error_case cases[] = {
        {EXPECT("{}"), "t.yaml:5:5: an expectation that expects nothing"},
        {EXPECT("{op: o}"), "t.yaml:5:5: an expectation that expects nothing"},
        {EXPECT("{vmo: a, level: normal}"),
         "t.yaml:5:22: unknown key 'level' in an expectation about a VMO;*"},
        {EXPECT("{committed: 1}"),
         "t.yaml:5:14: unknown key 'committed' in an expectation about the"
         " machine;*"},
        {EXPECT("{op: o, free: 1}"),
         "t.yaml:5:21: unknown key 'free' in an expectation about an"
         " operation; accepted: op, state, result"},
        {EXPECT("{vmo: a, op: o, pinned: 1}"),
         "t.yaml:5:22: unknown key 'op' in an expectation about a VMO*"},
        {EXPECT("{vmo: a, pages: 0..3, content: [1, -]}"),
         "t.yaml:5:44: 'content' has 2 entries for a range of 3 pages"},
        {EXPECT("{vmo: a, content: [1, x]}"),
         "t.yaml:5:35: expected a content (an unsigned 64-bit number), - or"
         " absent for 'content', got 'x'"},
        {EXPECT("{vmo: a, slots: [pag]}"),
         "t.yaml:5:30: unknown value 'pag' for 'slots', did you mean 'page'?*"},
        {EXPECT("{vmo: a, queues: [reclaim8]}"),
         "t.yaml:5:31: unknown value 'reclaim8' for 'queues', did you mean*"},
        {EXPECT("{vmo: a, dirty_ranges: [0..2 zeros]}"),
         "t.yaml:5:37: expected a dirty range (0..2, 5..9 zero) for"
         " 'dirty_ranges', got '0..2 zeros'"},
        {EXPECT("{vmo: a, requests: [write 0..2]}"),
         "t.yaml:5:33: expected a page request (read 0..16, dirty 3..5) for"
         " 'requests', got 'write 0..2'"},
        {EXPECT("{vmo: a, pages: 0..2, same_page_as: \"a:0\"}"),
         "t.yaml:5:49: 'same_page_as' needs 'pages' to be one page"},
        {EXPECT("{vmo: a, pages: 0, same_page_as: a}"),
         "t.yaml:5:46: expected a page of a VMO (VMO:PAGE) for"
         " 'same_page_as', got 'a'"},
        {EXPECT("{queue: {reclam0: 2}}"),
         "t.yaml:5:22: unknown key 'reclam0' in queue, did you mean"
         " 'reclaim0'?*"},
        {EXPECT("{vmo: a, committed: 3p}"),
         "t.yaml:5:33: expected a count (a decimal number without unit or"
         " sign) for 'committed', got '3p'"},
        {EXPECT("{op: o, result: GOOD}"), "t.yaml:5:29: expected a status*"},
    };
    CHECK_CASES(cases);
#undef EXPECT
}

Test(scenario_errors, all_are_reported_in_the_order_of_the_file)
{
    static const char text[] = "version: 1\n"
                               "events:\n"
                               "  - read: {vmo: b, pages: x}\n"
                               "machine: {memory: 4, coers: 1}\n"
                               "tick: 5\n";
    char *got = errors_with(text, sizeof text - 1, NULL, 0);
    static const char *const places[] = {
        "t.yaml:3:17: ", "t.yaml:3:27: ", "t.yaml:4:19: ", "t.yaml:4:22: ",
        "t.yaml:5:7: "};
    const char *line = got;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        cr_assert_eq(strncmp(line, places[i], strlen(places[i])), 0, "%s", got);
        line = strchr(line, '\n') + 1;
    }
    cr_assert_str_empty(line);
    free(got);
}

Test(scenario_errors, after_a_hundred_they_are_counted)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs("version: 1\nevents:\n", out);
    for (int i = 0; i < 250; i++)
        fprintf(out, "  - nothing%d: {}\n", i);
    fclose(out);
    char *got = errors_with(text, size, NULL, 0);
    size_t lines = 0;
    for (const char *p = got; *p; p++)
        lines += *p == '\n';
    cr_assert_eq(lines, 101);
    cr_assert(strstr(got, "and 150 more errors\n"), "%s", got);
    free(got);
    free(text);
}

Test(scenario_errors, files_that_cannot_be_read)
{
    struct scenario_errors errors;
    struct scenario *scenario;
    scenario_errors_init(&errors);
    cr_assert_eq(scenario_load("no/such.yaml", NULL, 0, &scenario, &errors),
                 SCENARIO_BAD);
    cr_assert_null(scenario);
    cr_assert_str_eq(errors.list[0].text,
                     "no/such.yaml: can't be read: No such file or directory");
    cr_assert_eq(scenario_load(".", NULL, 0, &scenario, &errors), SCENARIO_BAD);
    cr_assert_str_eq(errors.list[1].text, ".: can't be read: Is a directory");
    scenario_errors_release(&errors);
}

#define CREATED "events:\n  - create: {vmo: a, size: 4p}\n"

Test(scenario_errors, operations_without_a_conformance_case)
{
    static const struct error_case cases[] = {
        {CREATED "  - touch: {}\n",
         "t.yaml:4:12: a touch operation needs the key 'vmo'"},
        {CREATED "  - touch: {vmo: a, pages: 3..1}\n",
         "t.yaml:4:28: expected a page range (3, 1..4, 8..8, 2.., all) for "
         "'pages', got '3..1': it e*"},
        {CREATED "  - touch: {vmo: a, write: yes}\n",
         "t.yaml:4:28: expected true or false for 'write', got 'yes'"},
        {CREATED "  - touch: {vmo: a, values: [1]}\n",
         "t.yaml:4:21: unknown key 'values' in a touch operation, did you mean "
         "'value'? accepted: vm*"},
        {CREATED "  - map: {vmo: a}\n",
         "t.yaml:4:10: a map operation needs the key 'as'"},
        {CREATED "  - map: {vmo: a, as: m, priority: true}\n",
         "t.yaml:4:26: unknown key 'priority' in a map operation; accepted: "
         "vmo, as, pages, high_pri*"},
        {CREATED "  - take: {vmo: a}\n",
         "t.yaml:4:11: a take operation needs the key 'into'"},
        {CREATED "  - take: {vmo: a, into: 3}\n",
         "t.yaml:4:26: expected a name (letters, digits, '_', '.', '-'; it "
         "starts with a letter or '*"},
        {"events:\n  - harvest: {vmo: a}\n",
         "t.yaml:3:15: unknown key 'vmo' in this operation; accepted: nothing"},
        {"events:\n  - kill: {}\n",
         "t.yaml:3:11: a kill operation needs the key 'process'"},
        {"events:\n  - dump: {vmo: a}\n",
         "t.yaml:3:17: no VMO named 'a' is defined before"},
        {"events:\n  - set: {memory: 100}\n",
         "t.yaml:3:19: expected a size (4p, 16KiB, 512MiB, 2GiB) for 'memory', "
         "got '100': a unit is required"},
        {"events:\n  - set: {loaned: true}\n",
         "t.yaml:3:11: unknown key 'loaned' in a set operation; accepted: "
         "memory, policy, params, ev*"},
    };
    CHECK_CASES(cases);
}

Test(scenario_errors, sections_without_a_conformance_case)
{
    static const struct error_case cases[] = {
        {"record: {tick: true}\n",
         "t.yaml:2:10: unknown key 'tick' in record, did you mean 'ticks'? "
         "accepted: ticks, vmo_tick*"},
        {"record: {ticks: 1}\n",
         "t.yaml:2:17: expected true or false for 'ticks', got '1'"},
        {"record: [ticks]\n",
         "t.yaml:2:9: expected a mapping for 'record', got a list"},
        {"pagers: [{read_latency: 1ms}]\n",
         "t.yaml:2:10: a pager needs the key 'name'"},
        {"pagers: [{name: d, parallelism: 0}]\n",
         "t.yaml:2:33: 'parallelism' must be between 1 and 1000000, got '0'"},
        {"pagers: [{name: d, read_latency: 5}]\n",
         "t.yaml:2:34: expected a duration (0, 250ns, 10us, 5ms, 1.5s, 2m, "
         "inf) for 'read_latency',*"},
        {"pagers: [{name: d, writeback_interval: 0}]\n",
         "t.yaml:2:40: 'writeback_interval' must be above 0, got '0'"},
        {"pagers: [{name: d, fail: {every: 0, status: IO}}]\n",
         "t.yaml:2:34: 'every' must be at least 1, got '0'"},
        {"pagers: [{name: d, latency: 1ms}]\n",
         "t.yaml:2:20: unknown key 'latency' in a pager; accepted: name, "
         "read_latency, read_bandwidt*"},
        {"processes: [{name: p, oom_score: -1}]\n",
         "t.yaml:2:34: expected a count (a decimal number without unit or "
         "sign) for 'oom_score', got '-1'"},
        {"processes: [{name: p, score: 1}]\n",
         "t.yaml:2:23: unknown key 'score' in a process; accepted: name, "
         "oom_score"},
        {"vmos: [{vmo: a}]\n", "t.yaml:2:8: a VMO needs the key 'size'"},
        {"vmos: [{vmo: a, size: 4p, kind: file}]\n",
         "t.yaml:2:33: unknown value 'file' for 'kind'; accepted: anonymous, "
         "pager, contiguous, discardable"},
        {"vmos: [{vmo: a, size: 4p, at: 1s}]\n",
         "t.yaml:2:27: unknown key 'at' in a VMO; accepted: vmo, size, kind, "
         "resizable, pager, trap_*"},
    };
    CHECK_CASES(cases);
}
