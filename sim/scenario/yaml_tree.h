/*
 * A YAML document as a tree in which every node knows its place.
 *
 *     a: {b: 1}      mapping 1:1
 *     c: [x, y]        key a 1:1 --> mapping 1:4
 *                                      key b 1:5 --> scalar 1:8 "1"
 *                      key c 2:1 --> sequence 2:4 --> x 2:5 --> y 2:8
 *
 * Built from libyaml's events, because those carry positions. What a scenario
 * has no use for is refused here: several documents, keys that are no plain
 * text, tags of one's own, more than YAML_MAX_DEPTH levels, aliases that blow
 * up. Aliases are replaced by copies, which keep the places of the original.
 */
#ifndef LOWTIDE_SCENARIO_YAML_TREE_H
#define LOWTIDE_SCENARIO_YAML_TREE_H

#include <stddef.h>

#include "scenario/arena.h"
#include "scenario/errors.h"
#include "scenario/script.h"

enum {
    YAML_MAX_DEPTH = 64,
    YAML_MAX_COPIES = 100 * 1000, /* nodes that aliases may add */
};

enum yaml_kind { YAML_TEXT, YAML_MAP, YAML_LIST };

struct key;

struct yaml_node {
    enum yaml_kind kind;
    bool is_quoted; /* text: quoted or a block; else plain */
    bool is_flow;   /* map, list: written in braces */
    bool is_block;  /* text: written as a block */
    uint32_t id;    /* index in the tree's list; grows with the position */
    struct scenario_place place;
    const char *text; /* of a text */

    /* as an entry of a map */
    const char *key;
    struct scenario_place key_place;
    bool key_is_quoted;

    struct yaml_node *first, *last; /* children */
    struct yaml_node *next;         /* sibling */
    uint32_t child_count;

    /* written by check.c */
    const struct key *meaning; /* what it is decoded as; NULL: left out */
    bool is_partial;           /* of a map: an entry is left out */
};

struct yaml_tree {
    struct arena *arena;      /* owned: nodes and texts */
    struct yaml_node *root;   /* NULL until read */
    struct yaml_node **nodes; /* owned: by id */
    size_t node_count, node_capacity;
};

/*
 * Read a document. The first error goes to `errors`. Returns false then, and
 * without an error when memory ran out; release the tree in any case.
 */
bool yaml_tree_read(struct yaml_tree *tree, const char *path, const char *text,
                    size_t bytes, struct scenario_errors *errors);
void yaml_tree_release(struct yaml_tree *tree);

/* A new node that is nobody's child yet; NULL when memory ran out. `text` is
 * copied, NULL for maps and lists. */
struct yaml_node *yaml_tree_add(struct yaml_tree *tree, enum yaml_kind kind,
                                struct scenario_place place, const char *text,
                                size_t length);
/* Put `child` at the end of `parent`. */
void yaml_node_append(struct yaml_node *parent, struct yaml_node *child);
/* The entry of a map; NULL if there is none. */
struct yaml_node *yaml_node_find(const struct yaml_node *map, const char *key);
/* Nothing is written there: `key:`, `~` or `null`. */
bool yaml_node_is_null(const struct yaml_node *node);

/*
 * The tree as YAML text, malloc()ed and returned. Comments are gone, the
 * style of each node is kept. NULL when memory ran out.
 */
char *yaml_tree_write(const struct yaml_tree *tree, size_t *bytes);

#endif
