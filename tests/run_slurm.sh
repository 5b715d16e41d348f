#!/bin/sh
# A parameter study on a real Slurm: two nodes on this machine's loopback
# address, one of which dies while its shard runs. In the end every run must be
# there exactly once, and be what one process makes of it.
#
#   tests/run_slurm.sh [KEEP]
#
# Wants root, slurm-wlm and munge; takes some five minutes, of which Slurm waits
# two before it runs a job again whose node died. Daemons get a configuration, a
# key and sockets of their own in a temporary folder, which is kept as KEEP if that
# is given. Exit status 2 if the test can't be run here.
. "$(dirname "$0")/lib.sh"
keep=${1:-}

cannot() {
    echo "slurm: can't be tested here: $*" >&2
    exit 2
}
[ "$(id -u)" = 0 ] || cannot "root is wanted"
for program in slurmctld slurmd munged sbatch scontrol setpriv sqlite3; do
    command -v $program >/dev/null ||
        cannot "$program is missing (apt-get install slurm-wlm munge)"
done
getent passwd munge >/dev/null || cannot "there is no user munge"

chmod 755 "$work"
# Everything that this test starts has this in its environment.
export LOWTIDE_SLURM_TEST="$work"
export SLURM_CONF="$work/slurm.conf"

# ours [NAME=VALUE]: our daemons and jobs, or those with that variable too.
ours() {
    grep -lzxF "LOWTIDE_SLURM_TEST=$work" /proc/[0-9]*/environ 2>/dev/null |
        xargs -r grep -lzxF "${1:-LOWTIDE_SLURM_TEST=$work}" 2>/dev/null |
        while IFS=/ read -r _ _ pid _; do
            read -r name 2>/dev/null <"/proc/$pid/comm" || continue
            case $name in
            slurmctld | slurmd | slurmstepd* | munged | slurm_script | lowtide)
                echo "$pid"
                ;;
            esac
        done
}
clean_up() {
    timeout 10 scancel --user=root >/dev/null 2>&1
    for pid in $(ours); do kill -KILL "$pid" 2>/dev/null; done
    wait 2>/dev/null
    [ -z "$keep" ] || cp -r "$work" "$keep"
    rm -rf "$work"
}

began=$(date +%s)
note() { printf '%4d s  %s\n' $(($(date +%s) - began)) "$*"; }

# --- the cluster --------------------------------------------------------------

host=$(hostname -s)
mkdir -p "$work/munge" "$work/state" "$work/spool.n1" "$work/spool.n2" "$work/log"
head -c 1024 /dev/urandom >"$work/munge/key"
chmod 600 "$work/munge/key"
chown -R munge: "$work/munge"
setpriv --reuid=munge --regid=munge --clear-groups "$(command -v munged)" \
    --foreground --force --socket="$work/munge/socket" \
    --key-file="$work/munge/key" --pid-file="$work/munge/pid" \
    --seed-file="$work/munge/seed" --log-file="$work/munge/log" \
    >"$work/log/munged" 2>&1 &
cat >"$SLURM_CONF" <<END
ClusterName=loop
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SrunPortRange=16820-16840
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool.%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/log/slurmctld
SlurmdLogFile=$work/log/slurmd.%n
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=1
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
MaxArraySize=9
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16918 CPUs=1 RealMemory=500 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16919 CPUs=1 RealMemory=500 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
END
until_true $$ [ -S "$work/munge/socket" ] ||
    cannot "munged does not start: $(cat "$work/log/munged" "$work/munge/log")"
slurmctld -D -i >"$work/log/slurmctld.out" 2>&1 &
for node in n1 n2; do
    slurmd -D -N $node >"$work/log/slurmd.$node.out" 2>&1 &
    slurmd=$! # n2's, in the end
done
are_idle() { [ "$(timeout 5 sinfo -h -o '%t %D')" = "idle 2" ]; }
until_true $$ are_idle ||
    cannot "Slurm does not start: $(tail -3 "$work"/log/*)"
note "two nodes are up"

# --- the study ------------------------------------------------------------------

