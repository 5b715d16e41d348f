#include "status.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum vm_status status;
    const char *name;
} names[] = {
    {VM_OK, "OK"},
    {VM_INTERNAL, "INTERNAL"},
    {VM_NOT_SUPPORTED, "NOT_SUPPORTED"},
    {VM_NO_MEMORY, "NO_MEMORY"},
    {VM_INVALID_ARGS, "INVALID_ARGS"},
    {VM_OUT_OF_RANGE, "OUT_OF_RANGE"},
    {VM_BUFFER_TOO_SMALL, "BUFFER_TOO_SMALL"},
    {VM_BAD_STATE, "BAD_STATE"},
    {VM_TIMED_OUT, "TIMED_OUT"},
    {VM_SHOULD_WAIT, "SHOULD_WAIT"},
    {VM_NOT_FOUND, "NOT_FOUND"},
    {VM_ALREADY_EXISTS, "ALREADY_EXISTS"},
    {VM_UNAVAILABLE, "UNAVAILABLE"},
    {VM_IO, "IO"},
    {VM_IO_DATA_INTEGRITY, "IO_DATA_INTEGRITY"},
    {VM_NO_SPACE, "NO_SPACE"},
    {VM_STOP, "STOP"},
    {VM_NEXT, "NEXT"},
};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

const char *vm_status_name(enum vm_status status)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (names[i].status == status)
            return names[i].name;
    return "UNKNOWN";
}

bool vm_status_parse(const char *name, enum vm_status *status)
{
    if (strncmp(name, "ZX_ERR_", 7) == 0)
        name += 7;
    else if (strncmp(name, "ZX_", 3) == 0)
        name += 3;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *status = names[i].status;
            return true;
        }
    }
    return false;
}
