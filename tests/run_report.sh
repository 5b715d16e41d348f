#!/bin/sh
# Reports, from the command line: is the page whole, the same twice, and small
# whatever the results file holds; is bad input refused with nothing written?
#
#   tests/run_report.sh
#
# What a page does in a browser is tests/run_browser.sh's.
. "$(dirname "$0")/lib.sh"

holds() { grep -qF -- "$2" "$work/$1"; }
count() { grep -oF -- "$2" "$work/$1" | wc -l; }
smaller() { [ "$(stat -c %s "$work/$1")" -lt "$2" ]; }
sql() { sqlite3 "$work/$1" "$2"; }

# refused ARGUMENT...: exit status 2, one line that begins with our name, and
# nothing written.
refused() {
    ls -A "$work/pages" >"$work/before"
    status 2 report "$@"
    check "one line for: $*" [ "$(wc -l <"$work/err")" = 1 ]
    check "our name before: $(cat "$work/err")" says 'lowtide report: '
    ls -A "$work/pages" >"$work/after"
    check "nothing written by: $*" cmp -s "$work/before" "$work/after"
}

mkdir "$work/pages"
page=$work/pages/page.html
status 0 compare "$here/study/churn.yaml" --policies zircon,lru --seeds 3 \
    -j 2 --quiet -o "$work/a.db"

# --- a page -------------------------------------------------------------------

status 0 report "$work/a.db" -o "$page"
check "it says what it wrote" grep -q ': 6 runs, 2 with charts$' "$work/out"
check "it begins as HTML does" grep -q '^<!DOCTYPE html>' "$page"
check "it is whole" [ "$(tail -c 8 "$page")" = '</html>' ]
check "nothing is fetched" sh -c "! grep -qE \
    '(src|href)=\"?(https?:)?//|@import|url\\(' '$page'"
check "no moment of now" sh -c "! grep -q \"\$(date +%Y)-[0-9][0-9]-\" '$page'"
check "no other file is left" [ "$(ls -A "$work/pages")" = page.html ]
cp "$page" "$work/first.html"
status 0 report "$work/a.db" -o "$page" --quiet
check "--quiet prints nothing" [ ! -s "$work/out" ]
check "the same bytes twice" cmp -s "$page" "$work/first.html"
cp "$work/a.db" "$work/copy.db"
status 0 report "$work/copy.db" -o "$page"
check "the same bytes of a copy" cmp -s "$page" "$work/first.html"
for fact in fingerprint scenario_sha256 version argv; do
    value=$(sql a.db "SELECT $fact FROM run WHERE run_id = 1")
    check "$fact is in it" holds first.html "$value"
done
check "the interval is in it" holds first.html '95% interval'
status 0 report "$work/a.db" -o "$page" --json
check "--json tells of the page" \
    grep -q '^\[{"output": ".*", "runs": 6, "charted": 2, "bytes": [0-9]*}\]$' \
    "$work/out"
status 0 report "$work/a.db" --run 2 --run 3 -o "$page"
check "--run chooses" grep -q ': 2 runs, 2 with charts$' "$work/out"
status 0 report --help
check "--help has a synopsis" grep -q '^usage: lowtide report DB' "$work/out"

# --- numbers against the file ---------------------------------------------------

