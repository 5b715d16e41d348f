#!/bin/sh
# Studies, from the command line: are the printed intervals those of the raw
# runs, does a comparison of equals show nothing, do gates open and shut, is bad
# input refused with nothing written, does an interruption leave what is whole?
#
#   tests/run_studies.sh
#
# The intervals are worked out a second time here, in SQL with the t values of a
# printed table.
. "$(dirname "$0")/lib.sh"
scenario=$here/study/churn.yaml

# --- intervals against the raw runs -------------------------------------------

# Everything that $work/out prints about five repetitions, worked out again:
# variances around the mean, t from a table.
#
#   recompute DB BASELINE RAW
#
# RAW is a SELECT of metric, memory_pages, policy, seed, value. Prints how many
# rows were compared and how many of them differ by more than 1e-6 of it, or are
# missing on one side.
recompute() {
    sqlite3 -separator ' ' "$1" "
    CREATE TEMP TABLE raw AS $3;
    DELETE FROM raw WHERE value IS NULL;
    CREATE TEMP TABLE pair AS
        SELECT a.*, a.value - b.value AS difference FROM raw a JOIN raw b
        ON b.policy = '$2' AND b.metric = a.metric AND b.seed = a.seed
        AND b.memory_pages = a.memory_pages;
    CREATE TEMP TABLE mean AS
        SELECT metric, memory_pages, policy, avg(value) AS m, count(*) AS n,
            avg(difference) AS d, avg(value - difference) AS base
        FROM pair GROUP BY metric, memory_pages, policy;
    CREATE TEMP TABLE own AS
        SELECT mean.*, 2.776445105 * 2.776445105 / n / (n - 1) *
                sum((value - m) * (value - m)) AS m_half2,
            2.776445105 * 2.776445105 / n / (n - 1) *
                sum((difference - d) * (difference - d)) AS d_half2
        FROM mean JOIN pair USING (metric, memory_pages, policy)
        GROUP BY metric, memory_pages, policy;
    CREATE TEMP TABLE printed AS
        SELECT value ->> 'metric' AS metric,
            value ->> 'memory_pages' AS memory_pages,
            value ->> 'policy' AS policy, value ->> 'mean' AS m,
            value ->> 'mean_low' AS m_low, value ->> 'mean_high' AS m_high,
            value ->> 'difference' AS d, value ->> 'difference_low' AS d_low,
            value ->> 'difference_high' AS d_high,
            value ->> 'relative' AS relative, value ->> 'verdict' AS verdict,
            value ->> 'repetitions' AS n
        FROM json_each(readfile('$work/out'));
    SELECT count(*), sum(
        p.metric IS NULL OR o.metric IS NULL OR p.n <> o.n OR o.n <> 5
        OR abs(p.m - o.m) > 1e-6 * abs(o.m)
        OR abs((p.m_low + p.m_high) / 2 - o.m) > 1e-6 * abs(o.m)
        OR abs((p.m_high - p.m_low) / 2 - sqrt(o.m_half2)) >
            1e-6 * sqrt(o.m_half2) + 1e-12 * abs(o.m)
        OR CASE WHEN o.policy = '$2' THEN
            p.d IS NOT NULL OR p.verdict <> 'baseline'
        ELSE
            p.d IS NULL OR abs(p.d - o.d) > 1e-6 * abs(o.d) + 1e-12 * abs(o.m)
            OR abs((p.d_low + p.d_high) / 2 - o.d) >
                1e-6 * abs(o.d) + 1e-12 * abs(o.m)
            OR abs((p.d_high - p.d_low) / 2 - sqrt(o.d_half2)) >
                1e-6 * sqrt(o.d_half2) + 1e-12 * abs(o.m)
            OR (p.relative IS NULL) <> (o.base = 0)
            OR abs(p.relative - o.d / o.base) > 1e-6 * abs(o.d / o.base)
                + 1e-12
            OR p.verdict <> CASE WHEN o.d * o.d <= o.d_half2
                THEN 'no difference shown' WHEN o.d < 0 THEN 'lower'
                ELSE 'higher' END
        END)
    FROM own o FULL JOIN printed p USING (metric, memory_pages, policy)
    "
}

