/*
 * What a tree of clones costs: faults by depth and by width, and closing.
 *
 *   snapshot chain         clone of a clone of a clone: hidden nodes, one below
 *                          the other; the youngest looks through all of them
 *   at-least-on-write      the same on a pager's object; each level has a page
 *   chain                  of its own, else the next would become its sibling
 *   width                  N clones of one object: snapshots (which put the
 *                          original N hidden nodes deep) and
 *                          at-least-on-write clones (N children of one node)
 *
 * A read fault looks for the page; a write fault forks it, which in a snapshot
 * chain leaves a copy in each hidden node on the way. Prints tables for
 * docs/BENCHMARKS.md: nanoseconds, the best of several rounds.
 *
 *   bench_clones [SCALE]       SCALE 0.1: a tenth of the largest trees
 */
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vmo_op.h"

enum { PAGES = 512, ROUNDS = 5, FAULTS = 32, MAX_LEVELS = 100000 };

/* Copies that forks at the largest depth leave behind. */
#define MEMORY_PAGES (UINT64_C(1) << 24)

struct bench {
    struct vm_machine machine;
    uint64_t next_id;
    struct vmo **vmos; /* the tree under test, oldest first */
    uint32_t count;
};

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void must(enum vm_status status, const char *what)
{
    if (status == VM_OK)
        return;
    fprintf(stderr, "bench_clones: %s: %s\n", what, vm_status_name(status));
    exit(1);
}

/* --- trees ---------------------------------------------------------------------- */

static void write_pages(struct vmo *vmo, uint64_t page, uint64_t count)
{
    uint64_t values[PAGES];
    for (uint64_t i = 0; i < count; i++)
        values[i] = page + i + 1;
    struct vmo_op op;
    must(vmo_op_init_write(&op, vmo, pages_to_bytes(page),
                           pages_to_bytes(count), values),
         "write");
    must(vmo_op_run(&op), "write");
    vmo_op_release(&op);
}

static void supply_pages(struct vmo *vmo)
{
    uint64_t values[PAGES];
    for (uint64_t i = 0; i < PAGES; i++)
        values[i] = i + 1;
    struct vmo_op op;
    must(vmo_op_init_supply(&op, vmo, 0, pages_to_bytes(PAGES), values),
         "supply");
    must(vmo_op_run(&op), "supply");
    vmo_op_release(&op);
}

/* The original, all of its pages there. */
static void plant(struct bench *bench, enum vmo_kind kind)
{
    struct vmo_create_args args = {
        .kind = kind,
        .size = pages_to_bytes(PAGES),
        .user_id = bench->next_id++,
        .compressibility = 0.4,
    };
    must(vmo_create(&bench->machine, &args, &bench->vmos[0]), "create");
    bench->count = 1;
    if (kind == VMO_PAGER)
        supply_pages(bench->vmos[0]);
    else
        write_pages(bench->vmos[0], 0, PAGES);
}

static void add_clone(struct bench *bench, uint32_t of, enum vm_clone_type type)
{
    must(vmo_create_clone(bench->vmos[of], type, 0, pages_to_bytes(PAGES),
                          false, bench->next_id++, &bench->vmos[bench->count]),
         "clone");
    bench->count++;
}

enum shape { SNAPSHOT_CHAIN, WRITE_CHAIN, SNAPSHOT_WIDTH, WRITE_WIDTH };

static void grow(struct bench *bench, enum shape shape, uint32_t clones)
{
    bool is_snapshot = shape == SNAPSHOT_CHAIN || shape == SNAPSHOT_WIDTH;
    bool is_chain = shape == SNAPSHOT_CHAIN || shape == WRITE_CHAIN;
    plant(bench, is_snapshot ? VMO_ANONYMOUS : VMO_PAGER);
    for (uint32_t i = 0; i < clones; i++) {
        add_clone(bench, is_chain ? bench->count - 1 : 0,
                  is_snapshot ? CLONE_SNAPSHOT
                              : CLONE_SNAPSHOT_AT_LEAST_ON_WRITE);
        if (shape == WRITE_CHAIN)
            write_pages(bench->vmos[bench->count - 1], PAGES - 1, 1);
    }
}

static void close_one(struct bench *bench, uint32_t i)
{
    vmo_close(bench->vmos[i]);
}

static void fell(struct bench *bench)
{
    while (bench->count > 0)
        close_one(bench, --bench->count);
}

/* --- faults ----------------------------------------------------------------------- */

/* The one at the end of the chain; in a wide tree the last to be cloned, or
 * the original if that is what has gone down. */
static struct vmo *faulting(const struct bench *bench, enum shape shape)
{
    return bench->vmos[shape == SNAPSHOT_WIDTH ? 0 : bench->count - 1];
}

static double fault_ns(struct vmo *vmo, bool is_write)
{
    struct vm_mapping *mapping;
    must(vmo_map(vmo, 0, PAGES, true, false, &mapping), "map");
    double begin = now_ns();
    for (uint64_t i = 0; i < FAULTS; i++) {
        uint64_t page = i * 16; /* what a fault maps along is 16 pages */
        struct vmo_op op;
        vmo_op_init_fault(&op, vmo, mapping, page, is_write, 1);
        must(vmo_op_run(&op), "fault");
        vmo_op_release(&op);
    }
    double end = now_ns();
    vmo_unmap(vmo, mapping);
    return (end - begin) / FAULTS;
}

