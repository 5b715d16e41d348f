/*
 * Names to policies. Built-in ones stand in one table, so adding a policy is a
 * file and a line here; a plug-in is opened by its path and stays loaded until
 * its handle is closed.
 */
#include "policies.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct reclaim_policy_ops *const built_in_policies[] = {
    &zircon_policy_ops,
    &fifo_policy_ops,
    &lru_policy_ops,
    &mru_policy_ops,
    &random_policy_ops,
    &clock_policy_ops,
    &sieve_policy_ops,
    &s3fifo_policy_ops,
    &slru_policy_ops,
    &two_queue_policy_ops,
    &lfu_policy_ops,
    &arc_policy_ops,
    &car_policy_ops,
    &lirs_policy_ops,
    &wtinylfu_policy_ops,
    &linux2_policy_ops,
    &mglru_policy_ops,
    &opt_policy_ops,
    NULL,
};
/* clang-format on */

struct message {
    char *buffer;
    size_t bytes;
};

__attribute__((format(printf, 2, 3))) static const char *
say(struct message message, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message.buffer, message.bytes, format, arguments);
    va_end(arguments);
    return message.buffer;
}

const struct reclaim_policy_ops *policy_find(const char *name)
{
    for (int i = 0; built_in_policies[i]; i++)
        if (strcmp(built_in_policies[i]->name, name) == 0)
            return built_in_policies[i];
    return NULL;
}

static const char *params_check(const struct reclaim_policy_ops *ops)
{
    int count = 0;

    for (const struct reclaim_param *p = ops->params; p && p->name; p++) {
        if (++count > RECLAIM_MAX_PARAMS)
            return "too many parameters";
        if (!p->default_text)
            return "a parameter without a default";
        if (p->kind == RECLAIM_PARAM_WORD && !p->words)
            return "a word parameter without words";
    }
    return NULL;
}

const char *policy_check(const struct reclaim_policy_ops *ops)
{
    if (ops->abi != RECLAIM_POLICY_ABI)
        return "built for another version of the policy interface";
    if (!ops->name || !ops->summary || !ops->reference)
        return "no name, summary or reference";
    if (ops->page_bytes > 16)
        return "more than 16 bytes a page";
    if (!ops->init || !ops->fini || !ops->resize)
        return "no init, fini or resize";
    if (!ops->page_added || !ops->page_removed || !ops->victim || !ops->refused)
        return "no page_added, page_removed, victim or refused";
    if (!ops->lists || !ops->place || !ops->valid)
        return "no lists, place or valid";
    if (!ops->age != !ops->next_age)
        return "only one of age and next_age";
    if (ops->page_identity && !ops->refault)
        return "page_identity without refault";
    return params_check(ops);
}

/* dlsym's answer is an object pointer; POSIX says that it may be a function. */
static reclaim_policy_entry entry_of(void *library)
{
    void *symbol = dlsym(library, "lowtide_policy");
    reclaim_policy_entry entry = NULL;

    static_assert(sizeof entry == sizeof symbol, "one size of pointer");
    memcpy(&entry, &symbol, sizeof entry);
    return entry;
}

/* A name without a slash is a file here, not one of the system's libraries. */
static void *open_library(const char *path)
{
    char here[4096];
    int length = snprintf(here, sizeof here, "./%s", path);

    if (strchr(path, '/') || length < 0 || (size_t)length >= sizeof here)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return dlopen(here, RTLD_NOW | RTLD_LOCAL);
}

static const char *open_plug_in(struct policy_handle *handle, const char *path,
                                struct message message)
{
    const struct reclaim_policy_ops *ops;
    reclaim_policy_entry entry;
    const char *wrong;

    handle->library = open_library(path);
    if (!handle->library) {
        const char *reason = dlerror();
        return say(message, "policy %s: cannot be loaded: %s", path,
                   reason ? reason : "no reason given");
    }
    entry = entry_of(handle->library);
    if (!entry) {
        policy_close(handle);
        return say(message, "policy %s: it has no lowtide_policy()", path);
    }
    ops = entry();
    if (!ops) {
        policy_close(handle);
        return say(message, "policy %s: lowtide_policy() returned nothing",
                   path);
    }
    wrong = policy_check(ops);
    if (wrong) {
        say(message, "policy %s: %s (abi %u, expected %d)", path, wrong,
            (unsigned)ops->abi, RECLAIM_POLICY_ABI);
        policy_close(handle);
        return message.buffer;
    }
    handle->ops = ops;
    return NULL;
}

static const char *unknown(const char *name, struct message message)
{
    char names[512] = "";
    size_t used = 0;

    for (int i = 0; built_in_policies[i] && used < sizeof names; i++) {
        int wrote = snprintf(names + used, sizeof names - used, "%s%s",
                             i ? ", " : "", built_in_policies[i]->name);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return say(message,
               "policy %s: unknown; there are %s, or a path ending in .so",
               name, names);
}

static bool is_plug_in(const char *name)
{
    size_t length = strlen(name);

    return length > 3 && strcmp(name + length - 3, ".so") == 0;
}

static const char *open_any(struct policy_handle *handle, const char *name,
                            struct message message)
{
    *handle = (struct policy_handle){NULL, NULL};
    if (is_plug_in(name))
        return open_plug_in(handle, name, message);
    handle->ops = policy_find(name);
    return handle->ops ? NULL : unknown(name, message);
}

const char *policy_open(struct policy_handle *handle, const char *name,
                        enum policy_use use, char *buffer, size_t buffer_bytes)
{
    struct message message = {buffer, buffer_bytes};
    const char *wrong = open_any(handle, name, message);

    if (wrong || use == POLICY_KNOWS_FUTURE || !handle->ops->needs_future)
        return wrong;
    policy_close(handle);
    return say(
        message,
        "policy %s chooses by when each page is used next: only `lowtide "
        "replay` knows that, from its trace, and `lowtide compare`, from "
        "a run of the baseline that it records first",
        name);
}

void policy_close(struct policy_handle *handle)
{
    if (handle->library)
        dlclose(handle->library);
    *handle = (struct policy_handle){NULL, NULL};
}