# What a report shows, of whole runs.
shown="'stall_some_share', 'stall_full_share', 'stall_some_ns', 'faults_major',
    'refaults', 'miss_ratio', 'pager_requests', 'compress_ns', 'decompress_ns',
    'written_back', 'access_p99_ns', 'oom_kills', 'accesses'"
whole="SELECT metric, memory_pages, policy, seed, value FROM v_compare
    WHERE metric IN ($shown)
    UNION ALL SELECT CASE c.name WHEN 'dispatcher.pager.total_requests'
        THEN 'pager_requests' ELSE replace(c.name, 'compression.', '') END,
        memory_pages, policy, seed, value
    FROM counter c JOIN run USING (run_id) WHERE c.name IN ('stall_some_ns',
        'dispatcher.pager.total_requests', 'compression.compress_ns',
        'compression.decompress_ns')"

db=$work/compare.db
status 0 compare "$scenario" --policies zircon,lru,clock --memory 200p,256p \
    --seeds 5 --baseline lru --json -o "$db"
check "30 runs are in the file, all complete" [ "$(sqlite3 "$db" \
    "SELECT count(*) FROM run WHERE status = 'ok'")" = 30 ]
check "each repetition has its seed" [ "$(sqlite3 "$db" \
    "SELECT group_concat(seed) FROM
     (SELECT DISTINCT seed FROM run ORDER BY seed)")" = 11,12,13,14,15 ]
check "all printed is as the raw runs say: $(recompute "$db" lru "$whole")" \
    [ "$(recompute "$db" lru "$whole")" = "66 0" ]

# stories RAW ARGUMENT...: three of scenarios/, with drawn accesses,
# compression and writeback; ROWS are the rows of each.
stories() {
    raw=$1
    rows=$2
    shift 2
    for story in compression-rescue audio writeback-storm; do
        rm -f "$work/story.db"
        status 0 compare "$here/../scenarios/$story.yaml" --seeds 5 -j 2 \
            --policies zircon,lru --json -o "$work/story.db" "$@"
        wanted="${rows%% *} 0"
        rows=${rows#* }
        found=$(recompute "$work/story.db" zircon "$raw")
        check "$story: all is as the raw runs say ($found)" \
            [ "$found" = "$wanted" ]
    done
}
stories "$whole" "26 26 22"

# --- warm-up --------------------------------------------------------------------

# The same of the ticks: from 3 s on, each gain at the end less that at 3 s.
shares="'stall_some_share', 'stall_full_share', 'stall_some_ns', 'faults_major',
    'refaults', 'miss_ratio', 'written_back', 'oom_kills', 'accesses'"
late="WITH gain AS (SELECT run_id, max(tick_ns) - 3e9 AS ns,
        max(stall_some_ns) - total(stall_some_ns) FILTER (WHERE tick_ns = 3e9)
            AS some_ns, max(stall_full_ns) - total(stall_full_ns)
            FILTER (WHERE tick_ns = 3e9) AS full_ns,
        max(faults_major) - total(faults_major) FILTER (WHERE tick_ns = 3e9)
            AS major, max(accesses) - total(accesses)
            FILTER (WHERE tick_ns = 3e9) AS accesses,
        max(refaults) - total(refaults) FILTER (WHERE tick_ns = 3e9) AS again,
        max(written_back) - total(written_back) FILTER (WHERE tick_ns = 3e9)
            AS written, max(oom_kills) - total(oom_kills)
            FILTER (WHERE tick_ns = 3e9) AS kills
    FROM tick GROUP BY run_id)
    SELECT c.name AS metric, memory_pages, policy, seed, CASE c.name
        WHEN 'stall_some_share' THEN some_ns / ns
        WHEN 'stall_full_share' THEN full_ns / ns
        WHEN 'stall_some_ns' THEN some_ns WHEN 'faults_major' THEN major
        WHEN 'refaults' THEN again WHEN 'miss_ratio' THEN major / accesses
        WHEN 'written_back' THEN written WHEN 'oom_kills' THEN kills
        ELSE accesses END AS value
    FROM run JOIN gain USING (run_id)
    JOIN (SELECT column_name AS name FROM metric
          WHERE column_name IN ($shares) GROUP BY 1) c"
stories "$late" "18 18 18" --warmup 3s

