/*
 * Operations of the script that have to wait, and their names.
 *
 * A wait is made for every operation that might; most are over at once. One
 * that waits keeps its own copy of the call and owns its run, because the
 * expected values in it are looked at when it is over.
 */
#include "engine/script_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct script_wait *script_wait_new(struct script_call *call)
{
    struct script_wait *wait = calloc(1, sizeof(*wait));
    if (!wait) {
        world_fail(call->world, ENOMEM);
        return NULL;
    }
    wait->call = *call;
    return wait;
}

void script_wait_drop(struct script_wait *wait)
{
    struct script_call *call = &wait->call;
    if (wait->has_waited) {
        LIST_REMOVE(wait, by_script);
        script_wait_release(wait);
        scenario_run_release(&call->run);
    }
    free(wait);
}

void script_wait_release(struct script_wait *wait)
{
    if (wait->has_op)
        world_operation_release(wait->call.world, &wait->operation);
    wait->has_op = false;
}

/* The wait goes on after the step that started it. */
static void keep(struct script_wait *wait)
{
    if (wait->has_waited)
        return;
    wait->has_waited = true;
    LIST_INSERT_HEAD(&wait->call.script->waiting, wait, by_script);
    script_name_set(&wait->call, VM_SHOULD_WAIT, wait);
}

void script_wait_finish(struct script_wait *wait, enum vm_status status)
{
    struct script_call *call = &wait->call;
    CHECK(status != VM_SHOULD_WAIT);
    call->world->script_line = call->event->place.line;
    if (wait->over)
        wait->over(wait, status);
    script_wait_release(wait);
    if (wait->has_waited) {
        script_report_event(call, status, true);
        if (wait->name) {
            wait->name->is_done = true;
            wait->name->status = status;
            wait->name->wait = NULL;
        }
        LIST_REMOVE(wait, by_script);
        scenario_run_release(&call->run);
    }
    free(wait);
}

static void on_done(struct world *world, struct world_operation *operation,
                    enum vm_status status)
{
    (void)world;
    script_wait_finish((struct script_wait *)operation, status);
}

enum vm_status script_wait_start(struct script_wait *wait,
                                 struct world_vmo *other, script_over_fn over)
{
    struct script_call *call = &wait->call;
    wait->over = over;
    wait->has_op = true;
    enum vm_status status = world_operation_start(
        call->world, &wait->operation, call->vmo, other, on_done, NULL);
    if (status == VM_SHOULD_WAIT)
        keep(wait);
    else
        script_wait_finish(wait, status);
    return status;
}

enum vm_status script_wait_step(struct script_wait *wait,
                                world_operation_done_fn done)
{
    struct script_call *call = &wait->call;
    wait->has_op = true;
    enum vm_status status = world_operation_start(call->world, &wait->operation,
                                                  call->vmo, NULL, done, NULL);
    if (status == VM_SHOULD_WAIT)
        keep(wait);
    return status;
}

/* The entry of that name, made if need be; NULL: out of memory. */
static struct script_name *name_entry(struct script *script, const char *text)
{
    struct script_name *name;
    HASH_FIND_STR(script->names, text, name);
    if (name)
        return name;
    name = calloc(1, sizeof(*name));
    if (!name)
        return NULL;
    name->name = strdup(text);
    if (!name->name) {
        free(name);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, script->names, name->name, strlen(name->name), name);
    return name;
}

void script_name_set(struct script_call *call, enum vm_status status,
                     struct script_wait *wait)
{
    if (!call->run.as_op)
        return;
    struct script_name *name = name_entry(call->script, call->run.as_op);
    if (!name) {
        world_fail(call->world, ENOMEM);
        return;
    }
    if (name->wait)
        name->wait->name = NULL;
    name->wait = wait;
    name->is_done = wait == NULL;
    name->status = status;
    if (wait)
        wait->name = name;
}

bool script_operation_find(const struct script *script, const char *name,
                           bool *is_done, enum vm_status *status)
{
    struct script_name *entry;
    HASH_FIND_STR(script->names, name, entry);
    if (!entry)
        return false;
    *is_done = entry->is_done;
    if (entry->is_done)
        *status = entry->status;
    return true;
}