status 0 report "$work/a.db" --run 1 -o "$work/one.html"
faults=$(sql a.db "SELECT printf('%,d', faults_major) FROM v_summary
    WHERE run_id = 1")
check "major faults are those of v_summary" holds one.html \
    "<th scope=\"row\">major faults</th><td>$faults</td>"
refaults=$(sql a.db "SELECT printf('%,d', refaults) FROM v_summary
    WHERE run_id = 1")
check "refaults are those of v_summary" holds one.html \
    "$refaults faults brought reclaimed pages back"

# --- what may be missing --------------------------------------------------------

cp "$work/a.db" "$work/bare.db"
sql bare.db "DELETE FROM run WHERE run_id > 3; DELETE FROM tick;
    DELETE FROM tick_vmo; DELETE FROM tick_list; DELETE FROM latency;
    DELETE FROM counter WHERE run_id = 2; UPDATE run SET status = 'error',
    sim_ns = NULL, fingerprint = NULL, finished_at = NULL WHERE run_id = 2;
    UPDATE run SET scenario_text = NULL, params = NULL, argv = NULL,
    name = NULL WHERE run_id = 3"
status 0 report "$work/bare.db" -o "$work/bare.html"
check "missing samples are said" holds bare.html 'this run has no ticks'
check "a run without anything is said" holds bare.html \
    'Nothing has been recorded of this run'
check "an error is said" holds bare.html 'ended with an error'
check "no NaN gets through" sh -c "! grep -qiE '[^a-z](nan|inf)[^a-z]' \
    '$work/bare.html'"
cp "$work/a.db" "$work/empty.db"
sql empty.db "DELETE FROM run"
status 0 report "$work/empty.db" -o "$work/empty.html"
check "an empty file is explained" holds empty.html 'holds no runs'
check "and on stderr" says 'holds no runs'
cat >"$work/still.yaml" <<YAML
version: 1
machine: {memory: 16p}
events:
  - create: {vmo: a, size: 4p}
  - write: {vmo: a, values: [1, 2, 3, 4]}
  - expect: {free: 11}
YAML
status 1 run "$work/still.yaml" --quiet -o "$work/still.db"
status 0 report "$work/still.db" -o "$work/still.html"
check "no time is no chart" holds still.html 'no data: no time passed'
check "what did not hold is said" holds still.html \
    '1 of 1 expectation did not hold'

# --- large ----------------------------------------------------------------------

cp "$work/a.db" "$work/many.db"
sql many.db "
    WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n
        WHERE n < 200)
    INSERT INTO run SELECT 100 + n, name, scenario, scenario_sha256, policy,
        params, 100 + n, memory_pages, page_size, started_at, finished_at,
        status, sim_ns, host_ns, version, argv, scenario_text, fingerprint,
        writer_host, writer_pid, writer_start
    FROM run, n WHERE run_id = 1;
    INSERT INTO counter SELECT r.run_id, c.name, c.value FROM run r, counter c
        WHERE c.run_id = 1 AND r.run_id > 100"
status 0 report "$work/many.db" -o "$work/many.html"
check "206 runs fit into a page" smaller many.html 5000000
check "all of them are in the summary" [ "$(count many.html 'seed 2')" -gt 99 ]

cp "$work/a.db" "$work/long.db"
sql long.db "
    DELETE FROM tick; DELETE FROM tick_vmo; DELETE FROM tick_list;
    UPDATE run SET sim_ns = 100000000000;
    WITH RECURSIVE n(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n
        WHERE n < 50000)
    INSERT INTO tick (run_id, tick_ns, free, level, anonymous, accesses,
        faults_minor, faults_major, stall_some_ns, stall_full_ns)
    SELECT run_id, n * 2000000, CASE WHEN n = 31337 THEN 3 ELSE
        100 + n * 7919 % 50 END, CASE WHEN n % 97 < 3 THEN 'warning' ELSE
        'normal' END, n * 104729 % 60, n, n, n * n % 1000 + n * 1000,
        n * 100000, n * 100000 FROM run, n;
    INSERT INTO tick_vmo (run_id, tick_ns, vmo_id, committed, compressed,
        pinned, faults_major, refaults)
    SELECT t.run_id, tick_ns, vmo_id, anonymous / (1 + vmo_id), 0, 0, 0, 0
    FROM tick t JOIN vmo v ON v.run_id = t.run_id"
status 0 report "$work/long.db" --run 1 --run 2 --run 3 --run 4 --run 5 --run 6 \
    -o "$work/long.html"
check "300,000 samples fit into a page" smaller long.html 5000000
check "the lowest of them is still there" holds long.html '62.674'

# --- refused --------------------------------------------------------------------

refused
refused "$work/a.db"
refused "$work/a.db" "$work/b.db" -o "$page"
refused "$work/none.db" -o "$page"
refused "$work/a.db" -o "$work/pages/page.txt"
refused "$work/a.db" -o "$work/pages/.html"
refused "$work/a.db" -o "$work/pages/none/page.html"
refused "$work/a.db" --run 99 -o "$work/pages/new.html"
refused "$work/a.db" --run nobody -o "$work/pages/new.html"
refused "$work/a.db" -j 0 -o "$work/pages/new.html"
mkdir "$work/pages/dir.html"
refused "$work/a.db" -o "$work/pages/dir.html"
sqlite3 "$work/foreign.db" 'CREATE TABLE x (y)'
refused "$work/foreign.db" -o "$work/pages/new.html"
check "a foreign file is called that" says 'foreign.db'
head -c 5000 "$work/a.db" >"$work/cut.db"
"$lowtide" report "$work/cut.db" -o "$work/pages/new.html" >/dev/null \
    2>"$work/err"
check "a cut file is an error" [ $? -ge 2 ]
check "and leaves nothing" [ ! -e "$work/pages/new.html" ]
cp "$work/a.db" "$work/a.html"
refused "$work/a.html" -o "$work/a.html"
LOWTIDE_REPORTS=$work status 3 report "$work/a.db" -o "$work/pages/new.html"
check "a missing template is named" says 'LOWTIDE_REPORTS'

finish
