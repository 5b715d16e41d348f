#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static _Thread_local vmcow_fail_fn fail_handler;

void vmcow_on_fail(vmcow_fail_fn handler)
{
    fail_handler = handler;
}

_Noreturn void vmcow_fail(const char *file, int line, const char *rule)
{
    if (fail_handler)
        fail_handler(file, line, rule);
    fprintf(stderr, "%s:%d: broken rule: %s\n", file, line, rule);
    abort();
}
