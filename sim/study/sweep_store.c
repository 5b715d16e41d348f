#include "study/sweep_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record/merge.h"
#include "record/store.h"
#include "record/study_runs.h"
#include "version.h"

/* How long a lock is waited for: three seconds. EAGAIN is EWOULDBLOCK. */
enum { LOCK_TRIES = 30, LOCK_PAUSE_NS = 100 * 1000 * 1000 };

/* --- paths ---------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static char *path_of(const char *format,
                                                           ...)
{
    char *path = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0)
        path = malloc((size_t)length + 1);
    if (!path)
        return NULL;
    va_start(arguments, format);
    vsnprintf(path, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return path;
}

static char *shard_path(const char *database, const struct sweep_shard *shard)
{
    return path_of("%s.shard-%u-of-%u.db", database, shard->number,
                   shard->count);
}

static char *folder_path(const char *database)
{
    return path_of("%s.runs", database);
}

char *sweep_run_path(const char *database, const char *key)
{
    return path_of("%s.runs/%s.db", database, key);
}

char *sweep_part_path(const char *database, const char *key, long pid)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return path_of("%s.runs/%s.part-%s-%ld", database, key, host, pid);
}

/* --- the folder ----------------------------------------------------------- */

bool sweep_make_folder(const char *database)
{
    char *folder = folder_path(database);
    bool is_there = folder && (mkdir(folder, 0777) == 0 || errno == EEXIST);
    int error = errno;
    free(folder);
    errno = error;
    return is_there;
}

bool sweep_make_part(const char *database, const char *part)
{
    int file = -1;
    store_remove(part); /* of an earlier process of this number */
    do {
        if (!sweep_make_folder(database))
            return false;
        file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file < 0 && errno == ENOENT);
    return file >= 0 && close(file) == 0;
}

/* --- one sweep at a time -------------------------------------------------- */

static char *lock_path(const char *database)
{
    return path_of("%s.lock", database);
}

/* The file that has the name is the one that we have locked: it was not
 * removed by its last owner while we waited. */
