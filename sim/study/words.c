#include "study/words.h"

#include <stdlib.h>
#include <string.h>

bool words_cut(struct words *words, const char *text)
{
    *words = (struct words){.text = strdup(text), .count = 1};
    if (!words->text)
        return false;
    for (char *at = words->text; *at; at++) {
        if (*at != ',')
            continue;
        *at = '\0';
        words->count++;
    }
    return true;
}

void words_release(struct words *words)
{
    free(words->text);
    *words = (struct words){0};
}
