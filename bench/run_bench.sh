#!/bin/sh
# Measure `lowtide replay` against a plain loop over the same trace.
#
#   bench/run_bench.sh [BUILD [ROUNDS [PART...]]]      (`make bench`)
#
# The loop (ref_lru.c) is array-only LRU, nothing else: as near to what the
# machine can do as makes sense. Both programs are timed as whole processes, in
# turn, ROUNDS times, so that a busy neighbour hits both. A ratio is between two
# runs that followed each other. Prints tables and keeps them with every figure
# in BUILD/bench/.
#
#   speed   policies at memory sizes: times, ratios (POLICIES, MEMORIES)
#   bytes   memory of the host for each page, with simulated memory for all
#   scale   a request's time as the pages grow (UNIVERSES)
#   jobs    two replays at once against one after the other, and two loops
#
# Without PART: speed, which is quick. POLICIES="$(build/lowtide policies |
# cut -d' ' -f1)" MEMORIES="1 10 50" measures them all.
set -eu

build=${1:-build}
rounds=${2:-5}
if [ $# -gt 2 ]; then
    shift 2
    parts=$*
else
    parts=speed
fi
universe=${UNIVERSE:-1000000}
requests=${REQUESTS:-20000000}
policies=${POLICIES:-lru fifo clock sieve zircon}
memories=${MEMORIES:-10} # percent of the universe
universes=${UNIVERSES:-100000 1000000 10000000}
out=$build/bench

# trace UNIVERSE: makes it if need be, names it, gets it into the host's cache
trace() {
    name=$out/zipf-$1-$requests.oracleGeneral
    if [ ! -s "$name" ]; then
        echo "making $name" >&2
        "$out/gen_trace" --mode zipf --alpha 1.0 --universe "$1" \
            --requests "$requests" --seed 1 --output "$name.part"
        mv "$name.part" "$name"
    fi
    cat "$name" >/dev/null
    echo "$name"
}

now() { date +%s.%N; }

# Seconds that a command takes, its output going to $out/last.
timed() {
    begin=$(now)
    "$@" >"$out/last"
    end=$(now)
    awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.3f\n", b - a }'
}

# min and median of the numbers on stdin
summary() {
    sort -n | awk '{ v[NR] = $1 }
        END { printf "%.3f %.3f\n", v[1],
              NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# replay TRACE POLICY PAGES [OPTION...]
replay() {
    file=$1 policy=$2 pages=$3
    shift 3
    "$build/lowtide" replay "$file" --policy "$policy" --memory "${pages}p" \
        --format oracleGeneral --json "$@"
}

# a number of the last replay's JSON, by name
field() { grep -o "\"$1\": *[0-9.]*" "$out/last" | sed 's/.*: *//' | head -1; }

# one round: loop and replay of TRACE by POLICY with PAGES, as "loop ours bytes"
race() {
    loop=$(timed "$out/ref_lru" "$1" "$3")
    misses=$(cut -d' ' -f2 "$out/last")
    ours=$(timed replay "$1" "$2" "$3")
    if [ "$2" = lru ] && [ "$(field misses)" != "$misses" ]; then
        echo "lru: $(field misses) misses, the reference has $misses" >&2
        exit 1
    fi
    echo "$loop $ours $(field bytes_per_page)"
}

part_speed() {
    file=$(trace "$universe")
    raw=$out/raw.txt
    : >"$raw"
    for _ in $(seq "$rounds"); do
        for percent in $memories; do
            for policy in $policies; do
                figures=$(race "$file" "$policy" $((universe * percent / 100)))
                echo "$policy $percent $figures" >>"$raw"
            done
        done
    done
    echo "zipf(1.0), $universe pages, $requests requests; $rounds rounds"
    echo
    echo "| policy | memory | loop s (min, median) | replay s (min, median) |" \
        "ratio (min, median) | bytes a page |"
    echo "|---|---|---|---|---|---|"
    for percent in $memories; do
        for policy in $policies; do
            grep "^$policy $percent " "$raw" >"$out/one"
            loop=$(cut -d' ' -f3 "$out/one" | summary)
            ours=$(cut -d' ' -f4 "$out/one" | summary)
            ratio=$(awk '{ print $4 / $3 }' "$out/one" | summary)
            bytes=$(cut -d' ' -f5 "$out/one" | sort -n | tail -1)
            echo "| $policy | $percent% | $loop | $ours | $ratio | $bytes |"
        done
    done
}

part_bytes() {
    file=$(trace "$universe")
    echo "| policy | bytes a page, memory for all $universe | for half |"
    echo "|---|---|---|"
    for policy in $policies; do
        replay "$file" "$policy" "$universe" >"$out/last"
        all=$(field bytes_per_page)
        replay "$file" "$policy" $((universe / 2)) >"$out/last"
        echo "| $policy | $all | $(field bytes_per_page) |"
    done
}

part_scale() {
    echo "memory 10%, ns a request (min of $rounds rounds)"
    echo
    echo "| policy | pages | loop | replay |"
    echo "|---|---|---|---|"
    for pages in $universes; do
        file=$(trace "$pages")
        for policy in $policies; do
            : >"$out/one"
            for _ in $(seq "$rounds"); do
                race "$file" "$policy" $((pages / 10)) >>"$out/one"
            done
            loop=$(cut -d' ' -f1 "$out/one" | sort -n | head -1)
            ours=$(cut -d' ' -f2 "$out/one" | sort -n | head -1)
            awk -v policy="$policy" -v pages="$pages" -v loop="$loop" \
                -v ours="$ours" -v n="$requests" 'BEGIN {
                printf "| %s | %d | %.1f | %.1f |\n", policy, pages,
                       loop * 1e9 / n, ours * 1e9 / n }'
        done
    done
}

# Two of them at once.
two_loops() {
    "$out/ref_lru" "$1" "$2" >/dev/null &
    "$out/ref_lru" "$1" "$2"
    wait
}

# Two loops at once say whether the host has two cores free.
part_jobs() {
    file=$(trace "$universe")
    half=$((universe / 10))
    : >"$out/one"
    for _ in $(seq "$rounds"); do
        loop=$(timed "$out/ref_lru" "$file" "$half")
        loops=$(timed two_loops "$file" "$half")
        one=$(timed replay "$file" lru,fifo "$half" -j1)
        two=$(timed replay "$file" lru,fifo "$half" -j2)
        echo "$loop $loops $one $two" >>"$out/one"
    done
    echo "| round | loop s | two loops s | as much done | -j1 s | -j2 s | as much done |"
    echo "|---|---|---|---|---|---|---|"
    awk '{ printf "| %d | %s | %s | %.2f | %s | %s | %.2f |\n", NR,
               $1, $2, 2 * $1 / $2, $3, $4, $3 / $4 }' "$out/one"
}

for part in $parts; do
    case $part in
    speed | bytes | scale | jobs) ;;
    *)
        echo "run_bench.sh: no part '$part' (speed, bytes, scale, jobs)" >&2
        exit 2
        ;;
    esac
done

# Not through a pipe, which would hide a failure.
for part in $parts; do
    "part_$part"
    echo
done >"$out/table.md"
cat "$out/table.md"
rm -f "$out/one" "$out/last"
