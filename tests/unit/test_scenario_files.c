/*
 * Whole files: every conformance scenario is read without a complaint, and
 * whatever is done to their bytes, the reader reports and gives back all it
 * took (the sanitizers watch). LOWTIDE_CONFORMANCE names their folder.
 */
#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

#include "scenario/keys.h"
#include "scenario_fixture.h"

enum { MAX_FILES = 1000 };

struct files {
    char *paths[MAX_FILES];
    size_t count;
};

static void add_folder(struct files *files, const char *folder)
{
    DIR *directory = opendir(folder);
    if (!directory)
        return;
    for (struct dirent *entry = readdir(directory); entry;
         entry = readdir(directory)) {
        char path[4096];
        struct stat status;
        size_t length = strlen(entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            add_folder(files, path);
        else if (length > 5 &&
                 strcmp(entry->d_name + length - 5, ".yaml") == 0 &&
                 files->count < MAX_FILES)
            files->paths[files->count++] = strdup(path);
    }
    closedir(directory);
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void find_files(struct files *files)
{
    const char *folder = getenv("LOWTIDE_CONFORMANCE");
    files->count = 0;
    add_folder(files, folder ? folder : "tests/conformance");
    qsort(files->paths, files->count, sizeof files->paths[0], compare_paths);
    cr_assert_gt(files->count, 200, "no conformance scenarios found");
}

static void release_files(struct files *files)
{
    while (files->count > 0)
        free(files->paths[--files->count]);
}

Test(scenario_files, every_conformance_scenario_is_read)
{
    struct files files;
    size_t events = 0;
    find_files(&files);
    for (size_t i = 0; i < files.count; i++) {
        struct scenario_errors errors;
        struct scenario *scenario;
        scenario_errors_init(&errors);
        enum scenario_result result =
            scenario_load(files.paths[i], NULL, 0, &scenario, &errors);
        cr_assert_eq(result, SCENARIO_OK, "%s",
                     errors.count ? errors.list[0].text : files.paths[i]);
        cr_assert_str_eq(scenario->path, files.paths[i]);
        cr_assert(strstr(files.paths[i], scenario->name), "%s is named %s",
                  files.paths[i], scenario->name);
        events += scenario->event_count;
        scenario_free(scenario);
        scenario_errors_release(&errors);
    }
    cr_assert_gt(events, files.count * 3);
    release_files(&files);
}

Test(scenario_files, traces_lie_beside_the_scenario)
{
    struct scenario_errors errors;
    struct scenario *s;
    scenario_errors_init(&errors);
    enum scenario_result result =
        scenario_load("tests/data/scenario/trace.yaml", NULL, 0, &s, &errors);
    cr_assert_eq(result, SCENARIO_OK, "%s",
                 errors.count ? errors.list[0].text : "");
    cr_assert_str_eq(s->name, "trace");
    const struct scenario_trace *trace = &s->workloads[0].pattern.trace;
    cr_assert_str_eq(trace->file, "tests/data/scenario/pages.txt");
    cr_assert_str_eq(trace->format, "text");
    cr_assert_null(trace->columns);
    cr_assert_eq(trace->timing, TRACE_TIMING_THINK);
    cr_assert_not(trace->loop);
    cr_assert(trace->place.line == 8 && trace->place.column == 42);
    cr_assert_eq(s->workloads[0].stop, SIM_NS_INFINITE);
    trace = &s->workloads[1].pattern.trace;
    cr_assert_str_eq(trace->file, "tests/data/scenario/./pages.txt");
    cr_assert_str_eq(trace->format, "auto");
    cr_assert_eq(trace->timing, TRACE_TIMING_TRACE);
    cr_assert(trace->loop);
    scenario_free(s);
    scenario_errors_release(&errors);
}

/* Mutations. ------------------------------------------------------------ */

struct dice {
    uint64_t state;
};

/* splitmix64 */
static uint64_t roll(struct dice *dice, uint64_t sides)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % sides;
}

struct buffer {
    char *bytes;
    size_t length, capacity;
};

static void read_whole(struct buffer *buffer, const char *path)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    buffer->length = fread(buffer->bytes, 1, buffer->capacity / 2, file);
    fclose(file);
}

