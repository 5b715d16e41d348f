#!/bin/bash
# Measure how many accesses a second a whole machine simulates, and what
# recording it costs.
#
#   bench/run_machine.sh [BUILD [ROUNDS]]      (`make bench-machine`)
#
# Each round runs bench/machine.yaml twice, with everything recorded as by
# default and with nothing; which of them goes first alternates, so that a busy
# neighbour hits both. Times are processor time (user and system) of whole
# processes. Prints a table and keeps every figure in BUILD/bench/machine.txt.
set -eu

build=${1:-build}
rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
scenario=$here/machine.yaml
out=$build/bench
raw=$out/machine.txt
mkdir -p "$out"
: >"$raw"

nothing=()
for what in ticks vmo_ticks events latency; do
    nothing+=(--set "record.$what=false")
done

# Processor seconds of one run; its results go to $out/machine.db.
TIMEFORMAT='%U %S'
timed() {
    rm -f "$out/machine.db"
    { time "$build/lowtide" run --quiet -o "$out/machine.db" "$@" \
        "$scenario" >/dev/null 2>"$out/machine.err" ||
        { cat "$out/machine.err" >&2; exit 1; }; } 2>&1 |
        awk '{ printf "%.3f\n", $1 + $2 }'
}

for ((round = 1; round <= rounds; round++)); do
    if ((round % 2)); then
        without=$(timed "${nothing[@]}")
        with=$(timed)
    else
        with=$(timed)
        without=$(timed "${nothing[@]}")
    fi
    echo "$with $without" >>"$raw"
    echo "round $round: $with s recorded, $without s not" >&2
done

# min and median of the numbers on stdin
summary() {
    sort -n | awk '{ v[NR] = $1 }
        END { printf "%.2f %.2f\n", v[1],
              NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

[ "$(sqlite3 "$out/machine.db" 'SELECT status FROM run')" = ok ]
timed >/dev/null # with all its rows, for the line below
read -r accesses hits < <(sqlite3 -separator ' ' "$out/machine.db" \
    "SELECT accesses, round(100 - 100.0 * (faults_minor + faults_major) /
            accesses, 2) FROM tick ORDER BY tick_ns DESC LIMIT 1")
read -r with_min with_median < <(cut -d' ' -f1 "$raw" | summary)
read -r without_min without_median < <(cut -d' ' -f2 "$raw" | summary)
{
    echo "$accesses accesses, $hits% hit a present mapping; $rounds rounds"
    echo
    echo "| | s (min, median) | million accesses a second (best, median) |"
    echo "|---|---|---|"
    rate() { awk -v n="$accesses" -v s="$1" 'BEGIN { printf "%.1f", n/s/1e6 }'; }
    echo "| recorded | $with_min $with_median |" \
        "$(rate "$with_min") $(rate "$with_median") |"
    echo "| not recorded | $without_min $without_median |" \
        "$(rate "$without_min") $(rate "$without_median") |"
    awk -v a="$with_min" -v b="$without_min" -v c="$with_median" \
        -v d="$without_median" 'BEGIN {
        printf "| cost of recording | %.1f%% %.1f%% | |\n",
               100 * (a / b - 1), 100 * (c / d - 1) }'
} | tee "$out/machine.md"