/* Best of several trees: a write fault can be had only once for each page. */
static void measure_faults(struct bench *bench, enum shape shape,
                           uint32_t clones, double *read_ns, double *write_ns)
{
    *read_ns = *write_ns = 1e18;
    for (int round = 0; round < (clones < 10000 ? ROUNDS : 2); round++) {
        grow(bench, shape, clones);
        for (int again = 0; again < ROUNDS; again++)
            *read_ns =
                smaller(*read_ns, fault_ns(faulting(bench, shape), false));
        *write_ns = smaller(*write_ns, fault_ns(faulting(bench, shape), true));
        fell(bench);
    }
}

static void print_faults(struct bench *bench, double scale)
{
    static const char *const names[] = {
        [SNAPSHOT_CHAIN] = "snapshot chain, the youngest",
        [WRITE_CHAIN] = "at-least-on-write chain, the youngest",
        [SNAPSHOT_WIDTH] = "snapshots of one object, the original",
        [WRITE_WIDTH] = "at-least-on-write clones of one object, the last",
    };
    puts("| tree, who faults | clones | read fault ns | a level | write fault "
         "ns | a level |\n|---|---|---|---|---|---|");
    for (int shape = SNAPSHOT_CHAIN; shape <= WRITE_WIDTH; shape++)
        for (uint32_t clones = 1; clones <= 10000 * scale || clones == 1;
             clones *= 10) {
            double read_ns;
            double write_ns;
            measure_faults(bench, (enum shape)shape, clones, &read_ns,
                           &write_ns);
            printf("| %s | %u | %.0f | %.1f | %.0f | %.1f |\n", names[shape],
                   clones, read_ns, read_ns / clones, write_ns,
                   write_ns / clones);
            fflush(stdout);
        }
}

/* --- making and closing --------------------------------------------------------------- */

enum order {
    YOUNGEST_FIRST,
    OLDEST_FIRST,
    LAST_OF_ALL, /* only the youngest, after all others: it takes them along */
};

static double make_ns(struct bench *bench, enum shape shape, uint32_t clones)
{
    double begin = now_ns();
    grow(bench, shape, clones);
    return (now_ns() - begin) / clones;
}

static double close_ns(struct bench *bench, enum order order)
{
    uint32_t count = bench->count;
    uint32_t first = 0; /* oldest first, from here on */
    if (order == LAST_OF_ALL)
        while (first + 1 < count)
            close_one(bench, first++);
    double begin = now_ns();
    if (order == YOUNGEST_FIRST)
        while (count > 0)
            close_one(bench, --count);
    while (first < count)
        close_one(bench, first++);
    double end = now_ns();
    uint32_t clones = bench->count - 1;
    bench->count = 0;
    return (end - begin) / clones;
}

static void print_closing(struct bench *bench, double scale)
{
    static const struct {
        const char *name;
        enum shape shape;
        enum order order;
    } cases[] = {
        {"snapshot chain, youngest first", SNAPSHOT_CHAIN, YOUNGEST_FIRST},
        {"snapshot chain, oldest first", SNAPSHOT_CHAIN, OLDEST_FIRST},
        {"snapshots of one object, youngest first", SNAPSHOT_WIDTH,
         YOUNGEST_FIRST},
        {"snapshots of one object, original first", SNAPSHOT_WIDTH,
         OLDEST_FIRST},
        {"at-least-on-write chain, youngest first", WRITE_CHAIN,
         YOUNGEST_FIRST},
        {"at-least-on-write chain, the last of all", WRITE_CHAIN, LAST_OF_ALL},
        {"at-least-on-write clones of one object, original first", WRITE_WIDTH,
         OLDEST_FIRST},
    };
    puts("| tree, order | clones | make ns a clone | close ns a clone |\n"
         "|---|---|---|---|");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t clones = 1000; clones <= MAX_LEVELS * scale;
             clones *= 10) {
            double make = 1e18;
            double close = 1e18;
            for (int round = 0; round < ROUNDS; round++) {
                make = smaller(make, make_ns(bench, cases[i].shape, clones));
                close = smaller(close, close_ns(bench, cases[i].order));
            }
            printf("| %s | %u | %.0f | %.0f |\n", cases[i].name, clones, make,
                   close);
            fflush(stdout);
        }
}

int main(int argc, char **argv)
{
    double scale = argc > 1 ? strtod(argv[1], NULL) : 1;
    struct bench bench = {.next_id = 1};
    struct vm_machine_config config = {
        .memory_pages = MEMORY_PAGES,
        .policy = &zircon_policy_ops,
        .seed = 1,
    };
    bench.vmos = calloc(MAX_LEVELS + 1, sizeof(struct vmo *));
    if (!bench.vmos || scale <= 0 || scale > 1) {
        fputs("usage: bench_clones [SCALE up to 1]\n", stderr);
        return 2;
    }
    must(vm_machine_init(&bench.machine, &config), "machine");
    /* Else the heap goes to the host and back, round after round. */
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    print_faults(&bench, scale);
    putchar('\n');
    print_closing(&bench, scale);
    vm_machine_release(&bench.machine);
    free(bench.vmos);
    return 0;
}
