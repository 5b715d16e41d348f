#!/bin/sh
# Studies, from the command line: are the printed intervals those of the raw
# runs, does a comparison of equals show nothing, do gates open and shut, is bad
# input refused with nothing written, does an interruption leave what is whole?
#
#   tests/run_studies.sh
#
# LOWTIDE names the program (default build/lowtide). The intervals are worked out
# a second time here, with sqlite3 and awk and the t values of a printed table.
# Exit status 1 if one of it does not hold.
set -u

here=$(dirname "$0")
lowtide=$(realpath "${LOWTIDE:-$here/../build/lowtide}")
scenario=$here/study/churn.yaml
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
checks=0
failed=0

# check WHAT CONDITION...: the condition is a command.
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" && return
    echo "studies: $what" >&2
    failed=1
}

# status WANTED ARGUMENT...: lowtide's exit status; output in $work/out, err.
status() {
    wanted=$1
    shift
    "$lowtide" "$@" >"$work/out" 2>"$work/err"
    got=$?
    check "lowtide $*: exit status $got, not $wanted: $(cat "$work/err")" \
        [ "$got" = "$wanted" ]
}

says() { grep -qF -- "$1" "$work/err"; }
prints() { grep -qF -- "$1" "$work/out"; }

# --- intervals against the raw runs -------------------------------------------

db=$work/compare.db
status 0 compare "$scenario" --policies zircon,lru,clock --memory 200p,256p \
    --seeds 5 --baseline lru --json -o "$db"
check "30 runs are in the file, all complete" [ "$(sqlite3 "$db" \
    "SELECT count(*) FROM run WHERE status = 'ok'")" = 30 ]
check "each repetition has its seed" [ "$(sqlite3 "$db" \
    "SELECT group_concat(seed) FROM
     (SELECT DISTINCT seed FROM run ORDER BY seed)")" = 11,12,13,14,15 ]

# Pairs from the raw runs, then mean and interval with t(0.95, 4) = 2.776445105.
for metric in stall_some_share faults_major refaults miss_ratio; do
    sqlite3 -separator ' ' "$db" "
        SELECT a.memory_pages, a.policy, a.$metric, b.$metric
        FROM v_summary a JOIN v_summary b
          ON b.policy = 'lru' AND b.seed = a.seed
         AND b.memory_pages = a.memory_pages" |
    awk -v metric=$metric '
        { key = $1 " " $2; n[key]++; v[key] += $3; w[key] += $3 * $3
          d = $3 - $4; s[key] += d; q[key] += d * d }
        function half(sum, squares, n) {
            return 2.776445105 * sqrt((squares - sum * sum / n) / (n - 1) / n)
        }
        END { for (key in n) {
            h = half(v[key], w[key], 5); m = v[key] / 5
            printf "%s %s %.9g %.9g %.9g", metric, key, m, m - h, m + h
            if (key !~ /lru/) {
                h = half(s[key], q[key], 5); m = s[key] / 5
                printf " %.9g %.9g %.9g", m, m - h, m + h
            }
            print "" } }'
done | sort >"$work/own"
# rows: NAME VALUE NAME VALUE ... of the printed objects, the verdict left out.
rows() { sed 's/, "verdict".*//; s/[][{},":]/ /g' "$work/out"; }
rows | sed 's/ \(memory_pages\|metric\|policy\) / /g' |
    awk '/ (stall_some_share|faults_major|refaults|miss_ratio) / {
        delete value
        for (i = 4; i < NF; i += 2) value[$i] = $(i + 1)
        printf "%s %s %s %s %s %s", $2, $1, $3,
            value["mean"], value["mean_low"], value["mean_high"]
        if ("difference" in value)
            printf " %s %s %s", value["difference"],
                value["difference_low"], value["difference_high"]
        print "" }' | sort >"$work/printed"
