/*
 * How a file is told to be ours without opening it as a database: the header
 * of an SQLite file holds the application id and the user version at fixed
 * places, and both are there from the transaction that makes the schema,
 * which is written before the file ever has a write-ahead log.
 *
 * Why DELETE first and WAL second: a transaction in DELETE mode on a new file
 * leaves, if its process dies, an empty file or a journal that empties it;
 * either is made anew by the next who comes.
 */
#include "record/store.h"
#include "record/schema.h"
#include "record/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES        100
#define HEADER_READ_FORMAT  19 /* 2: with a write-ahead log */
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION  68

/* How long a statement waits for another process' transaction. */
#define BUSY_MS 60000

/* How long joining and leaving wait for others to do the same. */
#define DIRECTORY_LOCK_TRIES 1000
#define LEAVE_TRIES          50
#define TRY_NS               (20 * 1000 * 1000)

static void pause_a_little(void)
{
    struct timespec pause = {0, TRY_NS};
    nanosleep(&pause, NULL);
}

/* -- looking ------------------------------------------------------------ */

static uint32_t header_word(const unsigned char *header, int at)
{
    return (uint32_t)header[at] << 24 | (uint32_t)header[at + 1] << 16 |
           (uint32_t)header[at + 2] << 8 | (uint32_t)header[at + 3];
}

/* The beginning of a file; -1 with errno set if it can't be read. */
static ssize_t read_header(const char *path, unsigned char *header)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t size = pread(file, header, HEADER_BYTES, 0);
    int reason = errno;
    close(file);
    errno = reason;
    return size;
}

/* Judge the first `size` bytes of a file that is not empty. */
static enum store_state judge_header(const char *path,
                                     const unsigned char *header, size_t size,
                                     char *error, size_t error_size)
{
    if (size < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0 ||
        header_word(header, HEADER_APPLICATION) != SCHEMA_APPLICATION_ID) {
        snprintf(error, error_size,
                 "%s: not a lowtide results file; left untouched", path);
        return STORE_REFUSED;
    }
    uint32_t version = header_word(header, HEADER_USER_VERSION);
    if (version == SCHEMA_VERSION)
        return STORE_OURS;
    snprintf(error, error_size,
             "%s: results of format %u, this program reads and writes "
             "format %d; left untouched",
             path, version, SCHEMA_VERSION);
    return STORE_REFUSED;
}

enum store_state store_look(const char *path, char *error, size_t error_size)
{
    unsigned char header[HEADER_BYTES];
    struct stat info;

    if (stat(path, &info) != 0) {
        if (errno == ENOENT)
            return STORE_MISSING;
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return STORE_HOST;
    }
    if (!S_ISREG(info.st_mode)) {
        snprintf(error, error_size, "%s: not a regular file", path);
        return STORE_REFUSED;
    }
    if (info.st_size == 0)
        return STORE_MISSING;
    ssize_t size = read_header(path, header);
    if (size < 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return STORE_HOST;
    }
    return judge_header(path, header, (size_t)size, error, error_size);
}

void store_describe(sqlite3 *db, int status, const char *doing,
                    const char *path, char *error, size_t error_size)
{
    int system = db ? sqlite3_system_errno(db) : 0;
    const char *reason = sqlite3_errstr(status);

    /* the detailed text, unless a later call has replaced it */
    if (db && (sqlite3_errcode(db) & 0xff) == (status & 0xff))
        reason = sqlite3_errmsg(db);
    if (system != 0 && (status & 0xff) != SQLITE_FULL)
        snprintf(error, error_size, "%s: %s: %s (%s)", path, doing, reason,
                 strerror(system));
    else
        snprintf(error, error_size, "%s: %s: %s", path, doing, reason);
}

/* -- the lock on the directory ------------------------------------------ */

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    if (slash == path)
        return strdup("/");
    return strndup(path, (size_t)(slash - path));
}

/*
 * Lock the directory that holds `path`. Returns a descriptor to close, -1 if
 * there is no lock to be had: the file system may not know such locks, and a
 * stranger who holds one for long must not stop us.
 */
