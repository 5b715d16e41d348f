/*
 * Live stamps are counted in two steps: a Fenwick tree knows how many there are
 * in the blocks before a stamp's, the bits of its block tell the rest.
 *
 *   tree    4096 stamps ...    one counter for each block of 512
 *   live    0110 1000 ...      one bit for each stamp
 *
 * A block is one cache line of bits, and the tree over blocks stays in the
 * host's nearest cache; a Fenwick tree over stamps would touch some twenty
 * lines a request.
 *
 * Stamps run out. Then they are given anew in the same order: a live stamp
 * becomes its rank. With room for SPREAD times as many stamps as pages that
 * happens at most once in SPREAD / 2 * pages requests, so it costs O(log
 * pages) a request too, and memory stays at 4 bytes a page for `last`, 8 for
 * the counts, and 2 to 4 for the bits.
 */
#include "study/stack_distance.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum {
    WORD_BITS = 64,
    BLOCK_WORDS = 8,
    BLOCK_STAMPS = WORD_BITS * BLOCK_WORDS,
    SPREAD = 16, /* stamps a page, at least */
    FIRST_PAGES = 1024,
    FIRST_BLOCKS = FIRST_PAGES * SPREAD / BLOCK_STAMPS,
};

/* Stamps fit 32 bits, and 0 is none. */
#define MAX_BLOCKS ((UINT64_C(1) << 32) / BLOCK_STAMPS)

static uint64_t stamp_room(const struct stack_distance *stack)
{
    return stack->block_room * BLOCK_STAMPS;
}

bool stack_distance_init(struct stack_distance *stack)
{
    *stack = (struct stack_distance){
        .page_room = FIRST_PAGES,
        .block_room = FIRST_BLOCKS,
        .last = calloc(FIRST_PAGES, sizeof *stack->last),
        .at = calloc(FIRST_PAGES, sizeof *stack->at),
        .live = calloc(FIRST_BLOCKS * BLOCK_WORDS, sizeof *stack->live),
        .tree = calloc(FIRST_BLOCKS + 1, sizeof *stack->tree),
    };
    if (stack->last && stack->at && stack->live && stack->tree)
        return true;
    stack_distance_release(stack);
    return false;
}

void stack_distance_release(struct stack_distance *stack)
{
    free(stack->last);
    free(stack->at);
    free(stack->live);
    free(stack->tree);
    *stack = (struct stack_distance){0};
}

/* --- counting live stamps --------------------------------------------------- */

/* The tree counts from 1: tree[n] has the (n & -n) blocks up to n - 1. */
static void tree_add(struct stack_distance *stack, uint64_t block,
                     uint32_t change)
{
    for (uint64_t n = block + 1; n <= stack->block_room; n += n & -n)
        stack->tree[n] += change;
}

static uint64_t tree_before(const struct stack_distance *stack, uint64_t block)
{
    uint64_t sum = 0;
    for (uint64_t n = block; n > 0; n &= n - 1)
        sum += stack->tree[n];
    return sum;
}

/* Live stamps up to `stamp`, itself included: its rank, if it is live. */
static uint64_t rank_of(const struct stack_distance *stack, uint64_t stamp)
{
    uint64_t block = stamp / BLOCK_STAMPS;
    uint64_t word = stamp / WORD_BITS;
    uint64_t rank = tree_before(stack, block);
    for (uint64_t w = block * BLOCK_WORDS; w < word; w++)
        rank += (uint64_t)__builtin_popcountll(stack->live[w]);
    uint64_t upto = UINT64_MAX >> (WORD_BITS - 1 - stamp % WORD_BITS);
    return rank + (uint64_t)__builtin_popcountll(stack->live[word] & upto);
}

static void set_live(struct stack_distance *stack, uint64_t stamp)
{
    stack->live[stamp / WORD_BITS] |= UINT64_C(1) << stamp % WORD_BITS;
    tree_add(stack, stamp / BLOCK_STAMPS, 1);
}

static void clear_live(struct stack_distance *stack, uint64_t stamp)
{
    stack->live[stamp / WORD_BITS] &= ~(UINT64_C(1) << stamp % WORD_BITS);
    tree_add(stack, stamp / BLOCK_STAMPS, UINT32_MAX); /* less one */
}

