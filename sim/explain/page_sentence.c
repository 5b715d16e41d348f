#include "explain/page_sentence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/human.h"
#include "record/page_note.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct phrase {
    const char *word;
    const char *text;
};

/* NULL: there is no such word. */
static const char *look_up(const struct phrase *phrases, size_t count,
                           const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(phrases[i].word, word) == 0)
            return phrases[i].text;
    return NULL;
}

enum page_turn page_turn_of(const char *what)
{
    static const struct {
        const char *what;
        enum page_turn turn;
    } turns[] = {
        {"added", PAGE_COMES},        {"refaulted", PAGE_COMES},
        {"aged", PAGE_STAYS},         {"accessed", PAGE_STAYS},
        {"not_needed", PAGE_STAYS},   {"refused", PAGE_STAYS},
        {"pinned", PAGE_IS_HELD},     {"dirtied", PAGE_IS_HELD},
        {"protected", PAGE_IS_HELD},  {"compression_failed", PAGE_IS_HELD},
        {"evicted", PAGE_IS_TAKEN},   {"compressed", PAGE_IS_TAKEN},
        {"discarded", PAGE_IS_TAKEN}, {"freed", PAGE_IS_FREED},
    };
    for (size_t i = 0; i < COUNT_OF(turns); i++)
        if (strcmp(turns[i].what, what) == 0)
            return turns[i].turn;
    return PAGE_TURN_OTHER;
}

/* Coming. ----------------------------------------------------------------- */

/* How it came, by the head of the detail. */
static const char *coming(const char *head, const char *class_)
{
    static const struct phrase phrases[] = {
        {"unpinned", "It was unpinned, and reclaim could take it again"},
        {"cleaned", "It was written back, and clean again"},
        {"no longer protected",
         "Its VMO lost its high priority, and reclaim could take it again"},
        {"reclaim switched on", "Reclaim of pages of its kind was switched on"},
        {"there from the start", "It was there from the start"},
        {"read again", "It was needed again and read by its pager"},
        {"decompressed", "It was needed again and decompressed"},
    };
    const char *phrase = look_up(phrases, COUNT_OF(phrases), head);

    if (phrase)
        return phrase;
    return strcmp(class_, "pager") == 0 ? "Its pager supplied it"
                                        : "It was committed";
}

static void write_coming(FILE *out, const char *head, const char *detail)
{
    char class_[PAGE_NOTE_BYTES], list[PAGE_NOTE_BYTES];

    page_note_fact(detail, "class", class_);
    fputs(coming(head, class_), out);
    if (!page_note_fact(detail, "on", list))
        return;
    fprintf(out,
            strcmp(head, "there from the start") == 0 ? ", on %s"
                                                      : "; it joined %s",
            list);
}

/* Who, how hard, how things stood. ---------------------------------------- */

static const char *who(const char *by)
{
    static const struct phrase phrases[] = {
        {"eviction", "the eviction thread"},
        {"continuous",
         "the eviction thread, at work for as long as the pressure lasts,"},
        {"oom", "the watchdog, out of memory,"},
        {"lru", "the LRU thread"},
        {"script", "the script"},
    };

    return look_up(phrases, COUNT_OF(phrases), by);
}

static void write_who(FILE *out, const char *detail)
{
    char by[PAGE_NOTE_BYTES], line[PAGE_NOTE_BYTES];

    page_note_fact(detail, "by", by);
    const char *name = who(by);
    fputs(name ? name : by, out);
    if (page_note_fact(detail, "line", line))
        fprintf(out, " (line %s)", line);
}

static void write_aim(FILE *out, const char *detail)
{
    char aim[PAGE_NOTE_BYTES], need[PAGE_NOTE_BYTES], text[HUMAN_BYTES];
    bool has_need = page_note_fact(detail, "need", need);

    if (page_note_fact(detail, "aim", aim))
        fputs(strcmp(aim, "only_oldest") == 0 ? " took the oldest only"
                                              : " would take even the newest",
              out);
    else
        fputs(" took it", out);
    if (has_need)
        fprintf(out, " and still wanted %s",
                format_amount(text, strtoull(need, NULL, 10), "page"));
}