cd "$work" || exit 2
cat >study.yaml <<END
version: 1
scenario: $here/study/churn.yaml
repetitions: 8
grid:
  policy: [zircon, lru, sieve]
  memory: [200p, 256p]
  workloads.read.think: 200us
  duration: 600s
END
"$lowtide" sweep study.yaml --slurm --shards 16 -o study.db >submit.sh || failed=1
sh submit.sh >submitted 2>&1
got=$?
check "the script submits: $(cat submitted)" [ $got = 0 ]
check "MaxArraySize is honoured: 8 shards, not 16" \
    grep -q 'job array [0-9]* of 8 shards' submitted
array=$(sed -n 's/.*job array \([0-9]*\).*/\1/p' submitted)
note "$(cat submitted)"

# A node dies when its shard has some runs, and one under way.
shard=
runs=0
node_works() {
    shard=$(squeue -h -r -t R -w n2 -o %K -j "$array")
    [ -n "$shard" ] || return 1
    runs=$("$lowtide" sweep study.yaml --list --shard "$shard/8" -o study.db |
        sed -n 's/.* \([0-9]*\) in shards.*/\1/p')
    [ "${runs:-0}" -ge 1 ] && [ "$runs" -le 4 ]
}
until_true $$ node_works
check "the second node has work, and has done some" [ $? = 0 ]
# All at once, and those first who could tell that the job has died. A step's
# daemon writes its title over its environment: it is the job's parent.
jobs=$(ours SLURMD_NODENAME=n2)
steps=$(for pid in $jobs; do
    parent=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
    grep -q slurmstepd "/proc/$parent/comm" 2>/dev/null && echo "$parent"
done)
check "the job has a parent" [ -n "$steps" ]
# shellcheck disable=SC2086 # lists
kill -KILL $slurmd $steps $jobs 2>/dev/null
killed=$(date +%s)
note "node n2 is killed with shard $shard on it, $runs of its 6 runs complete"
is_down() { sinfo -h -N -n n2 -o %t | grep -q down; }
until_true $$ is_down
check "Slurm finds out" [ $? = 0 ]
note "Slurm has found out"
was_restarted() {
    scontrol show job "${array}_$shard" | grep -q 'Restarts=1' &&
        scontrol show job "${array}_$shard" |
        grep -qE 'JobState=(RUNNING|COMPLETED)'
}
until_true $$ was_restarted
check "the shard is started again" [ $? = 0 ]
note "shard $shard is started again, $(($(date +%s) - killed)) s after the kill"
are_over() { [ -z "$(squeue -h)" ]; }
until_true $$ are_over
check "all jobs end" [ $? = 0 ]
note "all jobs are over"

# --- what it came to ------------------------------------------------------------

outcome() {
    sqlite3 "$1" "SELECT run_key, repetition, variables, seed, policy,
        memory_pages, status, fingerprint FROM run JOIN study_run USING (run_id)
        ORDER BY run_key"
}
check "the collected file is there" [ -e study.db ]
check "all 48 runs are in it, each once and complete" [ "$(sqlite3 study.db "
    SELECT count(*) || ' ' || count(DISTINCT run_key) || ' ' ||
    sum(status = 'ok') FROM run JOIN study_run USING (run_id)")" = "48 48 48" ]
check "no shard, folder or part is left" [ -z "$(find . -name 'study.db?*' \
    ! -name '*.log')" ]
check "no job has written an error" [ -z "$(grep -l '^lowtide' study.db*.log)" ]
kept=$(sed -n 's/^ *\([0-9]*\)  kept/\1/p' "study.db.slurm-${array}_$shard.log" |
    tail -1)
note "the second attempt of shard $shard kept ${kept:-no} runs"
check "the second attempt kept what the first one had" [ "${kept:-0}" -gt 0 ]
single=$(date +%s%N)
"$lowtide" sweep study.yaml -j 2 --quiet -o one.db
check "the same study by one process" [ $? = 0 ]
note "one process, -j 2: $((($(date +%s%N) - single) / 1000000)) ms"
outcome study.db >many
outcome one.db >one
check "is the same, run by run" cmp -s many one

finish