sed 's/tick: 1s/tick: 50ms/' "$scenario" >"$work/fine.yaml"
status 0 compare "$work/fine.yaml" --policies lru,fifo --seeds 4 \
    --warmup auto -o "$work/warm.db"
check "what is deleted is said" prints "s of every run are deleted (MSER-5)."
check "what can't be counted then is not shown" \
    [ "$(grep -cE '^(access_p99_ns|pager_requests)' "$work/out")" = 0 ]
status 0 compare "$work/fine.yaml" --policies lru,fifo --seeds 2 --warmup 50ms \
    --metrics faults_major --json -o "$work/warm.db"
check "JSON says it, too" [ "$(grep -c '"warmup_ns": 50000000,' "$work/out")" \
    = 2 ]
status 1 compare "$scenario" --policies lru --seeds 2 --warmup auto \
    -o "$work/warm.db"
check "too few ticks to find a warm-up are said" says "fewer than 50 ticks"
check "and nothing is printed instead" prints "nothing to compare"
sed 's/duration: 8s//; s/think:/accesses: 200, think:/' "$scenario" \
    >"$work/short.yaml"
status 1 compare "$work/short.yaml" --policies lru --seeds 2 --warmup 5s \
    --json -o "$work/warm.db"
check "a run that ends before its warm-up is named" says \
    "seed 11) ended before the warm-up of 5 s did"
check "and has no metrics" [ "$(cat "$work/out")" = "[]" ]

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
check "no line is longer than a terminal's" \
    [ "$(awk 'length > 80' "$work/out" | wc -l)" = 0 ]

# Equals that draw differently: one policy on disjoint seeds, three pairs a time.
# 5 % of 200 comparisons are 10 that stand out, with a standard deviation of 3.1
# (binomial); outside of 2 to 22 is a chance of 1 in 1000. t(0.95, 2) = 4.302653.
status 0 compare "$scenario" --policies lru --seeds 1200 -j 2 --quiet \
    -o "$work/equals.db"