check "24 rows were worked out" [ "$(wc -l <"$work/own")" = 24 ]
check "as many are printed" [ "$(wc -l <"$work/printed")" = 24 ]
check "means and intervals are those of the raw runs" \
    sh -c 'paste -d" " "$1" "$2" | awk "
        function near(a, b) { d = a - b; if (d < 0) d = -d
            m = a < 0 ? -a : a; return d <= 1e-6 * m + 1e-9 }
        { half = NF / 2
          for (i = 1; i <= half; i++)
              if (i <= 3 ? \$i != \$(i + half) : !near(\$i, \$(i + half))) {
                  print > \"/dev/stderr\"; bad = 1 } }
        END { exit bad }"' sh "$work/own" "$work/printed"

# --- common random numbers, and a comparison of equals ------------------------

# With enough memory for all of the file the policies have nothing to decide:
# what is left is the workload, and it is the same for all of a seed.
status 0 compare "$scenario" --policies zircon,lru,fifo --memory 8000p \
    --seeds 3 --quiet -o "$work/ample.db"
check "all policies of a seed face one workload, each seed another" \
    [ "$(sqlite3 "$work/ample.db" "
        SELECT count(*) || ' ' || max(same) FROM
        (SELECT count(DISTINCT accesses || ' ' || faults_major || ' ' ||
             stall_some_share) AS same FROM v_summary GROUP BY seed)
        UNION ALL SELECT count(DISTINCT accesses) FROM v_summary" |
        tr '\n' ' ')" = "3 1 3 " ]

# One page for 400: both threads wait for the disk, and that for memory.
status 0 compare "$scenario" --policies lru --memory 17p --seeds 1 --quiet \
    -o "$work/one-page.db"
check "who waits for a pager that waits for memory is stalled" \
    [ "$(sqlite3 "$work/one-page.db" \
        "SELECT stall_full_share > 0.99 FROM v_summary")" = 1 ]

status 0 compare "$scenario" --policies lru,lru --seeds 3 -o "$work/aa.db"
check "a comparison of equals shows no difference" prints "no difference shown"
check "in any metric" [ "$(grep -cE ' (lower|higher)$' "$work/out")" = 0 ]

# --- repeating until it is precise --------------------------------------------

status 0 compare "$scenario" --policies lru,fifo --seeds 2 --until 1% --json \
    -o "$work/until.db"
rows | grep -E ' (stall_some_share|faults_major) ' |
    awk '{ delete v; for (i = 1; i < NF; i++) v[$i] = $(i + 1) }
        / fifo / && "difference" in v {
            half = (v["difference_high"] - v["difference_low"]) / 2
            other = v["mean"] - v["difference"]
            scale = v["mean"] > other ? v["mean"] : other
            rows++; if (half > 0.01 * scale) bad = 1; n = v["repetitions"] }
        END { exit !(rows == 2 && !bad && n > 2) }'
check "--until repeats until half widths are 1 % of the mean" [ $? = 0 ]

# --- gates --------------------------------------------------------------------

two="compare $scenario --policies zircon,lru --seeds 2 --quiet -o $work/gate.db"
status 0 $two --fail-if 'lru.faults_major < 0'
status 1 $two --fail-if 'lru.faults_major > 0 && zircon.accesses > 1'
check "a gate that shuts says so" says "lru.faults_major > 0"
status 1 $two --fail-if 'lru.faults_major / (lru.oom_kills * 0) > 1'
check "a gate that can't be decided is shut" says "can't be decided"

# --- bad input: a line, status 2, nothing written -----------------------------

no=$work/none.db
refused() {
    text=$1
    shift
    status 2 "$@"
    check "$*: '$text' is said, not: $(cat "$work/err")" says "$text"
    check "$*: nothing is written" [ ! -e "$no" ]
}
bad="compare $scenario -o $no"
refused "--fail-if:5: there is no metric 'zz'" $bad --policies lru \
    --fail-if '1 < zz'
refused "--fail-if:1: 'arc' is not one" $bad --policies lru \
    --fail-if 'arc.refaults > 1'
refused "--fail-if:1: whose 'refaults'?" $bad --policies lru,fifo \
    --fail-if 'refaults > 1'
refused "--until" $bad --until 0
refused "--until" $bad --until 2x%
refused "--seeds" $bad --seeds 0
refused "--jobs" $bad -j x
refused "--baseline 'arc'" $bad --policies lru --baseline arc
refused "nosuch" $bad --policies lru,nosuch
refused "--memory 12q" $bad --memory 12q
refused "$work/nosuch.yaml" compare "$work/nosuch.yaml" -o "$no"
refused "one scenario" compare -o "$no"
echo "not a database" >"$work/foreign"
cp "$work/foreign" "$work/copy"
status 2 compare "$scenario" -o "$work/foreign"
check "a foreign file is left alone" cmp -s "$work/foreign" "$work/copy"

# --- interruption -------------------------------------------------------------

"$lowtide" compare "$scenario" --seeds 10000 --policies lru,fifo -j 2 --quiet \
    -o "$work/stop.db" >"$work/out" 2>"$work/err" &
study=$!
while [ "$(sqlite3 "$work/stop.db" "SELECT count(*) FROM run
        WHERE status = 'ok'" 2>/dev/null || echo 0)" -lt 4 ]; do
    kill -0 $study 2>/dev/null || break
    sleep 0.05
done
kill -TERM $study
wait $study
check "an interrupted study ends with 130" [ $? = 130 ]
check "what was complete is kept" [ "$(sqlite3 "$work/stop.db" \
    "SELECT count(*) >= 4 FROM run WHERE status = 'ok'")" = 1 ]
check "nothing is left running" [ "$(sqlite3 "$work/stop.db" \
    "SELECT count(*) FROM run WHERE status = 'running'")" = 0 ]

# --- the smallest memory --------------------------------------------------------

# Misses fall with every page of memory once the machine does its work.
until='faults_major < 700 && accesses > 1500'
status 0 budget "$scenario" --policy lru --until "$until" --seeds 3 --json \
    -o "$work/budget.db"
smallest=$(sed -n 's/.*"memory_pages": \([0-9]*\), .*"smallest": true.*/\1/p' \
    "$work/out")
meets() {
    sqlite3 "$work/budget.db" "SELECT avg(faults_major) < 700 AND
        avg(accesses) > 1500 FROM v_summary WHERE memory_pages = $1"
}
check "the smallest meets the condition, by the raw runs" \
    [ "$(meets "$smallest")" = 1 ]
check "one page less does not" [ "$(meets $((smallest - 1)))" = 0 ]
check "each size has run with each seed" [ "$(sqlite3 "$work/budget.db" "
    SELECT min(n) || max(n) FROM
    (SELECT count(DISTINCT seed) AS n FROM run GROUP BY memory_pages)")" = 33 ]
check "all sizes are printed, in order" [ "$(sqlite3 "$work/budget.db" \
    "SELECT DISTINCT memory_pages FROM run ORDER BY 1" | tr '\n' ' ')" = \
    "$(sed 's/.*"memory_pages": \([0-9]*\),.*/\1/' "$work/out" | tr '\n' ' ')" ]
status 0 budget "$scenario" --policy lru --until 'refaults < 400' --seeds 2 \
    -o "$work/scan.db"
check "a condition that comes and goes is called so" prints "It comes and goes"
check "and was scanned" [ "$(sqlite3 "$work/scan.db" \
    "SELECT count(DISTINCT memory_pages) > 60 FROM run")" = 1 ]
status 1 budget "$scenario" --policy lru --until 'accesses < 0' --seeds 1 \
    --quiet -o "$work/scan.db"
check "a condition that no size meets is called so" says "for no size"
bad="budget $scenario -o $no"
refused "--until:1: there is no metric 'zz'" $bad --until 'zz < 1'
refused "--until:9: a comparison is expected" $bad --until refaults
refused "--until is wanted" $bad
refused "nosuch" $bad --policy nosuch --until 'refaults < 1'

# --- joining files --------------------------------------------------------------

all=$work/all.db
sqlite3 "$work/gate.db" "PRAGMA foreign_keys = ON;
    DELETE FROM run WHERE run_id = 2" # a gap in the numbers
parts="$work/gate.db $work/aa.db $work/stop.db"
status 0 merge "$all" $parts
fingerprints='SELECT fingerprint, status, seed, policy FROM run ORDER BY run_id'
for part in $parts; do sqlite3 "$part" "$fingerprints"; done >"$work/parts"
sqlite3 "$all" "$fingerprints" >"$work/joined"
check "all runs are there, file by file" cmp -s "$work/parts" "$work/joined"
check "they are numbered from 1 without a gap" [ "$(sqlite3 "$all" \
    "SELECT max(run_id) = count(*) AND min(run_id) = 1 FROM run")" = 1 ]
for part in $parts; do
    sqlite3 "$part" "SELECT s.name, s.policy, s.seed, s.accesses, s.refaults,
        s.stall_some_share, s.access_p99_ns, (SELECT sum(pages) FROM tick_list t
        WHERE t.run_id = s.run_id), (SELECT group_concat(detail) FROM event e
        WHERE e.run_id = s.run_id) FROM v_summary s ORDER BY s.run_id"
done >"$work/parts"
sqlite3 "$all" "SELECT s.name, s.policy, s.seed, s.accesses, s.refaults,
    s.stall_some_share, s.access_p99_ns, (SELECT sum(pages) FROM tick_list t
    WHERE t.run_id = s.run_id), (SELECT group_concat(detail) FROM event e
    WHERE e.run_id = s.run_id) FROM v_summary s ORDER BY s.run_id" \
    >"$work/joined"
check "with all their rows" cmp -s "$work/parts" "$work/joined"
check "the dictionary is one" [ "$(sqlite3 "$all" 'SELECT count(*) FROM metric')" \
    = "$(sqlite3 "$work/aa.db" 'SELECT count(*) FROM metric')" ]
check "the new file is whole and plain" [ "$(sqlite3 "$all" \
    'PRAGMA integrity_check; PRAGMA journal_mode' | tr '\n' ' ')" = "ok delete " ]

refused "is there already" merge "$all" "$work/aa.db"
refused "given twice" merge "$no" "$work/aa.db" "$work/./aa.db"
refused "not a lowtide results file" merge "$no" "$work/aa.db" "$work/foreign"
refused "no such file" merge "$no" "$work/aa.db" "$work/missing.db"
cp "$work/aa.db" "$work/newer.db"
sqlite3 "$work/newer.db" 'PRAGMA user_version = 2'
refused "results of format 2" merge "$no" "$work/aa.db" "$work/newer.db"
cp "$work/aa.db" "$work/poor.db"
sqlite3 "$work/poor.db" 'DROP VIEW v_process_series;
    ALTER TABLE tick_vmo RENAME COLUMN pinned TO other'
refused "not ours" merge "$no" "$work/aa.db" "$work/poor.db"
check "nothing unfinished is left beside it" \
    [ "$(find "$work" -name '*.merge-*' | wc -l)" = 0 ]

echo "studies: $checks checks"
exit $failed
