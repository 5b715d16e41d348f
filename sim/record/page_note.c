#include "record/page_note.h"

#include <stdio.h>
#include <string.h>

/* The first word with a '=' at or behind `text`; its end if there is none. */
static const char *first_fact(const char *text)
{
    while (*text) {
        size_t blanks = strspn(text, " ");
        size_t length = strcspn(text + blanks, " ");
        if (memchr(text + blanks, '=', length))
            return text + blanks;
        text += blanks + length;
    }
    return text;
}

void page_note_head(const char *detail, char *head)
{
    const char *text = detail ? detail : "";
    size_t length = (size_t)(first_fact(text) - text);

    while (length > 0 && text[length - 1] == ' ')
        length--;
    snprintf(head, PAGE_NOTE_BYTES, "%.*s", (int)length, text);
}

bool page_note_next(const char **cursor, char *name, char *value)
{
    const char *fact = first_fact(*cursor ? *cursor : "");
    size_t name_length = strcspn(fact, "=");

    if (!*fact)
        return false;
    const char *text = fact + name_length + 1;
    size_t length = strcspn(text, " ");
    snprintf(name, PAGE_NOTE_BYTES, "%.*s", (int)name_length, fact);
    snprintf(value, PAGE_NOTE_BYTES, "%.*s", (int)length, text);
    *cursor = text + length;
    return true;
}

bool page_note_fact(const char *detail, const char *name, char *value)
{
    char found[PAGE_NOTE_BYTES];

    while (page_note_next(&detail, found, value))
        if (strcmp(found, name) == 0)
            return true;
    *value = '\0';
    return false;
}
