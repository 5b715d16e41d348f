#!/bin/sh
# Measure `lowtide replay` against a plain loop over the same trace.
#
#   bench/run_bench.sh [BUILD [ROUNDS]]      (`make bench`)
#
# The loop (ref_lru.c) is array-only LRU, nothing else: as near to what the
# machine can do as makes sense. Both programs are timed as whole processes, in
# turn, ROUNDS times, so that a busy neighbour hits both. A ratio is between two
# runs that followed each other. Prints a table and keeps it with every figure
# in BUILD/bench/.
set -eu

build=${1:-build}
rounds=${2:-5}
universe=${UNIVERSE:-1000000}
requests=${REQUESTS:-20000000}
memory=$((universe / 10))
out=$build/bench
trace=$out/zipf-$universe-$requests.oracleGeneral

if [ ! -s "$trace" ]; then
    echo "making $trace" >&2
    "$out/gen_trace" --mode zipf --alpha 1.0 --universe "$universe" \
        --requests "$requests" --seed 1 --output "$trace.part"
    mv "$trace.part" "$trace"
fi

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

cat "$trace" >/dev/null # into the host's cache
raw=$out/raw.txt
: >"$raw"
round=1
while [ "$round" -le "$rounds" ]; do
    for policy in lru fifo clock zircon; do
        reference=$(timed "$out/ref_lru" "$trace" "$memory")
        misses=$(cut -d' ' -f2 "$out/last")
        ours=$(timed "$build/lowtide" replay "$trace" --policy "$policy" \
            --memory "${memory}p" --format oracleGeneral --json)
        bytes=$(grep -o '"bytes_per_page": *[0-9.]*' "$out/last" |
            sed 's/.*: *//')
        got=$(grep -o '"misses": *[0-9]*' "$out/last" | sed 's/.*: *//')
        if [ "$policy" = lru ] && [ "$got" != "$misses" ]; then
            echo "lru: $got misses, the reference has $misses" >&2
            exit 1
        fi
        echo "$policy $reference $ours $bytes" >>"$raw"
    done
    round=$((round + 1))
done

{
    echo "zipf(1.0), $universe pages, $requests requests, memory $memory pages;" \
        "$rounds rounds"
    echo
    echo "| policy | loop s (min, median) | replay s (min, median) |" \
        "ratio (min, median) | bytes a page |"
    echo "|---|---|---|---|---|"
    for policy in lru fifo clock zircon; do
        grep "^$policy " "$raw" >"$out/one"
        loop=$(cut -d' ' -f2 "$out/one" | summary)
        ours=$(cut -d' ' -f3 "$out/one" | summary)
        ratio=$(awk '{ print $3 / $2 }' "$out/one" | summary)
        bytes=$(cut -d' ' -f4 "$out/one" | sort -n | tail -1)
        echo "| $policy | $loop | $ours | $ratio | $bytes |"
    done
} | tee "$out/table.md"
rm -f "$out/one" "$out/last"