/* Put `text` in the place of `removed` bytes at `at`. */
static void splice(struct buffer *buffer, size_t at, size_t removed,
                   const char *text, size_t length)
{
    if (buffer->length - removed + length > buffer->capacity)
        return;
    memmove(buffer->bytes + at + length, buffer->bytes + at + removed,
            buffer->length - at - removed);
    memcpy(buffer->bytes + at, text, length);
    buffer->length += length - removed;
}

/* The word that begins at or after a random byte. */
static void pick_word(struct dice *dice, const struct buffer *buffer,
                      size_t *at, size_t *length)
{
    static const char stops[] = " ,:{}[]\n-";
    size_t start = roll(dice, buffer->length + 1);
    while (start < buffer->length && strchr(stops, buffer->bytes[start]))
        start++;
    size_t end = start;
    while (end < buffer->length && !strchr(stops, buffer->bytes[end]))
        end++;
    *at = start;
    *length = end - start;
}

static void mutate(struct dice *dice, struct buffer *buffer)
{
    static const char *const tokens[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ": ",
        "- ",
        "\n",
        " ",
        "\"",
        "'",
        "&a ",
        "*a ",
        "!x ",
        "|",
        ">",
        "#",
        "%",
        "@",
        "?",
        "~",
        "null",
        "{n}",
        "\"{n}\"",
        "all",
        "-1",
        "010",
        "18446744073709551616",
        "1..",
        "9..1",
        "inf",
        "every: 1s, times: 3",
        "until: 1ms",
        "as_op: o",
        "reclaim: {pressure: {oom: 3p}}",
        "machine: {memory: 2p}",
        "workloads: [{name: w, vmo: a, pattern: {kind: phases, phases: []}}]",
        "pagers: [{name: p, read_latency: {dist: pareto, alpha: 2}}]",
        "expect",
        "vmo",
        "pages",
        "kind",
        "status",
        "create",
        "clone",
        "values: []",
        "returns: [1, 2]",
        "\xff",
        "\xef\xbb\xbf",
        "\x01",
        "\xc2\x85",
        "1e999",
        "nan",
        "<<: *a",
        "---\n",
        "...\n"};
    size_t at, length;
    char word[64];
    switch (roll(dice, 7)) {
    case 0: { /* a byte changes */
        if (buffer->length > 0)
            buffer->bytes[roll(dice, buffer->length)] = (char)roll(dice, 256);
        break;
    }
    case 1: { /* a token appears */
        const char *token =
            tokens[roll(dice, sizeof tokens / sizeof tokens[0])];
        splice(buffer, roll(dice, buffer->length + 1), 0, token, strlen(token));
        break;
    }
    case 2: { /* a word is replaced by a token */
        const char *token =
            tokens[roll(dice, sizeof tokens / sizeof tokens[0])];
        pick_word(dice, buffer, &at, &length);
        splice(buffer, at, length, token, strlen(token));
        break;
    }
    case 3: /* a word goes to another's place */
        pick_word(dice, buffer, &at, &length);
        length = length < sizeof word ? length : sizeof word;
        memcpy(word, buffer->bytes + at, length);
        {
            size_t other, other_length;
            pick_word(dice, buffer, &other, &other_length);
            splice(buffer, other, other_length, word, length);
        }
        break;
    case 4: /* a word vanishes */
        pick_word(dice, buffer, &at, &length);
        splice(buffer, at, length, "", 0);
        break;
    case 5: /* some bytes vanish */
        at = roll(dice, buffer->length + 1);
        length = roll(dice, 20);
        if (at + length <= buffer->length)
            splice(buffer, at, length, "", 0);
        break;
    default: /* the end is cut off */
        if (roll(dice, 8) == 0)
            buffer->length = roll(dice, buffer->length + 1);
        break;
    }
}