static void write_state(FILE *out, const char *detail)
{
    char level[PAGE_NOTE_BYTES], pages[PAGE_NOTE_BYTES], text[HUMAN_BYTES];

    if (page_note_fact(detail, "level", level)) {
        for (char *c = level; (c = strchr(c, '_'));)
            *c = ' ';
        fprintf(out, "; the level was %s", level);
    }
    if (page_note_fact(detail, "free", pages))
        fprintf(out, ", %s %s free",
                format_amount(text, strtoull(pages, NULL, 10), "page"),
                strcmp(pages, "1") == 0 ? "was" : "were");
}

static void write_why(FILE *out, const char *detail)
{
    char fact[PAGE_NOTE_BYTES];

    if (!page_note_fact(detail, "by", fact))
        return;
    fputs(": ", out);
    write_who(out, detail);
    if (strcmp(fact, "lru") == 0)
        fputs(" takes what has aged out", out);
    else
        write_aim(out, detail);
    write_state(out, detail);
    if (page_note_fact(detail, "hint", fact))
        fputs("; that it is always needed did not protect it", out);
}

/* Going. ------------------------------------------------------------------ */

static void write_taking(FILE *out, const char *what, const char *head,
                         const char *detail)
{
    char state[PAGE_NOTE_BYTES];

    if (strcmp(what, "discarded") == 0)
        fprintf(out, "It was discarded with its VMO, from %s", head);
    else
        fprintf(out, "It was %s as the next victim, from %s", what, head);
    if (page_note_fact(detail, "state", state))
        fprintf(out, " (%s)", state);
    write_why(out, detail);
}

static void write_holding(FILE *out, const char *what)
{
    static const struct phrase phrases[] = {
        {"pinned", "It was pinned: reclaim could not take it from here on"},
        {"dirtied",
         "It was written to: a dirty page stays until it is written back"},
        {"protected",
         "Its VMO got high priority: reclaim could not take it from here on"},
        {"compression_failed",
         "It did not get small enough when it was compressed, and was set "
         "aside: it stays in memory"},
    };

    fputs(look_up(phrases, COUNT_OF(phrases), what), out);
}

static void write_refusal(FILE *out, const char *head, const char *detail)
{
    static const struct phrase phrases[] = {
        {"gone", "it was no longer there"},
        {"pinned", "it was pinned"},
        {"high priority", "its VMO had high priority"},
        {"dirty", "it was dirty"},
        {"always needed", "it was hinted as always needed"},
        {"no way to reclaim it", "there was no way to reclaim it"},
    };
    const char *why = look_up(phrases, COUNT_OF(phrases), head);
    char fact[PAGE_NOTE_BYTES];

    fprintf(out, "It was the next victim, but stayed: %s", why ? why : head);
    if (page_note_fact(detail, "by", fact)) {
        fputs(" when ", out);
        write_who(out, detail);
        fputs(" wanted it", out);
    }
    write_state(out, detail);
}

static void write_staying(FILE *out, const char *what, const char *head,
                          const char *detail)
{
    if (strcmp(what, "aged") == 0)
        fprintf(out, "It aged, from %s", head);
    else if (strcmp(what, "accessed") == 0)
        fprintf(out, "It was found to be in use, and went from %s", head);
    else if (strcmp(what, "not_needed") == 0)
        fprintf(out, "It was hinted as not needed, and went from %s", head);
    else
        write_refusal(out, head, detail);
}

static void write_freeing(FILE *out, const char *head, const char *detail)
{
    char by[PAGE_NOTE_BYTES];

    fprintf(out, "It was freed, from %s", head);
    if (!page_note_fact(detail, "by", by))
        return;
    fputs(", by ", out);
    write_who(out, detail);
}

char *page_sentence(const char *what, const char *detail, const char *more)
{
    char head[PAGE_NOTE_BYTES];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    page_note_head(detail, head);
    switch (page_turn_of(what)) {
    case PAGE_COMES:
        write_coming(out, head, detail);
        break;
    case PAGE_STAYS:
        write_staying(out, what, head, detail);
        break;
    case PAGE_IS_HELD:
        write_holding(out, what);
        break;
    case PAGE_IS_TAKEN:
        write_taking(out, what, head, detail);
        break;
    case PAGE_IS_FREED:
        write_freeing(out, head, detail);
        break;
    case PAGE_TURN_OTHER:
        fprintf(out, "It was %s (%s)", what, detail ? detail : "");
        break;
    }
    fprintf(out, "%s.", more);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
