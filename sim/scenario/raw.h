/*
 * Raw records: a checked scenario as libcyaml decodes it, all strings.
 *
 *     canonical text                       records
 *     "_": "7"                             place  -> "7"
 *     "memory": "9 64MiB"        ---->     slot 1 -> "9 64MiB"
 *     "params": ["11", "12 a=b"]           slot 2 -> 2 strings
 *
 * The canonical text is written from the checked tree: every
 * mapping has the key "_", every list of values a first entry, every value a
 * prefix, and all of these are the id of the tree's node, so that whatever is
 * decoded knows its place. A "!" behind a mapping's id says that the check left
 * something out. A record has one slot for each key of its table;
 * libcyaml's schemas are built from the tables.
 */
#ifndef LOWTIDE_SCENARIO_RAW_H
#define LOWTIDE_SCENARIO_RAW_H

#include "scenario/arena.h"
#include "scenario/keys.h"
#include "scenario/yaml_tree.h"

#define RAW_PLACE_KEY "_"

struct raw_record;

struct raw_document {
    struct raw_record *root;                 /* libcyaml's */
    const struct cyaml_schema_value *schema; /* the arena's */
    struct arena *arena;                     /* owned */
};

/* A value: its node's id and its text. */
struct raw_value {
    uint32_t id;
    const char *text; /* NULL: not there */
};

/*
 * The canonical text of a checked tree, malloc()ed and returned; NULL when
 * memory ran out.
 */
char *raw_canonical_text(const struct yaml_tree *tree, size_t *bytes);

/*
 * Decode a canonical text. Returns false when libcyaml refused it: `problem`
 * (of problem_bytes) then says why, or is empty: memory ran out. Release the
 * document in any case.
 */
bool raw_decode(struct raw_document *document, const char *text, size_t bytes,
                char *problem, size_t problem_bytes);
void raw_release(struct raw_document *document);

/* The following take a NULL record for an empty one. */

/* The id of the record's own node; 0 for NULL. */
uint32_t raw_id(const struct raw_record *record);
/* Everything that the file has in it got here: what is missing in the record
 * is missing there. */
bool raw_is_whole(const struct raw_record *record);
/* The value of key number `index`. */
struct raw_value raw_value(const struct raw_record *record, size_t index);
/* The record of key number `index`; NULL: not there. */
const struct raw_record *raw_map(const struct raw_record *record, size_t index);
/* A list of values without its first entry, which is `*list_id`; false: not
 * there. raw_list_value() reads its entries. */
bool raw_list(const struct raw_record *record, const struct key_table *table,
              size_t index, uint32_t *list_id, size_t *length);
struct raw_value raw_list_value(const struct raw_record *record, size_t index,
                                size_t entry);
/* A list of records; NULL and 0: not there, or empty. */
const struct raw_record *const *raw_maps(const struct raw_record *record,
                                         const struct key_table *table,
                                         size_t index, size_t *length);

#endif
