#!/bin/sh
# Parameter studies, from the command line: is a plan what it says, does the same
# command again run what is missing and nothing else, do shards come to what one
# process comes to, and what is left by Ctrl-C, kill -9 and runs that die?
#
#   tests/run_sweep.sh
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 2

# What a file has of a study, in an order of its own: equal for equal runs.
outcome() {
    sqlite3 "$1" "SELECT run_key, repetition, variables, seed, policy,
        memory_pages, status, fingerprint, (SELECT count(*) FROM tick t
        WHERE t.run_id = run.run_id) FROM run JOIN study_run USING (run_id)
        ORDER BY run_key"
}
complete() {
    sqlite3 "$1" "SELECT count(*) FROM run WHERE status = 'ok'" 2>/dev/null ||
        echo 0
}

# study REPETITIONS THINK...: the study, with these times to think.
study() {
    times=$1
    shift
    cat >study.yaml <<END
version: 1
name: churns
scenario: $here/study/churn.yaml
repetitions: $times
grid:
  policy: [zircon, lru]
  zip:
    memory: [200p, 256p]
    vmos.file.size: [300p, 400p]
  workloads.read.think: [$*]
END
}

# --- the plan -----------------------------------------------------------------

example=$here/../scenarios/studies/scan-resistance.yaml
status 0 sweep "$example" --list -o none.db
check "the example's plan has 60 runs" prints "60 runs: 0 done, 60 missing"
check "nothing is written for a plan" [ ! -e none.db ]
check "the plan fits a terminal" [ "$(awk '{ if (length($0) > m) m = length($0) }
    END { print m <= 80 }' out)" = 1 ]
status 0 sweep "$example" --list --json -o none.db
check "as JSON too" [ "$(grep -c '"state": "missing", "run_id": null' out)" = 60 ]
check "repetitions come outermost, each with its seed" [ "$(sed \
    's/.*"index": \([0-9]*\),.*"seed": \([0-9]*\),.*/\1 \2/' out |
    awk '$2 != 1 + int($1 / 20) { bad = 1 } END { print NR, bad + 0 }')" = "60 0" ]
study 2 4ms, 2ms
status 0 sweep study.yaml --list --shard 3/5 -o none.db
check "a shard's plan is its share" [ "$(awk '/missing / { print $1 }' out |
    tr '\n' ' ')" = "2 7 12 " ]

# --- running, and what is missing ---------------------------------------------

study 1 4ms, 2ms
status 0 sweep study.yaml -j 2 -o a.db
check "all 8 are run" prints "8  run now"
check "they are there" [ "$(complete a.db)" = 8 ]
check "what varies has varied" [ "$(sqlite3 a.db "
    SELECT count(DISTINCT fingerprint) || count(DISTINCT memory_pages) ||
        count(DISTINCT policy) || min(seed) || max(seed) FROM run")" = 8221111 ]
check "a run's variables are with it" [ "$(sqlite3 a.db "
    SELECT count(*) FROM run JOIN study_run USING (run_id)
    WHERE json_extract(variables, '$.policy') = policy AND repetition = 0
    AND json_extract(variables, '$.memory') = memory_pages || 'p'")" = 8 ]
check "the file is one plain file" [ "$(echo a.db*)" = a.db ]
outcome a.db >first
status 0 sweep study.yaml -o a.db
check "the same again runs nothing" prints "0  run now"
check "it says what it kept" prints "8  kept"
outcome a.db | cmp -s - first
check "nothing has changed" [ $? = 0 ]

study 3 4ms, 2ms
status 0 sweep study.yaml --list -o a.db
check "repetitions are added to the plan" prints "24 runs: 8 done, 16 missing"
status 0 sweep study.yaml -j 2 -o a.db
check "repetitions are added" prints "16  run now"
outcome a.db >all
check "those that were there have stayed" [ "$(grep -cxFf first all)" = 8 ]
check "each run is there once" [ "$(sqlite3 a.db "SELECT count(*) || ' ' ||
    count(DISTINCT run_key) FROM study_run")" = "24 24" ]
study 3 4ms, 2ms, 1ms
status 0 sweep study.yaml --list -o a.db
check "a value more leaves what is there" prints "36 runs: 24 done, 12 missing"
study 3 4ms, 2ms
status 0 sweep study.yaml -j 2 --json -o a.db
check "what was kept is printed with its results" [ "$(grep -c \
    '"state": "done", "run_id": [0-9]*, "status": "ok", "fingerprint": "' \
    out)" = 24 ]

# A run as it was planned is what `run` makes of the same values.
status 0 run "$here/study/churn.yaml" --quiet --policy lru --seed 12 \
    --set machine.memory=200p --set vmos.file.size=300p \
    --set workloads.read.think=2ms -o one.db
check "a run of a study is that of the command line" [ "$(sqlite3 a.db "
    SELECT fingerprint FROM run JOIN study_run USING (run_id) WHERE
    policy = 'lru' AND seed = 12 AND memory_pages = 200 AND
    json_extract(variables, '$.\"workloads.read.think\"') = '2ms'")" = \
    "$(sqlite3 one.db 'SELECT fingerprint FROM run')" ]

# --- shards -------------------------------------------------------------------

for n in 1 2 3; do
    status 0 sweep study.yaml -j 2 --shard $n/3 --quiet -o b.db
    check "shard $n has its file" [ -e b.db.shard-$n-of-3.db ]
done
check "and nothing else" [ "$(echo b.db*)" = "$(echo b.db.shard-?-of-3.db)" ]
status 0 sweep study.yaml --list -o b.db
check "shards that are not merged are seen" prints "24 in shards"
status 0 merge b.db b.db.shard-1-of-3.db b.db.shard-2-of-3.db \
    b.db.shard-3-of-3.db
outcome b.db | cmp -s - all
check "merged shards are what one process made" [ $? = 0 ]
status 0 sweep study.yaml --shard 2/3 -o b.db
check "a shard of what is there runs nothing" prints "8  kept"
status 0 merge b2.db b.db a.db b.db.shard-1-of-3.db
outcome b2.db | cmp -s - all
check "what is there twice is kept once" [ $? = 0 ]
status 0 sweep study.yaml --list -o b2.db
check "the merged file is complete" prints "24 runs: 24 done, 0 missing"

# --- bad input ----------------------------------------------------------------

refused() {
    bad_input "$@"
    check "$*: nothing is written" [ -z "$(find . -name 'none.db*')" ]
}
refused "--shard '0/3'" sweep study.yaml --shard 0/3 -o none.db
refused "--shard '4/3'" sweep study.yaml --shard 4/3 -o none.db
refused "--shard '3'" sweep study.yaml --shard 3 -o none.db
refused "--jobs" sweep study.yaml -j 0 -o none.db
refused "one study" sweep -o none.db
refused "is enough" sweep study.yaml --list --slurm -o none.db
refused "--shards goes with" sweep study.yaml --shards 3 -o none.db
refused "nosuch.yaml: can't be read" sweep nosuch.yaml -o none.db
sed 's/4ms/4mss/; s/policy:/polcy:/' study.yaml >bad.yaml
refused "bad.yaml:10:26: " sweep bad.yaml -o none.db
check "all of it" says "bad.yaml:6:3: unknown key 'polcy'"
echo "not a database" >foreign
cp foreign copy
status 2 sweep study.yaml -o foreign
check "a foreign file is left alone" cmp -s foreign copy
cp a.db old.db
sqlite3 old.db "UPDATE run SET version = '0.0.9'"
refused "lowtide 0.0.9" sweep study.yaml -o old.db

# --- expectations, runs that die ------------------------------------------------

cp "$here/study/churn.yaml" expects.yaml
cat >>expects.yaml <<END
events:
  - expect: {oom_kills: 1}
    at: 8s
END
study 1 4ms
sed -i 's|^scenario.*|scenario: expects.yaml|' study.yaml
status 1 sweep study.yaml --quiet -o expects.db
status 1 sweep study.yaml -o expects.db
check "an expectation that failed is a result, and is kept" prints "4  kept"
check "and told" prints "An expectation did not hold in 4"

# --- Ctrl-C, kill -9 ------------------------------------------------------------

# Far more runs than are over while a second sweep waits, and each long enough
# for some to be under way.
study 2000 200us
sed -i 's|^  workloads|  duration: 20s\n  workloads|' study.yaml
has_run() { [ "$(complete stop.db)" -ge "$1" ]; }
"$lowtide" sweep study.yaml -j 2 -o stop.db >out 2>err &
sweep=$!
check "some of it is run" until_true $sweep has_run 5
status 2 sweep study.yaml -o stop.db
check "two sweeps don't add to one file" says "another sweep adds to it"
kill -TERM $sweep
wait $sweep
check "an interrupted study ends with 130" [ $? = 130 ]
kept=$(complete stop.db)
check "what was complete is kept, $kept runs" [ "$kept" -ge 5 ]
check "nothing is left running" [ "$(sqlite3 stop.db \
    "SELECT count(*) FROM run WHERE status = 'running'")" = 0 ]
check "there is more to do" [ "$kept" -lt 8000 ]
sqlite3 stop.db "SELECT run_id, fingerprint FROM run WHERE status = 'ok'
    ORDER BY run_id" >before
"$lowtide" sweep study.yaml -j 2 --quiet -o stop.db >out 2>err &
sweep=$!
check "more of it is run" until_true $sweep has_run $((kept + 5))
kill -KILL $sweep
wait $sweep 2>/dev/null
kept=$(complete stop.db)
check "the file is whole after kill -9" [ "$(sqlite3 -cmd '.timeout 20000' \
    stop.db 'PRAGMA integrity_check')" = ok ]
study 8 200us
sed -i 's|^  workloads|  duration: 20s\n  workloads|' study.yaml
status 0 sweep study.yaml -j 2 -o stop.db
check "no lock is left" [ ! -e stop.db.lock ]
check "after kill -9 the rest is run" [ "$(complete stop.db)" -ge 32 ]
# What was cut off belongs to the study as it was before, and stays as a record.
check "each run is there once" [ "$(sqlite3 stop.db "
    SELECT count(*) = count(DISTINCT run_key) FROM study_run")" = 1 ]
check "what was complete is as it was" [ "$(sqlite3 stop.db "SELECT run_id,
    fingerprint FROM run ORDER BY run_id" | grep -cxFf before)" = \
    "$(wc -l <before)" ]

# A shard, killed twice, is in the end what it would have been.
study 100 200us
sed -i 's|^  workloads|  duration: 5s\n  workloads|' study.yaml
"$lowtide" sweep study.yaml --shard 1/2 --quiet -j 2 -o whole.db || failed=1
has_runs() { [ "$(find shard.db.runs -name '*.db' | wc -l)" -ge "$1" ]; }
for n in 1 2; do
    "$lowtide" sweep study.yaml --shard 1/2 --quiet -o shard.db >out 2>err &
    sweep=$!
    check "a shard has some runs" until_true $sweep has_runs $((n * 4))
    kill -KILL $sweep
    wait $sweep 2>/dev/null
    check "an unfinished shard has no file" [ ! -e shard.db.shard-1-of-2.db ]
done
status 0 sweep study.yaml -j 2 --shard 1/2 -o shard.db
check "it is finished with what was there" \
    [ "$(awk '/ kept/ { print ($1 >= 8) }' out)" = 1 ]
outcome shard.db.shard-1-of-2.db >part
outcome whole.db.shard-1-of-2.db | cmp -s - part
check "and is what it would have been" [ $? = 0 ]
check "nothing else is left" [ "$(echo shard.db*)" = shard.db.shard-1-of-2.db ]

# Other shards that end remove the folder whenever it is empty.
study 20 4ms
"$lowtide" sweep study.yaml --shard 1/2 -j 2 --quiet -o folder.db >out 2>err &
sweep=$!
while kill -0 $sweep 2>/dev/null; do rmdir folder.db.runs 2>/dev/null; done
wait $sweep
got=$?
check "a folder that disappears is made anew: $(cat err)" [ $got = 0 ]
check "with all runs" [ "$(complete folder.db.shard-1-of-2.db)" = 40 ]

# One run's process is killed: the others are run, and the shard waits for it.
study 2 200us
sed -i 's|^  workloads|  duration: 600s\n  workloads|' study.yaml
"$lowtide" sweep study.yaml --shard 1/1 -o dies.db >out 2>err &
sweep=$!
check "a run is under way" until_true $sweep pkill -KILL -P $sweep
wait $sweep
check "a run that is killed is the host's failure" [ $? = 3 ]
check "which run is told" says "lowtide sweep: run "
check "and by what" says "its process was ended by signal 9"
check "the others were run" prints "7  run now"
check "one was not" prints "1  failed"
check "the shard is not published" [ ! -e dies.db.shard-1-of-1.db ]
status 0 sweep study.yaml --shard 1/1 -o dies.db
check "the same again runs that one" prints "1  run now"
check "and publishes" [ "$(complete dies.db.shard-1-of-1.db)" = 8 ]

# --- GNU parallel ---------------------------------------------------------------

study 3 4ms, 2ms
mkdir "it's here"
status 0 sweep study.yaml --parallel --shards 4 -j 2 -o "it's here/par.db"
cp out parallel.sh
sh parallel.sh >out 2>err
got=$?
check "GNU parallel runs it: $(cat err)" [ $got = 0 ]
outcome "it's here/par.db" | cmp -s - all
check "and it comes to the same" [ $? = 0 ]
check "only the results are left" [ "$(ls "it's here")" = par.db ]
# The next time one shard fails; the time after that it alone is run again.
study 4 4ms, 2ms
"$lowtide" sweep study.yaml --parallel --shards 4 -j 2 -o "it's here/par.db" \
    >parallel.sh
mkdir "it's here/par.db.shard-2-of-4.db"
sh parallel.sh >out 2>err
check "a shard that fails fails it" [ $? != 0 ]
rmdir "it's here/par.db.shard-2-of-4.db"
sh parallel.sh >out 2>err
check "started again it is finished" [ $? = 0 ]
check "with all its runs, each once" [ "$(sqlite3 "it's here/par.db" "
    SELECT count(*) || ' ' || count(DISTINCT run_key) FROM study_run")" = "32 32" ]
status 0 sweep study.yaml --slurm --shards 4 -o par.db
check "the script for Slurm is a shell script" sh -n out

finish