for metric in faults_major stall_some_share; do
    found=$(sqlite3 "$work/equals.db" "
        WITH numbered AS (SELECT $metric AS v,
                row_number() OVER (ORDER BY seed) - 1 AS i FROM v_summary),
        pair AS (SELECT a.i / 6 AS trial, a.v - b.v AS d
            FROM numbered a JOIN numbered b ON b.i = a.i + 1
            WHERE a.i % 2 = 0),
        test AS (SELECT count(*) AS n, avg(d) AS d,
                (sum(d * d) - 3 * avg(d) * avg(d)) / 2 / 3 AS error2
            FROM pair GROUP BY trial)
        SELECT sum(n) || ' ' || sum(d * d > 4.302653 * 4.302653 * error2)
        FROM test")
    check "equals stand out in $metric as often as is stated: $found" \
        [ "${found% *}" = 600 ]
    check "equals stand out in $metric as often as is stated: $found" \
        [ "${found#* }" -ge 2 ]
    check "equals stand out in $metric as often as is stated: $found" \
        [ "${found#* }" -le 22 ]
    echo "studies: ${found#* } of 200 comparisons of equals stand out ($metric)"
done

status 0 compare "$scenario" --seeds 1 --json -o "$work/built-in.db"
check "without --policies all built-in ones are compared, but for opt" \
    [ "$(sqlite3 "$work/built-in.db" "SELECT group_concat(policy) FROM
        (SELECT DISTINCT policy FROM run ORDER BY policy)")" = \
        "$("$lowtide" policies --json | tr '{' '\n' |
        sed -n 's/^"name": "\([^"]*\)", "summary.*/\1/p' | grep -vx opt | sort |
        paste -sd,)" ]

# --- repeating until it is precise --------------------------------------------

status 0 compare "$scenario" --policies lru,fifo --seeds 2 --until 1% --json \
    -o "$work/until.db"
check "--until repeats until half widths are 1 % of the mean" [ "$(sqlite3 :memory: "
    SELECT count(*) || ' ' || (min(value ->> 'repetitions') > 2) || ' ' ||
        sum((value ->> 'difference_high') - (value ->> 'difference_low') <=
            0.02 * max(value ->> 'mean',
                (value ->> 'mean') - (value ->> 'difference')))
    FROM json_each(readfile('$work/out')) WHERE value ->> 'policy' = 'fifo'
    AND value ->> 'metric' IN ('stall_some_share', 'faults_major')")" = "2 1 2" ]

# --- the future -----------------------------------------------------------------

status 0 compare "$scenario" --policies lru,zircon,fifo,mru,arc,lirs,opt \
    --seeds 3 -j 2 -o "$work/opt.db"
check "whose future opt was told is said" prints "the future that a run of lru"
check "opt misses less than all others, with every seed" [ "$(sqlite3 \
    "$work/opt.db" "SELECT count(*) FROM v_summary o JOIN v_summary r
    ON r.seed = o.seed AND r.policy <> 'opt' WHERE o.policy = 'opt'
    AND o.miss_ratio < r.miss_ratio AND o.accesses >= r.accesses")" = 18 ]
status 0 compare "$scenario" --policies opt,lru --baseline lru --seeds 3 \
    --metrics refaults --json -o "$work/opt-again.db"
check "again it does the same" [ "$(for file in opt opt-again; do
    sqlite3 "$work/$file.db" "SELECT fingerprint FROM v_summary
        WHERE policy = 'opt' ORDER BY seed"; done | sort | uniq -c |
    grep -c '^ *2 ')" = 3 ]
check "JSON says whose future it was" \
    [ "$(grep -c '"policy": "opt".*"future_of": "lru"' "$work/out")" = 1 ]

# --- figures ------------------------------------------------------------------

status 0 compare "$scenario" --policies zircon,lru --seeds 3 --memory 200p,256p \
    --metrics faults_major,pager_requests,compress_ns -o "$work/figures.db" \
    --plot "$work/figures"
check "what no run has is not drawn" prints "2 metrics drawn"
check "a svg and a png for each metric, and nothing else" [ "$(ls "$work/figures" |
    tr '\n' ' ')" = "faults_major.png faults_major.svg pager_requests.png \
pager_requests.svg " ]
check "each svg is a figure of both policies" [ "$(grep -lE '>zircon' \
    $(grep -lE '>lru' "$work"/figures/*.svg) | wc -l)" = 2 ]
check "each png is one" [ "$(head -qc 4 "$work"/figures/*.png | tr -d '\211')" = \
    PNGPNG ]

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
    bad_input "$@"
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
refused "--warmup '0'" $bad --warmup 0
refused "--warmup 'inf'" $bad --warmup inf
refused "between two ticks" $bad --warmup 1500ms
refused "no shorter than the run" $bad --warmup 8s
sed 's/^tick:.*/record: {ticks: false}/' "$scenario" >"$work/no-ticks.yaml"
refused "ticks: false" compare "$work/no-ticks.yaml" -o "$no" --warmup auto
refused "'pager_requests' is known for whole runs only" $bad --warmup 2s \
    --metrics refaults,pager_requests
refused "--fail-if:1: 'access_p99_ns' is known for whole runs only" $bad \
    --policies lru --warmup 2s --fail-if 'access_p99_ns > 1'
refused "--metrics: there is no metric 'zz'" $bad --metrics refaults,zz
refused "--metrics: there is no metric 'policy'" $bad --metrics policy
refused "--metrics: 'refaults' is there twice" $bad \
    --metrics refaults,accesses,refaults
refused "--plot draws whole runs" $bad --plot "$work/none" --warmup 2s
refused "is no directory" $bad --plot "$scenario"
refused "can't be made there" $bad --plot "$work/none/figures"
refused "another --baseline is wanted" $bad --policies opt,lru
refused "only \`lowtide replay\` knows" run "$scenario" --policy opt -o "$no"
sed 's/kind: zipf, alpha: 0.9/kind: phases, phases: [{for: 1s, pattern: {kind: loop}}]/' \
    "$scenario" >"$work/phases.yaml"
refused "a workload with phases" compare "$work/phases.yaml" \
    --policies lru,opt -o "$no"
refused "pages become those of several VMOs" compare \
    "$here/../scenarios/clone-storm.yaml" --policies lru,opt -o "$no"
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
has_some() {
    [ "$(sqlite3 "$work/stop.db" "SELECT count(*) >= 4 FROM run
        WHERE status = 'ok'")" = 1 ]
}
check "some of it is run" until_true $study has_some
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

finish