/* --- stamps anew ------------------------------------------------------------- */

/* Bits and tree for `blocks` blocks, all zero. */
static bool clear_stamps(struct stack_distance *stack, uint64_t blocks)
{
    if (blocks > stack->block_room) {
        uint64_t *live = malloc(blocks * BLOCK_WORDS * sizeof *live);
        uint32_t *tree = malloc((blocks + 1) * sizeof *tree);
        if (!live || !tree) {
            free(live);
            free(tree);
            return false;
        }
        free(stack->live);
        free(stack->tree);
        stack->live = live;
        stack->tree = tree;
        stack->block_room = blocks;
    }
    memset(stack->live, 0, blocks * BLOCK_WORDS * sizeof *stack->live);
    memset(stack->tree, 0, (blocks + 1) * sizeof *stack->tree);
    return true;
}

/* Live stamps become 1, 2, 3 ... in their order. */
static bool renumber(struct stack_distance *stack)
{
    uint64_t blocks = stack->block_room;
    while (blocks < MAX_BLOCKS && blocks * BLOCK_STAMPS < stack->pages * SPREAD)
        blocks *= 2;
    for (uint64_t page = 0; page < stack->pages; page++)
        stack->last[page] = (uint32_t)rank_of(stack, stack->last[page]);
    if (!clear_stamps(stack, blocks))
        return false;
    for (uint64_t stamp = 1; stamp <= stack->pages; stamp++)
        set_live(stack, stamp);
    stack->now = stack->pages;
    return stack->now + 1 < stamp_room(stack);
}

static bool make_page_room(struct stack_distance *stack)
{
    uint64_t room = stack->page_room * 2;
    uint32_t *last = realloc(stack->last, room * sizeof *last);
    if (last)
        stack->last = last;
    uint64_t *at = realloc(stack->at, room * sizeof *at);
    if (at)
        stack->at = at;
    if (!last || !at)
        return false;
    memset(last + stack->page_room, 0,
           (room - stack->page_room) * sizeof *last);
    memset(at + stack->page_room, 0, (room - stack->page_room) * sizeof *at);
    stack->page_room = room;
    return true;
}

/* --- requests ----------------------------------------------------------------- */

bool stack_distance_access(struct stack_distance *stack, uint32_t page)
{
    CHECK(page <= stack->pages);
    if (page >= stack->page_room && !make_page_room(stack))
        return false;
    if (stack->now + 1 >= stamp_room(stack) && !renumber(stack))
        return false;
    uint32_t last = stack->last[page];
    if (last) {
        stack->at[stack->pages - rank_of(stack, last)]++;
        clear_live(stack, last);
    } else {
        stack->pages++;
    }
    stack->last[page] = (uint32_t)++stack->now;
    set_live(stack, stack->now);
    stack->requests++;
    return true;
}

uint64_t stack_distance_misses(const struct stack_distance *stack,
                               uint64_t memory_pages)
{
    uint64_t hits = 0;
    for (uint64_t n = 0; n < memory_pages && n < stack->pages; n++)
        hits += stack->at[n];
    return stack->requests - hits;
}

/* --- rules ------------------------------------------------------------------------ */

const char *stack_distance_valid(const struct stack_distance *stack)
{
    uint64_t counted = 0;
    uint64_t live = 0;
    for (uint64_t n = 0; n < stack->pages; n++)
        counted += stack->at[n];
    if (counted + stack->pages != stack->requests)
        return "a request has a distance or is the first of its page";
    for (uint64_t block = 0; block < stack->block_room; block++) {
        if (tree_before(stack, block) != live)
            return "the tree counts the live stamps of the blocks before";
        for (unsigned w = 0; w < BLOCK_WORDS; w++)
            live += (uint64_t)__builtin_popcountll(
                stack->live[block * BLOCK_WORDS + w]);
    }
    if (live != stack->pages)
        return "as many live stamps as pages";
    for (uint64_t page = 0; page < stack->pages; page++) {
        uint64_t stamp = stack->last[page];
        if (stamp == 0 || stamp > stack->now)
            return "a page that was used has a stamp that was given";
        if (!(stack->live[stamp / WORD_BITS] >> stamp % WORD_BITS & 1))
            return "a page's last stamp is live";
    }
    return NULL;
}