static int lock_directory(const char *path)
{
    char *directory = directory_of(path);
    if (!directory)
        return -1;
    int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    for (int i = 0; lock >= 0 && i < DIRECTORY_LOCK_TRIES; i++) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            break;
        pause_a_little();
    }
    return lock;
}

static void unlock_directory(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* -- creating ----------------------------------------------------------- */

/* Run SQL that the caller allocated (taken; NULL: memory was short). */
static int run_built(sqlite3 *db, char *sql)
{
    int status = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    free(sql);
    return status;
}

static int add_metric(sqlite3_stmt *insert, const char *table, const char *name,
                      const char *unit, const char *meaning)
{
    const char *cells[] = {table, name, unit, meaning};
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(insert, i + 1, cells[i], -1, SQLITE_STATIC);
    int status = sqlite3_step(insert);
    sqlite3_reset(insert);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int add_relation_metrics(sqlite3_stmt *insert,
                                const struct schema_relation *relation)
{
    int status = SQLITE_OK;
    for (size_t i = 0; i < relation->column_count && status == SQLITE_OK; i++) {
        const struct schema_column *column = &relation->columns[i];
        status = add_metric(insert, relation->name, column->name, column->unit,
                            column->meaning);
    }
    return status;
}

static int fill_dictionary(sqlite3 *db)
{
    sqlite3_stmt *insert = NULL;
    char *sql = schema_insert_sql(schema_table(TABLE_METRIC));
    int status =
        sql ? sqlite3_prepare_v2(db, sql, -1, &insert, NULL) : SQLITE_NOMEM;

    free(sql);
    for (int i = 0; i < TABLE_COUNT && status == SQLITE_OK; i++)
        status =
            add_relation_metrics(insert, schema_table((enum schema_table)i));
    for (size_t i = 0; i < schema_view_count() && status == SQLITE_OK; i++)
        status = add_relation_metrics(insert, schema_view(i));
    for (size_t i = 0; i < schema_counter_count() && status == SQLITE_OK; i++) {
        const struct schema_counter *counter = schema_counter(i);
        status = add_metric(insert, "counter", counter->name, counter->unit,
                            counter->meaning);
    }
    sqlite3_finalize(insert);
    return status;
}

static int create_schema(sqlite3 *db)
{
    char *stamp = NULL;
    int status = SQLITE_OK;

    for (int i = 0; i < TABLE_COUNT && status == SQLITE_OK; i++)
        status = run_built(
            db, schema_create_sql(schema_table((enum schema_table)i)));
    for (size_t i = 0; i < schema_view_count() && status == SQLITE_OK; i++)
        status = run_built(db, schema_create_sql(schema_view(i)));
    if (status == SQLITE_OK)
        status = fill_dictionary(db);
    if (status != SQLITE_OK)
        return status;
    stamp = sqlite3_mprintf("PRAGMA application_id = %d;"
                            "PRAGMA user_version = %d;",
                            SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    status = stamp ? sqlite3_exec(db, stamp, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(stamp);
    return status;
}

/* The number that a pragma gives, -1 if it fails. */
static int64_t pragma_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *query = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        number = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return number;
}

/* Tables that joined the format later, in a file that was made before. */
static int create_missing(sqlite3 *db)
{
    const struct schema_relation *table = schema_table(TABLE_STUDY_RUN);
    sqlite3_stmt *insert = NULL;
    if (pragma_number(db, "SELECT count(*) FROM sqlite_schema "
                          "WHERE name = 'study_run'") != 0)
        return SQLITE_OK;
    int status = run_built(db, schema_create_sql(table));
    char *sql = schema_insert_sql(schema_table(TABLE_METRIC));
    if (status == SQLITE_OK)
        status =
            sql ? sqlite3_prepare_v2(db, sql, -1, &insert, NULL) : SQLITE_NOMEM;
    if (status == SQLITE_OK)
        status = add_relation_metrics(insert, table);
    sqlite3_finalize(insert);
    free(sql);
    return status;
}

/* Make the schema unless it is there. Leaves no transaction open. */
static int ensure_schema(sqlite3 *db)
{
    int status = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (status != SQLITE_OK)
        return status;
    if (pragma_number(db, "PRAGMA application_id") != SCHEMA_APPLICATION_ID)
        status = create_schema(db);
    else
        status = create_missing(db);
    if (status == SQLITE_OK)
        status = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (status != SQLITE_OK && !sqlite3_get_autocommit(db)) {
        int extended = status;
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return extended;
    }
    return status;
}

/* -- runs whose writers are gone ---------------------------------------- */

int store_mark_interrupted(sqlite3 *db)
{
    sqlite3_stmt *query = NULL, *update = NULL;
    int status =
        sqlite3_prepare_v2(db,
                           "SELECT run_id, writer_host, writer_pid, "
                           "writer_start FROM run WHERE status = 'running'",
                           -1, &query, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_prepare_v2(
            db, "UPDATE run SET status = 'interrupted' WHERE run_id = ?", -1,
            &update, NULL);
    while (status == SQLITE_OK &&
           (status = sqlite3_step(query)) == SQLITE_ROW) {
        status = SQLITE_OK;
        if (!writer_is_gone((const char *)sqlite3_column_text(query, 1),
                            sqlite3_column_int64(query, 2),
                            (const char *)sqlite3_column_text(query, 3)))
            continue;
        sqlite3_bind_int64(update, 1, sqlite3_column_int64(query, 0));
        status = sqlite3_step(update);
        sqlite3_reset(update);
        if (status == SQLITE_DONE)
            status = SQLITE_OK;
    }
    sqlite3_finalize(query);
    sqlite3_finalize(update);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

/* -- joining ------------------------------------------------------------ */

static void set_manners(sqlite3 *db)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* The connection's steps after it is open; an SQLite status. */
static int settle(sqlite3 *db, const char **doing)
{
    *doing = "cannot make the tables";
    int status =
        sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    if (status == SQLITE_OK)
        status = ensure_schema(db);
    if (status != SQLITE_OK)
        return status;
    *doing = "cannot start the write-ahead log";
    status = sqlite3_exec(db,
                          "PRAGMA journal_mode = WAL;"
                          "PRAGMA wal_autocheckpoint = 4000;",
                          NULL, NULL, NULL);
    if (status != SQLITE_OK)
        return status;
    *doing = "cannot mark interrupted runs";
    status = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (status == SQLITE_OK)
        status = store_mark_interrupted(db);
    if (status == SQLITE_OK)
        return sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return status;
}

void store_remove(const char *path)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *name = sqlite3_mprintf("%s%s", path, suffixes[i]);
        if (name)
            unlink(name);
        sqlite3_free(name);
    }
}

/* With the directory locked and the file known to be missing or ours. */
static sqlite3 *join_locked(const char *path, char *error, size_t error_size)
{
    sqlite3 *db = NULL;
    const char *doing = "cannot open for writing";
    int status = sqlite3_open_v2(
        path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (status == SQLITE_OK) {
        set_manners(db);
        if (sqlite3_db_readonly(db, "main") == 1)
            status = SQLITE_READONLY;
        else
            status = settle(db, &doing);
    }
    if (status == SQLITE_OK)
        return db;
    store_describe(db, status, doing, path, error, error_size);
    sqlite3_close(db);
    return NULL;
}

sqlite3 *store_join(const char *path, char *error, size_t error_size)
{
    sqlite3 *db = NULL;
    int lock = lock_directory(path);
    bool existed = access(path, F_OK) == 0 || errno != ENOENT;
    enum store_state state = store_look(path, error, error_size);

    if (state == STORE_MISSING || state == STORE_OURS) {
        db = join_locked(path, error, error_size);
        if (!db && !existed)
            store_remove(path);
    }
    unlock_directory(lock);
    return db;
}

/* -- leaving ------------------------------------------------------------ */

/* Does any run still have a writer, as far as can be told? */
static bool others_write(sqlite3 *db)
{
    return store_mark_interrupted(db) != SQLITE_OK ||
           pragma_number(
               db, "SELECT count(*) FROM run WHERE status = 'running'") != 0;
}

/*
 * Try to be the last: SQLite lets a connection end the write-ahead log only
 * if there is no other. SQLITE_BUSY: there are others.
 */
static int end_log(sqlite3 *db)
{
    sqlite3_stmt *query = NULL;
    int status = sqlite3_prepare_v2(db, "PRAGMA journal_mode = DELETE", -1,
                                    &query, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_step(query);
    if (status == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(query, 0);
        status = mode && strcmp(mode, "delete") == 0 ? SQLITE_OK : SQLITE_BUSY;
    }
    sqlite3_finalize(query);
    return status;
}

/* A connection for another try; NULL: there will be none. */
static sqlite3 *come_back(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        set_manners(db);
        sqlite3_busy_timeout(db, 0);
        return db;
    }
    sqlite3_close(db);
    return NULL;
}

bool store_leave(sqlite3 *db, char *error, size_t error_size)
{
    const char *name = sqlite3_db_filename(db, "main");
    char *path = strdup(name ? name : "");
    int status = SQLITE_NOMEM;
    bool ok = true;

    sqlite3_busy_timeout(db, 0);
    for (int i = 0; path && db && i < LEAVE_TRIES; i++) {
        int lock = lock_directory(path);
        status = end_log(db);
        bool stay = (status & 0xff) == SQLITE_BUSY && i + 1 < LEAVE_TRIES &&
                    !others_write(db);
        if (status != SQLITE_OK && (status & 0xff) != SQLITE_BUSY) {
            store_describe(db, status, "cannot close the write-ahead log", path,
                           error, error_size);
            ok = false;
        }
        /* also before another try: two that leave at once would each wait for
         * the other's connection to go */
        sqlite3_close(db);
        db = NULL;
        unlock_directory(lock);
        if (!stay)
            break;
        pause_a_little(); /* a reader: it will not be long */
        db = come_back(path);
    }
    if (!path) {
        snprintf(error, error_size, "out of memory");
        ok = false;
    }
    sqlite3_close(db);
    free(path);
    return ok;
}

/* -- reading ------------------------------------------------------------ */

static sqlite3 *open_readonly(const char *path, bool immutable, int *status)
{
    sqlite3 *db = NULL;
    char *uri = sqlite3_mprintf("file:");
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;

    for (const char *c = path; uri && *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("/._-", *c);
        char *longer = plain ? sqlite3_mprintf("%s%c", uri, *c)
                             : sqlite3_mprintf("%s%%%02X", uri,
                                               (unsigned)(unsigned char)*c);
        sqlite3_free(uri);
        uri = longer;
    }
    if (uri && immutable) {
        char *longer = sqlite3_mprintf("%s?immutable=1", uri);
        sqlite3_free(uri);
        uri = longer;
    }
    *status = uri ? sqlite3_open_v2(uri, &db, flags, NULL) : SQLITE_NOMEM;
    sqlite3_free(uri);
    if (*status == SQLITE_OK) {
        set_manners(db);
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        *status =
            sqlite3_exec(db, "SELECT count(*) FROM run", NULL, NULL, NULL);
    }
    return db;
}

/*
 * Was the file left in write-ahead mode, but without a log? SQLite would make
 * a new one even to read; taken as immutable, it is read as it stands.
 */
static bool lacks_its_log(const char *path)
{
    unsigned char header[HEADER_BYTES];
    struct stat info;

    if (read_header(path, header) != HEADER_BYTES ||
        header[HEADER_READ_FORMAT] != 2)
        return false;
    char *name = sqlite3_mprintf("%s-wal", path);
    bool lacks = name && (stat(name, &info) != 0 || info.st_size == 0);
    sqlite3_free(name);
    return lacks;
}

sqlite3 *store_read(const char *path, enum store_state *state, char *error,
                    size_t error_size)
{
    int status;
    *state = store_look(path, error, error_size);
    if (*state == STORE_MISSING)
        snprintf(error, error_size,
                 access(path, F_OK) == 0 ? "%s: empty, not a results file"
                                         : "%s: no such file",
                 path);
    if (*state != STORE_OURS)
        return NULL;
    sqlite3 *db = open_readonly(path, lacks_its_log(path), &status);
    if (status == SQLITE_OK)
        return db;
    *state = status == SQLITE_NOTADB || status == SQLITE_CORRUPT ||
                     status == SQLITE_ERROR
                 ? STORE_REFUSED
                 : STORE_HOST;
    store_describe(db, status, "cannot read", path, error, error_size);
    sqlite3_close(db);
    return NULL;
}
