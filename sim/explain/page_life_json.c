/* The life of a page as JSON: every event, told or not. */
#include "explain/page_life.h"

#include "record/json.h"
#include "record/page_note.h"

static void print_facts(FILE *out, const char *detail)
{
    char name[PAGE_NOTE_BYTES], value[PAGE_NOTE_BYTES];
    const char *before = "";

    fputs("{", out);
    while (page_note_next(&detail, name, value)) {
        fputs(before, out);
        json_write_string(out, name);
        fputs(": ", out);
        json_write_string(out, value);
        before = ", ";
    }
    fputs("}", out);
}

static void print_event(FILE *out, const struct page_life *life,
                        const struct page_life_event *event)
{
    char head[PAGE_NOTE_BYTES];

    page_note_head(event->detail, head);
    fprintf(out, "{\"run_id\": %llu, \"vmo_id\": %llu, \"vmo\": ",
            (unsigned long long)life->run_id, (unsigned long long)life->vmo_id);
    json_write_string(out, life->vmo);
    fprintf(out,
            ", \"page\": %llu, \"seq\": %llu, \"at_ns\": %lld, \"life\": %u, "
            "\"what\": ",
            (unsigned long long)life->page, (unsigned long long)event->seq,
            (long long)event->at_ns, event->life);
    json_write_string(out, event->what);
    fputs(", \"words\": ", out);
    json_write_string(out, head);
    fputs(", \"facts\": ", out);
    print_facts(out, event->detail);
    fputs(", \"sentence\": ", out);
    json_write_string(out, event->sentence);
    fputs("}", out);
}

void page_life_print_json(FILE *out, const struct page_life *life)
{
    fputs("[", out);
    for (size_t i = 0; i < life->count; i++) {
        fputs(i > 0 ? ",\n " : "", out);
        print_event(out, life, &life->events[i]);
    }
    fputs("]\n", out);
}