/* All runs of what was read can be asked for. */
static void instantiate_all(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct scenario_event *event = &scenario->events[i];
        struct scenario_run run;
        uint64_t n = event->run_count / 2;
        if (scenario_event_instantiate(scenario, event, n, &run, NULL))
            scenario_run_release(&run);
    }
}

static void load_mutant(const struct buffer *buffer, struct dice *dice)
{
    static const struct scenario_override overrides[] = {
        {OVERRIDE_SET, "events.0.create.size=3p"},
        {OVERRIDE_MEMORY, "100p"},
        {OVERRIDE_PARAM, "a=1"},
        {OVERRIDE_SET, "reclaim.compression=1"}};
    struct scenario_errors errors;
    struct scenario *scenario;
    scenario_errors_init(&errors);
    enum scenario_result result =
        scenario_load_text("t.yaml", buffer->bytes, buffer->length, overrides,
                           roll(dice, 5), &scenario, &errors);
    cr_assert_eq(result == SCENARIO_OK, errors.total == 0);
    for (size_t i = 0; i < errors.count; i++)
        cr_assert(strncmp(errors.list[i].text, "t.yaml:", 7) == 0 ||
                      strncmp(errors.list[i].text, "--", 2) == 0,
                  "%s", errors.list[i].text);
    if (scenario)
        instantiate_all(scenario);
    scenario_free(scenario);
    scenario_errors_release(&errors);
}

/* LOWTIDE_FUZZ_SEED and LOWTIDE_FUZZ_ROUNDS repeat or prolong it. */
Test(scenario_files, no_mutation_breaks_the_reader)
{
    struct files files;
    const char *seed_text = getenv("LOWTIDE_FUZZ_SEED");
    const char *rounds_text = getenv("LOWTIDE_FUZZ_ROUNDS");
    uint64_t seed =
        seed_text ? strtoull(seed_text, NULL, 10) : (uint64_t)time(NULL);
    uint64_t rounds = rounds_text ? strtoull(rounds_text, NULL, 10) : 2000;
    struct dice dice = {seed};
    struct buffer buffer = {.capacity = 256 * 1024};
    fprintf(stderr, "scenario_files: LOWTIDE_FUZZ_SEED=%" PRIu64 "\n", seed);
    buffer.bytes = malloc(buffer.capacity);
    cr_assert_not_null(buffer.bytes);
    find_files(&files);
    for (uint64_t round = 0; round < rounds; round++) {
        read_whole(&buffer, files.paths[roll(&dice, files.count)]);
        for (uint64_t i = roll(&dice, 6); i < 6; i++)
            mutate(&dice, &buffer);
        load_mutant(&buffer, &dice);
    }
    free(buffer.bytes);
    release_files(&files);
}

/* Tables. --------------------------------------------------------------- */

static bool is_number(enum key_kind kind)
{
    return kind == KEY_SIZE || kind == KEY_COUNT || kind == KEY_DURATION ||
           kind == KEY_REAL || kind == KEY_RATE || kind == KEY_BANDWIDTH;
}

static void check_key(const struct key_table *table, const struct key *key)
{
    cr_assert_str_not_empty(key->name);
    cr_assert_not_null(key->help, "%s.%s", table->what, key->name);
    cr_assert_eq(key_find(table, key->name), key, "%s.%s", table->what,
                 key->name);
    bool wants_table = key->kind == KEY_MAP ||
                       (key->kind == KEY_LIST && key->element == KEY_MAP);
    cr_assert_eq(key->table != NULL, wants_table, "%s.%s", table->what,
                 key->name);
    bool wants_words = key->kind == KEY_WORD ||
                       (key->kind == KEY_LIST && key->element == KEY_WORD);
    cr_assert_eq(key->words != NULL, wants_words, "%s.%s", table->what,
                 key->name);
    if (key->max > 0)
        cr_assert(is_number(key->kind) && key->max > key->min);
    if (key->flags & KEY_ABOVE)
        cr_assert(is_number(key->kind));
}

