/*
 * Status codes: what an operation of the simulated kernel returns.
 *
 * The numbers are Zircon's public ones, so that logs of a device and of this
 * program can be laid side by side. STOP and NEXT steer iterations and are
 * never the final result of an operation.
 */
#ifndef VMCOW_STATUS_H
#define VMCOW_STATUS_H

#include <stdbool.h>

/* What each means for a function is said there. */
enum vm_status {
    VM_OK = 0,
    VM_INTERNAL = -1,
    VM_NOT_SUPPORTED = -2,
    VM_NO_MEMORY = -4,
    VM_INVALID_ARGS = -10,
    VM_OUT_OF_RANGE = -14,
    VM_BUFFER_TOO_SMALL = -15,
    VM_BAD_STATE = -20,
    VM_TIMED_OUT = -21,
    VM_SHOULD_WAIT = -22,
    VM_NOT_FOUND = -25,
    VM_ALREADY_EXISTS = -26,
    VM_UNAVAILABLE = -28,
    VM_IO = -40,
    VM_IO_DATA_INTEGRITY = -42,
    VM_NO_SPACE = -54,
    VM_STOP = -60,
    VM_NEXT = -61,
};

/* The status' name as scenario files spell it ("BAD_STATE"); never NULL. */
const char *vm_status_name(enum vm_status status);

/*
 * Read a status' name; a "ZX_ERR_" or "ZX_" prefix is accepted.
 * Returns false, leaving `status` alone, if `name` names none.
 */
bool vm_status_parse(const char *name, enum vm_status *status);

#endif
