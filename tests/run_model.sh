#!/bin/sh
# What the model test writes, and whether it would notice anything.
#
#   LOWTIDE=PROGRAM tests/run_model.sh MODEL DIRECTORY
#
# 1. Programs that the model test has run are scenarios that the simulator runs
#    to the same statuses and the same end.
# 2. With a rule of the model broken a difference is found, shrunk to a few
#    steps and written; the simulator contradicts what that scenario expects.
set -u

model=$1
dir=$2
lowtide=${LOWTIDE:-build/lowtide}
yaml=$dir/model.yaml
results=$dir/model.db

fail()
{
    echo "tests/run_model.sh: $1" >&2
    exit 1
}

run()
{
    "$lowtide" run --quiet --log /dev/null -o "$results" "$yaml"
}

seed=1
while [ "$seed" -le 60 ]; do
    "$model" --ops 300 --seeds 1 --seed "$seed" --write "$yaml" >/dev/null ||
        fail "seed $seed"
    run || fail "seed $seed: the simulator differs, see $yaml"
    seed=$((seed + 1))
done

"$model" --sabotage --ops 20000 --yaml "$yaml" || fail "sabotage is not found"
run >/dev/null 2>&1
[ $? -eq 1 ] || fail "the scenario that was written shows no difference"
rm -f "$yaml" "$results"
echo "model: 60 programs run alike in the simulator; sabotage is found"