static size_t check_table(const struct key_table *table, int depth)
{
    size_t count = 1;
    /* the check of keys remembers those seen in 64 bits */
    cr_assert_leq(table->key_count, 64);
    cr_assert_lt(depth, 10);
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        check_key(table, key);
        bool is_recursive = key->table == &pattern_table && depth > 3;
        if (key->table && !is_recursive)
            count += check_table(key->table, depth + 1);
    }
    if (table->selector)
        cr_assert_eq(key_find(table, table->selector)->kind, KEY_WORD);
    if (table->short_key)
        cr_assert(key_find(table, table->short_key)->flags & KEY_HIDDEN);
    return count;
}

Test(scenario_files, the_key_tables_are_sound)
{
    cr_assert_gt(check_table(&scenario_table, 0), OP_KIND_COUNT);
    for (int kind = 0; kind < OP_KIND_COUNT; kind++) {
        const struct key *key =
            key_find(&event_table, op_kind_name((enum op_kind)kind));
        cr_assert_not_null(key);
        cr_assert_eq(key->tag, kind);
        cr_assert_eq(key->table, op_table(kind));
    }
    for (int item = 0; item < EXPECT_KEY_COUNT; item++) {
        const struct key *key =
            key_find(&expect_table, expect_key_name((enum expect_key)item));
        cr_assert_not_null(key);
        cr_assert_eq(key->tag, item);
    }
    for (int kind = 0; kind <= KEY_LIST; kind++)
        cr_assert_str_not_empty(key_form((enum key_kind)kind));
}

/* A default that is written in two ways means the same in both. */
Test(scenario_files, default_distributions_mean_what_they_say)
{
    static const struct {
        const struct key_table *table;
        const char *key, *text;
        size_t offset;
    } cases[] = {
        {&pager_table, "read_latency",
         "version: 1\npagers: [{name: p, read_latency: %s}]\n",
         offsetof(struct scenario_pager, read_latency)},
        {&pager_table, "writeback_latency",
         "version: 1\npagers: [{name: p, writeback_latency: %s}]\n",
         offsetof(struct scenario_pager, writeback_latency)},
        {&workload_table, "think",
         "version: 1\nvmos: [{vmo: a, size: 1p}]\nworkloads: [{name: w, vmo:"
         " a, accesses: 1, pattern: {kind: loop}, think: %s}]\n",
         offsetof(struct scenario_workload, think)},
        {&workload_table, "run",
         "version: 1\nvmos: [{vmo: a, size: 1p}]\nworkloads: [{name: w, vmo:"
         " a, accesses: 1, pattern: {kind: loop}, run: %s}]\n",
         offsetof(struct scenario_workload, run)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct key *key = key_find(cases[i].table, cases[i].key);
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        const char *mark = strstr(cases[i].text, "%s");
        fprintf(out, "%.*s%s%s", (int)(mark - cases[i].text), cases[i].text,
                key->default_text, mark + 2);
        fclose(out);
        struct scenario *s = good(text);
        const char *model = cases[i].table == &pager_table
                                ? (const char *)&s->pagers[0]
                                : (const char *)&s->workloads[0];
        struct distribution got, want;
        memcpy(&got, model + cases[i].offset, sizeof got);
        memcpy(&want, key->default_model, sizeof want);
        cr_assert(got.kind == want.kind && got.mean == want.mean &&
                      got.min == want.min && got.max == want.max &&
                      got.sigma == want.sigma && got.alpha == want.alpha,
                  "%s", cases[i].key);
        scenario_free(s);
        free(text);
    }
}
