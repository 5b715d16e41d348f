#include "explain/page_life.h"

#include <stdlib.h>
#include <string.h>

#include "explain/page_sentence.h"
#include "explain/paragraph.h"
#include "record/human.h"
#include "record/page_note.h"

enum { MORE_BYTES = 256, INDENT = 14 };

/* Reading. ---------------------------------------------------------------- */

static enum results_check fail(sqlite3 *db, char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot read results: %s", sqlite3_errmsg(db));
    return RESULTS_HOST;
}

static char *column_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? strdup(text) : NULL;
}

/* A query with numbers bound to ?1, ?2, ?3; NULL: it failed. */
static sqlite3_stmt *query(sqlite3 *db, const char *sql, uint64_t first,
                           uint64_t second, uint64_t third)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)first);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)second);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)third);
    return statement;
}

/* The number that such a query gives; `otherwise` if none. */
static int64_t number_of(sqlite3 *db, const char *sql, uint64_t first,
                         uint64_t second, uint64_t third, int64_t otherwise)
{
    sqlite3_stmt *statement = query(db, sql, first, second, third);
    int64_t number = otherwise;

    if (statement && sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* The text that such a query gives, the caller's; NULL if none. */
static char *text_of(sqlite3 *db, const char *sql, uint64_t first,
                     uint64_t second, uint64_t third)
{
    sqlite3_stmt *statement = query(db, sql, first, second, third);
    char *text = NULL;

    if (statement && sqlite3_step(statement) == SQLITE_ROW)
        text = column_text(statement, 0);
    sqlite3_finalize(statement);
    return text;
}

char *run_title(sqlite3 *db, uint64_t run_id)
{
    return text_of(db,
                   "SELECT name || ', ' || policy || ', seed ' || seed "
                   "FROM run WHERE run_id = ?1",
                   run_id, 0, 0);
}

/* A line that says how to record pages. */
static enum results_check fail_not_recorded(sqlite3 *db, uint64_t run_id,
                                            char *error, size_t error_size)
{
    char *scenario =
        text_of(db, "SELECT scenario FROM run WHERE run_id = ?1", run_id, 0, 0);

    snprintf(error, error_size,
             "run %llu has no page events; they are recorded with `record: "
             "{pages: true}` in the scenario, or: lowtide run %s --set "
             "record.pages=true",
             (unsigned long long)run_id, scenario ? scenario : "SCENARIO");
    free(scenario);
    return RESULTS_BAD_INPUT;
}

/* The VMO that a name or an id means; a name that several had is no answer. */
static enum results_check find_vmo(struct page_life *life, sqlite3 *db,
                                   const char *vmo, char *error,
                                   size_t error_size)
{
    sqlite3_stmt *statement = query(
        db,
        "SELECT vmo_id, vmo.name, kind || coalesce(', of process ' || "
        "process.name, '') FROM vmo LEFT JOIN process USING (run_id, "
        "process_id) WHERE run_id = ?1 AND (vmo.name = ?2 OR (?2 = vmo_id AND "
        "NOT EXISTS (SELECT 1 FROM vmo AS v WHERE v.run_id = ?1 AND v.name = "
        "?2))) ORDER BY vmo_id",
        life->run_id, 0, 0);
    int found = 0;

    if (!statement)
        return fail(db, error, error_size);
    sqlite3_bind_text(statement, 2, vmo, -1, SQLITE_STATIC);
    snprintf(error, error_size, "the name '%s' has been given to VMOs", vmo);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        size_t length = strlen(error);
        life->vmo_id = (uint64_t)sqlite3_column_int64(statement, 0);
        snprintf(error + length, error_size - length, "%s %llu",
                 found > 0 ? "," : "", (unsigned long long)life->vmo_id);
        if (found++ == 0) {
            life->vmo = column_text(statement, 1);
            life->about = column_text(statement, 2);
        }
    }
    sqlite3_finalize(statement);
    if (found == 1)
        return RESULTS_OK;
    size_t length = strlen(error);
    if (found == 0)
        snprintf(error, error_size, "run %llu has no VMO '%s'",
                 (unsigned long long)life->run_id, vmo);
    else
        snprintf(error + length, error_size - length, ": choose by number");
    return RESULTS_BAD_INPUT;
}

/* Another row. False: out of memory. */
static bool add_event(struct page_life *life, size_t *capacity,
                      sqlite3_stmt *row)
{
    if (life->count == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 64;
        struct page_life_event *events =
            realloc(life->events, more * sizeof *events);
        if (!events)
            return false;
        life->events = events;
        *capacity = more;
    }
    struct page_life_event *event = &life->events[life->count++];
    *event = (struct page_life_event){
        .seq = (uint64_t)sqlite3_column_int64(row, 0),
        .at_ns = sqlite3_column_int64(row, 1),
        .what = column_text(row, 2),
        .detail = column_text(row, 3),
        .is_told = true,
    };
    return event->what != NULL;
}

static enum results_check read_events(struct page_life *life, sqlite3 *db,
                                      char *error, size_t error_size)
{
    sqlite3_stmt *rows =
        query(db,
              "SELECT seq, at_ns, coalesce(what, ''), detail FROM page_event "
              "WHERE run_id = ?1 AND vmo_id = ?2 AND page = ?3 ORDER BY seq",
              life->run_id, life->vmo_id, life->page);
    size_t capacity = 0;
    int status = rows ? SQLITE_ROW : SQLITE_ERROR;

    while (status == SQLITE_ROW && (status = sqlite3_step(rows)) == SQLITE_ROW)
        if (!add_event(life, &capacity, rows))
            status = SQLITE_NOMEM;
    enum results_check check =
        status == SQLITE_DONE ? RESULTS_OK : fail(db, error, error_size);
    sqlite3_finalize(rows);
    return check;
}

/* Telling. ---------------------------------------------------------------- */

static bool is_same_instant(const struct page_life_event *event,
                            const struct page_life_event *next)
{
    return next->at_ns == event->at_ns && next->seq <= event->seq + 2;
}

static bool is_new(const struct page_life_event *event)
{
    char head[PAGE_NOTE_BYTES];

    page_note_head(event->detail, head);
    return strcmp(event->what, "added") == 0 && strcmp(head, "new") == 0;
}

/* Which of the events are told: what follows at the same instant belongs to
 * what came first. */
static void choose_told(struct page_life *life)
{
    for (size_t i = 0; i + 1 < life->count; i++) {
        struct page_life_event *event = &life->events[i];
        struct page_life_event *next = event + 1;
        enum page_turn turn = page_turn_of(event->what);

        if (!is_same_instant(event, next))
            continue;
        if (strcmp(event->what, "accessed") == 0 &&
            strcmp(next->what, "refused") == 0)
            event->is_told = false; /* a refusal makes it look used */
        if (!is_new(next))
            continue;
        /* filed anew, or compression that did not work out */
        bool is_undone = turn == PAGE_IS_FREED || turn == PAGE_IS_TAKEN;
        if (is_undone)
            event->is_told = false;
        if (is_undone || turn == PAGE_COMES)
            next->is_told = false;
    }
}

/* "; it had been away for 25.4 s, and 6,402 other pages were taken meanwhile" */
static void tell_away(char more[MORE_BYTES], sqlite3 *db,
                      const struct page_life *life,
                      const struct page_life_event *taken,
                      const struct page_life_event *event)
{
    char span[HUMAN_BYTES], others[HUMAN_BYTES];
    int64_t count = number_of(
        db,
        "SELECT count(*) FROM page_event WHERE run_id = ?1 AND seq > ?2 AND "
        "seq < ?3 AND what IN ('evicted', 'compressed', 'discarded')",
        life->run_id, taken->seq, event->seq, 0);

    snprintf(more, MORE_BYTES, ". It had been away for %s, while %s taken",
             format_exact_time(span, event->at_ns - taken->at_ns),
             count == 0 ? "no other page was"
             : count == 1
                 ? "one other page was"
                 : format_amount(others, (uint64_t)count, "other page"));
    if (count > 1) {
        char *end = strrchr(more, ' ');
        snprintf(end, MORE_BYTES - (size_t)(end - more), " were taken");
    }
}

/* Whose doing was it that the page was freed? */
static void tell_freed(char more[MORE_BYTES], sqlite3 *db,
                       const struct page_life *life,
                       const struct page_life_event *event)
{
    char line[PAGE_NOTE_BYTES];

    if (page_note_fact(event->detail, "line", line)) {
        char *op = text_of(db,
                           "SELECT op FROM event WHERE run_id = ?1 AND line = "
                           "?2 AND at_ns = ?3",
                           life->run_id, strtoull(line, NULL, 10),
                           (uint64_t)event->at_ns);
        if (op)
            snprintf(more, MORE_BYTES, ": %s", op);
        free(op);
        return;
    }
    if (number_of(db,
                  "SELECT 1 FROM vmo JOIN process USING (run_id, process_id) "
                  "WHERE run_id = ?1 AND vmo_id = ?2 AND killed_ns = ?3",
                  life->run_id, life->vmo_id, (uint64_t)event->at_ns, 0))
        snprintf(more, MORE_BYTES, " when its process was killed");
    else if (number_of(db,
                       "SELECT 1 FROM vmo WHERE run_id = ?1 AND vmo_id = ?2 "
                       "AND closed_ns = ?3",
                       life->run_id, life->vmo_id, (uint64_t)event->at_ns, 0))
        snprintf(more, MORE_BYTES, " when its VMO was closed");
}

/* "It aged 6 times, from reclaim0 to reclaim6": the last of several in a row
 * tells of all. */
static char *aging_sentence(const struct page_life_event *first,
                            const struct page_life_event *last, size_t times)
{
    char from[PAGE_NOTE_BYTES], to[PAGE_NOTE_BYTES], at[HUMAN_BYTES];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    page_note_head(first->detail, from);
    page_note_head(last->detail, to);
    const char *list = strrchr(to, ' ');
    from[strcspn(from, " ")] = '\0';
    if (first->at_ns == last->at_ns)
        fprintf(out, "It aged %zu times at once", times);
    else
        fprintf(out, "It had aged %zu times since %s", times,
                format_exact_time(at, first->at_ns));
    fprintf(out, ", from %s to %s.", from, list ? list + 1 : to);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Is the next thing that is told another ageing, in the same life? */
static bool ages_on(const struct page_life *life, size_t index)
{
    return index + 1 < life->count &&
           strcmp(life->events[index].what, "aged") == 0 &&
           strcmp(life->events[index + 1].what, "aged") == 0;
}

struct telling {
    sqlite3 *db;
    struct page_life *life;
    unsigned lives;
    bool is_here;                        /* in memory */
    const struct page_life_event *taken; /* the last time that it was */
    size_t first_aging, agings;          /* of those in a row */
};

static void note_list(struct page_life *life,
                      const struct page_life_event *event)
{
    char list[PAGE_NOTE_BYTES];

    switch (page_turn_of(event->what)) {
    case PAGE_COMES:
        page_note_fact(event->detail, "on", list);
        break;
    case PAGE_STAYS:
        if (strcmp(event->what, "refused") == 0)
            return;
        page_note_head(event->detail, list);
        if (strrchr(list, ' '))
            memmove(list, strrchr(list, ' ') + 1,
                    strlen(strrchr(list, ' ') + 1) + 1);
        break;
    case PAGE_IS_HELD:
    case PAGE_IS_TAKEN:
    case PAGE_IS_FREED:
        *list = '\0';
        break;
    case PAGE_TURN_OTHER:
    default:
        return;
    }
    snprintf(life->list, sizeof life->list, "%.63s", list);
}

static char *sentence_of(struct telling *telling, size_t index)
{
    struct page_life *life = telling->life;
    struct page_life_event *event = &life->events[index];
    enum page_turn turn = page_turn_of(event->what);
    char more[MORE_BYTES] = "";

    if (!event->is_told && turn == PAGE_IS_FREED)
        return strdup("It left its list for a moment, to be filed anew.");
    if (!event->is_told && turn == PAGE_IS_TAKEN)
        return strdup("An attempt to compress it began.");
    if (telling->is_here && is_new(event))
        return strdup(event->is_told
                          ? "A page of its own took its place; the one before "
                            "stays with those who share it."
                          : "It was filed anew.");
    if (strcmp(event->what, "refaulted") == 0 && telling->taken)
        tell_away(more, telling->db, life, telling->taken, event);
    if (turn == PAGE_IS_FREED)
        tell_freed(more, telling->db, life, event);
    if (strcmp(event->what, "refused") == 0 && index > 0 &&
        !life->events[index - 1].is_told) {
        char head[PAGE_NOTE_BYTES];
        page_note_head(life->events[index - 1].detail, head);
        snprintf(more, MORE_BYTES,
                 "; it went from %.100s, as if it were in use", head);
    }
    if (strcmp(event->what, "aged") == 0 && telling->agings > 1)
        return aging_sentence(&life->events[telling->first_aging], event,
                              telling->agings);
    return page_sentence(event->what, event->detail, more);
}

/* One event, with what came before it known. False: out of memory. */
static bool tell_event(struct telling *telling, size_t index)
{
    struct page_life *life = telling->life;
    struct page_life_event *event = &life->events[index];
    enum page_turn turn = page_turn_of(event->what);

    if (strcmp(event->what, "aged") == 0) {
        if (telling->agings++ == 0)
            telling->first_aging = index;
        event->is_told = !ages_on(life, index);
    } else {
        telling->agings = 0;
    }
    if (telling->lives == 0 || (!telling->is_here && turn == PAGE_COMES)) {
        telling->lives++;
        event->is_before = turn != PAGE_COMES;
    }
    event->life = telling->lives;
    event->sentence = sentence_of(telling, index);
    note_list(life, event);
    telling->is_here =
        event->is_told ? turn != PAGE_IS_TAKEN && turn != PAGE_IS_FREED : true;
    if (turn == PAGE_IS_TAKEN && event->is_told)
        telling->taken = event;
    else if (turn == PAGE_IS_FREED)
        telling->taken = NULL;
    return event->sentence != NULL;
}

static bool tell(struct page_life *life, sqlite3 *db)
{
    struct telling telling = {.db = db, .life = life};
    bool is_ok = true;

    choose_told(life);
    for (size_t i = 0; i < life->count && is_ok; i++)
        is_ok = tell_event(&telling, i);
    life->is_alive = telling.is_here;
    return is_ok;
}

enum results_check page_life_read(struct page_life *life, sqlite3 *db,
                                  uint64_t run_id, const char *vmo,
                                  uint64_t page, char *error, size_t error_size)
{
    *life = (struct page_life){.run_id = run_id, .page = page};
    enum results_check check = find_vmo(life, db, vmo, error, error_size);
    if (check != RESULTS_OK)
        return check;
    life->run = run_title(db, run_id);
    life->end_ns =
        number_of(db,
                  "SELECT coalesce(sim_ns, (SELECT max(tick_ns) FROM tick "
                  "WHERE run_id = ?1)) FROM run WHERE run_id = ?1",
                  run_id, 0, 0, 0);
    if (!number_of(db,
                   "SELECT EXISTS (SELECT 1 FROM page_event "
                   "WHERE run_id = ?1)",
                   run_id, 0, 0, 0))
        return fail_not_recorded(db, run_id, error, error_size);
    check = read_events(life, db, error, error_size);
    if (check != RESULTS_OK || tell(life, db))
        return check;
    snprintf(error, error_size, "out of memory");
    return RESULTS_HOST;
}

void page_life_release(struct page_life *life)
{
    for (size_t i = 0; i < life->count; i++) {
        free(life->events[i].what);
        free(life->events[i].detail);
        free(life->events[i].sentence);
    }
    free(life->events);
    free(life->run);
    free(life->vmo);
    free(life->about);
    *life = (struct page_life){0};
}

/* Printing. --------------------------------------------------------------- */

static void print_end(FILE *out, const struct page_life *life)
{
    char at[HUMAN_BYTES], text[160];

    format_exact_time(at, life->end_ns);
    const char *last = life->events[life->count - 1].what;
    if (!life->is_alive)
        snprintf(text, sizeof text, "The run ended%s.",
                 page_turn_of(last) == PAGE_IS_TAKEN
                     ? ", and it had not been needed again"
                     : " without it");
    else if (*life->list)
        snprintf(text, sizeof text,
                 "The run ended, and it was still in memory, on %s.",
                 life->list);
    else
        snprintf(text, sizeof text,
                 "The run ended, and it was still in memory.");
    print_paragraph(out, INDENT, at, text);
}

void page_life_print(FILE *out, const struct page_life *life, bool is_quiet)
{
    unsigned lives = life->count ? life->events[life->count - 1].life : 0;
    unsigned told = 0;

    if (!is_quiet)
        fprintf(out, "page %llu of %s (VMO %llu, %s)\nrun %llu: %s\n",
                (unsigned long long)life->page, life->vmo ? life->vmo : "-",
                (unsigned long long)life->vmo_id,
                life->about ? life->about : "-",
                (unsigned long long)life->run_id, life->run);
    if (life->count == 0) {
        fputs("\nNothing happened to it that a policy sees: it was never in "
              "memory, or never among\nthe pages that a policy chooses from.\n",
              out);
        return;
    }
    for (size_t i = 0; i < life->count; i++) {
        const struct page_life_event *event = &life->events[i];
        char at[HUMAN_BYTES];

        if (event->life != told && lives > 1)
            fprintf(out, "\nlife %u of %u\n", event->life, lives);
        else if (event->life != told)
            fputs("\n", out);
        told = event->life;
        if (event->is_before)
            print_paragraph(out, INDENT, "",
                            "It was there already, shared with the VMO that "
                            "this one was made from.");
        if (event->is_told)
            print_paragraph(out, INDENT, format_exact_time(at, event->at_ns),
                            event->sentence);
    }
    print_end(out, life);
}