static bool is_current(int lock, const char *path)
{
    struct stat ours, named;
    return fstat(lock, &ours) == 0 && stat(path, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* -1 with errno; EAGAIN: once more. */
static int try_lock(const char *path)
{
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
        return -1;
    int error = EAGAIN;
    if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        error = errno;
    else if (is_current(lock, path))
        return lock;
    close(lock);
    errno = error;
    return -1;
}

int sweep_lock(const char *database)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    char *path = lock_path(database);
    int lock = path ? try_lock(path) : -1;
    for (int i = 0; lock < 0 && path && errno == EWOULDBLOCK && i < LOCK_TRIES;
         i++) {
        nanosleep(&pause, NULL);
        lock = try_lock(path);
    }
    int error = errno;
    free(path);
    errno = error;
    return lock;
}

void sweep_unlock(const char *database, int lock)
{
    char *path = lock_path(database);
    if (path)
        unlink(path);
    free(path);
    close(lock);
}

/* --- looking -------------------------------------------------------------- */

/* The study's runs by their keys. */
struct index {
    struct sweep_run **runs; /* sorted; owned */
    size_t count;
};

static int compare_runs(const void *left, const void *right)
{
    return strcmp((*(struct sweep_run *const *)left)->key,
                  (*(struct sweep_run *const *)right)->key);
}

/* Of the shard's runs. */
static bool index_make(struct index *index, const struct sweep *sweep,
                       const struct sweep_shard *shard)
{
    index->runs = calloc(sweep->run_count + 1, sizeof *index->runs);
    index->count = 0;
    for (size_t r = 0; index->runs && r < sweep->run_count; r++)
        if (sweep_is_in_shard(shard, r))
            index->runs[index->count++] = &sweep->runs[r];
    if (index->runs)
        qsort(index->runs, index->count, sizeof *index->runs, compare_runs);
    return index->runs != NULL;
}

static int compare_key(const void *key, const void *run)
{
    return strcmp(key, (*(struct sweep_run *const *)run)->key);
}

/* NULL: no run of the study has the key. */
static struct sweep_run *index_find(const struct index *index, const char *key)
{
    struct sweep_run **found = bsearch(key, index->runs, index->count,
                                       sizeof *index->runs, compare_key);
    return found ? *found : NULL;
}

struct looking {
    struct sweep *sweep;
    const char *database;
    const struct sweep_shard *shard;
    struct index index;
    struct sweep_findings *findings;
    char *error;
    size_t error_bytes;
};

void sweep_findings_release(struct sweep_findings *findings)
{
    results_runs_release(&findings->leftovers);
}

static enum study_status status_of(enum results_check check)
{
    static const enum study_status statuses[] = {
        [RESULTS_OK] = STUDY_OK,
        [RESULTS_BAD_INPUT] = STUDY_INPUT,
        [RESULTS_HOST] = STUDY_HOST,
    };
    return statuses[check];
}

static void take_run(struct sweep_run *run, const struct study_run *found,
                     enum sweep_state state)
{
    if (run->state >= state)
        return;
    run->state = state;
    run->is_failed = strcmp(found->status, "failed") == 0;
    run->run_id = state == SWEEP_DONE ? found->run_id : 0;
    snprintf(run->status, sizeof run->status, "%s", found->status);
    snprintf(run->fingerprint, sizeof run->fingerprint, "%s",
             found->fingerprint ? found->fingerprint : "");
}

/* A run of the results file that never reached its end. */
static bool take_leftover(struct sweep_findings *findings,
                          const struct study_run *found)
{
    if (strcmp(found->status, "running") == 0) {
        findings->running++;
        return true;
    }
    struct results_runs *leftovers = &findings->leftovers;
    uint64_t *ids = realloc(leftovers->ids,
                            (leftovers->count + 1) * sizeof *leftovers->ids);
    if (!ids)
        return false;
    leftovers->ids = ids;
    ids[leftovers->count++] = found->run_id;
    return true;
}

static void take_version(struct looking *looking, const struct study_run *found)
{
    if (!found->is_complete || !found->study || !found->version ||
        strcmp(found->study, looking->sweep->name) != 0 ||
        strcmp(found->version, LOWTIDE_VERSION) == 0)
        return;
    snprintf(looking->findings->other_version,
             sizeof looking->findings->other_version, "%s", found->version);
}

/* The runs of one file, which is there. */
static enum study_status look_into(struct looking *looking, const char *path,
                                   enum sweep_state state)
{
    sqlite3 *db;
    struct study_runs runs;
    enum results_check check =
        results_open(path, &db, looking->error, looking->error_bytes);
    if (check != RESULTS_OK)
        return status_of(check);
    check = study_runs_read(db, &runs, looking->error, looking->error_bytes);
    sqlite3_close(db);
    if (check != RESULTS_OK)
        return status_of(check);
    enum study_status status = STUDY_OK;
    for (size_t i = 0; i < runs.count; i++) {
        const struct study_run *found = &runs.list[i];
        struct sweep_run *run = index_find(&looking->index, found->run_key);
        take_version(looking, found);
        if (run && found->is_complete)
            take_run(run, found, state);
        else if (run && state == SWEEP_DONE &&
                 !take_leftover(looking->findings, found))
            status = STUDY_HOST;
    }
    study_runs_release(&runs);
    return status;
}

/* A file that may be missing. */
static enum study_status look_if_there(struct looking *looking,
                                       const char *path, enum sweep_state state)
{
    enum store_state store =
        store_look(path, looking->error, looking->error_bytes);
    if (store == STORE_MISSING)
        return STUDY_OK;
    if (store != STORE_OURS)
        return store == STORE_HOST ? STUDY_HOST : STUDY_INPUT;
    return look_into(looking, path, state);
}

/* The names in a folder, in order; none if it can't be read. */
struct names {
    struct dirent **list;
    int count;
};

static struct names read_folder(const char *folder)
{
    struct names names = {NULL, 0};
    if (folder)
        names.count = scandir(folder, &names.list, NULL, alphasort);
    return names;
}

static void names_release(struct names *names)
{
    for (int n = 0; n < names->count; n++)
        free(names->list[n]);
    free(names->list);
}

static bool is_shard_name(const char *name, const char *base)
{
    size_t length = strlen(name), base_length = strlen(base);
    return strncmp(name, base, base_length) == 0 &&
           strncmp(name + base_length, ".shard-", 7) == 0 &&
           strcmp(name + length - 3, ".db") == 0;
}

/* All shards' files beside the results file. */
static enum study_status look_into_shards(struct looking *looking)
{
    const char *slash = strrchr(looking->database, '/');
    const char *base = slash ? slash + 1 : looking->database;
    char *folder =
        path_of("%.*s", (int)(base - looking->database), looking->database);
    enum study_status status = folder ? STUDY_OK : STUDY_HOST;
    struct names names = read_folder(folder && !folder[0] ? "." : folder);
    for (int n = 0; status == STUDY_OK && n < names.count; n++) {
        if (!is_shard_name(names.list[n]->d_name, base))
            continue;
        char *path = path_of("%s%s", folder, names.list[n]->d_name);
        status = path ? look_if_there(looking, path, SWEEP_APART) : STUDY_HOST;
        free(path);
    }
    names_release(&names);
    free(folder);
    return status;
}

/* Runs that have their files in the folder. */
static enum study_status look_into_folder(struct looking *looking)
{
    enum study_status status = STUDY_OK;
    char *folder = folder_path(looking->database);
    bool is_there = folder && access(folder, F_OK) == 0;
    for (size_t i = 0;
         is_there && status == STUDY_OK && i < looking->index.count; i++) {
        struct sweep_run *run = looking->index.runs[i];
        if (run->state != SWEEP_MISSING)
            continue;
        char *path = sweep_run_path(looking->database, run->key);
        status = path ? look_if_there(looking, path, SWEEP_APART) : STUDY_HOST;
        free(path);
    }
    free(folder);
    return folder ? status : STUDY_HOST;
}

static enum study_status look(struct looking *looking)
{
    enum study_status status =
        look_if_there(looking, looking->database, SWEEP_DONE);
    if (status == STUDY_OK && looking->shard->count == 0)
        status = look_into_shards(looking);
    if (status == STUDY_OK && looking->shard->count > 0) {
        char *path = shard_path(looking->database, looking->shard);
        status = path ? look_if_there(looking, path, SWEEP_APART) : STUDY_HOST;
        free(path);
    }
    return status == STUDY_OK ? look_into_folder(looking) : status;
}

enum study_status sweep_look(struct sweep *sweep, const char *database,
                             const struct sweep_shard *shard,
                             struct sweep_findings *findings, char *error,
                             size_t error_bytes)
{
    struct looking looking = {
        .sweep = sweep,
        .database = database,
        .shard = shard,
        .findings = findings,
        .error = error,
        .error_bytes = error_bytes,
    };
    snprintf(error, error_bytes, "out of memory");
    for (size_t r = 0; r < sweep->run_count; r++)
        sweep->runs[r].state = SWEEP_MISSING;
    enum study_status status =
        index_make(&looking.index, sweep, shard) ? look(&looking) : STUDY_HOST;
    free(looking.index.runs);
    return status;
}

/* --- publishing ----------------------------------------------------------- */

struct files {
    char **paths; /* owned, and the texts */
    size_t count;
};

static void files_release(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
}

/* `path` is taken, unless nothing is there. False: out of memory. */
static bool add_if_there(struct files *files, char *path)
{
    if (!path)
        return false;
    if (access(path, F_OK) == 0)
        files->paths[files->count++] = path;
    else
        free(path);
    return true;
}

/* The shard's file as it is, then its runs in order. */
static bool gather_files(struct files *files, const struct sweep *sweep,
                         const char *database, const struct sweep_shard *shard)
{
    files->paths = calloc(sweep->run_count + 1, sizeof *files->paths);
    bool is_well =
        files->paths && add_if_there(files, shard_path(database, shard));
    for (size_t r = 0; is_well && r < sweep->run_count; r++)
        if (sweep_is_in_shard(shard, r) && sweep->runs[r].state != SWEEP_DONE)
            is_well = add_if_there(
                files, sweep_run_path(database, sweep->runs[r].key));
    return is_well;
}

/* All files of the shard's runs, and the folder with the last of them. */
static void tidy_folder(const struct sweep *sweep, const char *database,
                        const struct sweep_shard *shard)
{
    struct index index = {NULL, 0};
    char key[SHA256_HEX_SIZE];
    char *folder = folder_path(database);
    struct names names = read_folder(folder);
    bool is_well = index_make(&index, sweep, shard);
    for (int n = 0; is_well && n < names.count; n++) {
        snprintf(key, sizeof key, "%.*s", SHA256_HEX_SIZE - 1,
                 names.list[n]->d_name);
        char *path = path_of("%s/%s", folder, names.list[n]->d_name);
        if (path && index_find(&index, key))
            unlink(path);
        free(path);
    }
    if (folder)
        rmdir(folder); /* unless other shards have files there */
    names_release(&names);
    free(folder);
    free(index.runs);
}

enum study_status sweep_publish(const struct sweep *sweep, const char *database,
                                const struct sweep_shard *shard,
                                const volatile sig_atomic_t *interrupted,
                                char *error, size_t error_bytes)
{
    struct files files = {NULL, 0};
    uint64_t runs;
    char *path = shard_path(database, shard);
    enum results_check check = RESULTS_HOST;
    snprintf(error, error_bytes, "out of memory");
    if (path && gather_files(&files, sweep, database, shard))
        check =
            results_merge(path, true, (const char *const *)files.paths,
                          files.count, interrupted, &runs, error, error_bytes);
    if (check == RESULTS_OK)
        tidy_folder(sweep, database, shard);
    files_release(&files);
    free(path);
    return interrupted && *interrupted ? STUDY_INTERRUPTED : status_of(check);
}
