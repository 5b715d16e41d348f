/* lowtide list: what it prints, and how it ends. */
#include "cli/cli.h"
#include "record_fixture.h"

#include <fcntl.h>

/* Run the command with `words`; its output, to be freed. */
static char *list(char **words, int count, int *status)
{
    char path[256], *text = calloc(1, 65536);
    int kept = dup(STDOUT_FILENO), kept_error = dup(STDERR_FILENO);
    fixture_path(path, sizeof(path), "out");
    fflush(stdout);
    fflush(stderr);
    int out = open(path, O_RDWR | O_CREAT, 0600);
    int null = open("/dev/null", O_WRONLY);
    dup2(out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    *status = cmd_list(count, words);
    fflush(stdout);
    fflush(stderr);
    dup2(kept, STDOUT_FILENO);
    dup2(kept_error, STDERR_FILENO);
    cr_assert_geq(pread(out, text, 65535, 0), 0);
    close(out);
    close(null);
    close(kept);
    close(kept_error);
    return text;
}

Test(list, ends_and_prints_as_documented)
{
    char path[256], missing[] = "/tmp/no/such.db";
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    fixture_record(rec, "first", 4, NULL);
    fixture_record(rec, "second", 4, NULL);
    fixture_close(rec);

    char list_word[] = "list", json[] = "--json", quiet[] = "--quiet";
    char run[] = "--run", second[] = "second", nobody[] = "nobody";
    char jobs[] = "-j", two[] = "2", none[] = "0", help[] = "--help";
    char wrong[] = "--wrong";
    struct {
        char *words[8];
        int count, status;
        const char *begins, *holds;
    } cases[] = {
        {{list_word, path}, 2, CLI_OK, "run  name", "second"},
        {{list_word, path, quiet}, 3, CLI_OK, "1  first ", "2  second"},
        {{list_word, path, run, second, json},
         5,
         CLI_OK,
         "[{\"run_id\": 2, \"name\": \"second\"",
         "\"params\": {\"bits\""},
        {{list_word, path, run, two, jobs, two, quiet}, 7, CLI_OK, "2", "ok"},
        {{list_word, help}, 2, CLI_OK, "usage: lowtide list", "examples"},
        {{list_word, path, run, nobody}, 4, CLI_USAGE, "", ""},
        {{list_word, missing}, 2, CLI_USAGE, "", ""},
        {{list_word}, 1, CLI_USAGE, "", ""},
        {{list_word, path, path}, 3, CLI_USAGE, "", ""},
        {{list_word, path, wrong}, 3, CLI_USAGE, "", ""},
        {{list_word, path, jobs, none}, 4, CLI_USAGE, "", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status;
        char *text = list(cases[i].words, cases[i].count, &status);
        cr_assert_eq(status, cases[i].status, "case %zu: %d", i, status);
        cr_assert(strstr(text, cases[i].begins) == text, "case %zu: %s", i,
                  text);
        cr_assert(strstr(text, cases[i].holds) != NULL, "case %zu: %s", i,
                  text);
        free(text);
    }
}

Test(list, empty_file_of_ours_is_an_empty_array)
{
    char path[256], list_word[] = "list", json[] = "--json";
    int status;
    fixture_path(path, sizeof(path), "a.db");
    fixture_close(fixture_open(path));
    char *words[] = {list_word, path, json};
    char *text = list(words, 3, &status);
    cr_assert_eq(status, CLI_OK);
    cr_assert_str_eq(text, "[]\n");
    free(text);
}
