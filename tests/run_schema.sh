#!/bin/sh
# The schemas: is every scenario there is valid by `lowtide schema`, does it
# refuse what `lowtide check` refuses, and do outputs keep to theirs?
#
#   tests/run_schema.sh
#
# Validation is done by python3-jsonschema, as Debian has it.
. "$(dirname "$0")/lib.sh"

cat >"$work/validate.py" <<'END'
"""validate.py SCHEMA FILE...: a line 'valid|invalid FILE: why' for each."""
import json, sys, yaml
from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
for path in sys.argv[2:]:
    with open(path) as file:
        content = yaml.load(file, loader)
    error = next(validator.iter_errors(content), None)
    print("valid" if error is None else "invalid", path + ":",
          "" if error is None else
          "%s at %s" % (error.message[:200], list(error.absolute_path)))
END
validate() { python3 "$work/validate.py" "$@" || complain "can't validate $1"; }

"$lowtide" schema >"$work/scenario.json" || complain "there is no schema"

# --- every scenario there is --------------------------------------------------

find "$here/../scenarios" "$here/conformance" "$here/scenarios" \
    "$here/pressure" "$here/study" "$here/data/scenario" -name '*.yaml' \
    -not -path '*/scenarios/studies/*' |
    sort >"$work/files"
validate "$work/scenario.json" $(cat "$work/files") >"$work/out"
wanted=$(wc -l <"$work/files")
[ "$wanted" -gt 300 ] || complain "only $wanted scenarios were found"
[ "$(grep -c '^valid' "$work/out")" = "$wanted" ] ||
    complain "not all are valid: $(grep '^invalid' "$work/out" | head -3)"
checks=$((checks + wanted))

# --- one mistake each: both refuse it -----------------------------------------

# A name, and a scenario in one line; each has what is wrong in its name.
cat >"$work/bad" <<'END'
unknown-key {version: 1, sed: 2}
no-version {name: x}
other-version {version: 2}
nested-unknown-key {version: 1, machine: {memry: 4p}}
size-without-unit {version: 1, machine: {memory: 4}}
size-with-wrong-unit {version: 1, machine: {memory: 4KB}}
list-for-mapping {version: 1, machine: [1]}
mapping-for-list {version: 1, vmos: {vmo: a, size: 1p}}
text-for-count {version: 1, machine: {cores: many}}
count-too-small {version: 1, machine: {cores: 0}}
count-too-large {version: 1, reclaim: {discardable_percent: 101}}
yes-for-true {version: 1, reclaim: {eviction: "yes"}}
no-such-word {version: 1, reclaim: {on_oom: die}}
duration-without-unit {version: 1, duration: 5}
endless-cost {version: 1, machine: {costs: {access: inf}}}
rate-without-unit {version: 1, reclaim: {zero_scans: 20000}}
no-parameter {version: 1, reclaim: {params: [k]}}
name-of-digits {version: 1, processes: [{name: "1st"}]}
missing-key {version: 1, vmos: [{size: 1p}]}
share-above-one {version: 1, vmos: [{vmo: a, size: 1p, compressibility: 1.5}]}
no-operation {version: 1, events: [{at: 1s}]}
two-operations {version: 1, events: [{rotate: {}, harvest: {}}]}
backwards-word {version: 1, events: [{at: soon, rotate: {}}]}
unknown-operation {version: 1, events: [{rotat: {}}]}
operation-without-vmo {version: 1, events: [{read: {pages: 1}}]}
range-of-text {version: 1, vmos: [{vmo: a, size: 1p}], events: [{read: {vmo: a, pages: 1-2}}]}
no-such-status {version: 1, events: [{rotate: {}, status: FINE}]}
machine-key-of-vmo {version: 1, vmos: [{vmo: a, size: 1p}], events: [{expect: {vmo: a, free: 3}}]}
vmo-key-of-machine {version: 1, events: [{expect: {committed: 3}}]}
key-of-another-pattern {version: 1, vmos: [{vmo: a, size: 1p}], workloads: [{name: w, vmo: a, pattern: {kind: loop, alpha: 1}}]}
pattern-lacks-phases {version: 1, vmos: [{vmo: a, size: 1p}], workloads: [{name: w, vmo: a, pattern: {kind: phases}}]}
key-of-another-distribution {version: 1, vmos: [{vmo: a, size: 1p}], workloads: [{name: w, vmo: a, think: {mean: 1ms, alpha: 2}, pattern: {kind: loop}}]}
dirty-range-of-text {version: 1, vmos: [{vmo: a, size: 1p}], events: [{expect: {vmo: a, dirty_ranges: [all]}}]}
run-number-outside {version: 1, vmos: [{vmo: "a{n}", size: 1p}]}
END
# What may look odd, but both accept.
cat >"$work/good" <<'END'
quoted-numbers {version: "1", seed: "7", machine: {cores: "2"}}
plain-texts {version: 1, name: 5, description: true, duration: 0}
nothing-for-a-mapping {version: 1, events: [{rotate: }, {harvest: }]}
constant-distribution {version: 1, pagers: [{name: p, read_latency: 1ms}]}
default-distribution {version: 1, pagers: [{name: p, read_latency: {mean: 1ms}}]}
run-number {version: 1, events: [{every: 1ms, times: 3, create: {vmo: "a{n}", size: 1p, compressibility: "0.{n}"}}]}
prefixed-status {version: 1, vmos: [{vmo: a, size: 1p}], events: [{resize: {vmo: a, size: 2p}, status: ZX_ERR_UNAVAILABLE}]}
any-error {version: 1, vmos: [{vmo: a, size: 1p}], events: [{resize: {vmo: a, size: 2p}, status: ERROR}]}
END
for kind in bad good; do
    mkdir "$work/$kind.d"
    while read -r name text; do
        echo "$text" >"$work/$kind.d/$name.yaml"
    done <"$work/$kind"
    for file in "$work/$kind.d"/*.yaml; do
        "$lowtide" check "$file" >"$work/out" 2>&1
        case $kind$? in
        bad2 | good0) ;;
        *) complain "check finds $(basename "$file") not $kind: $(cat "$work/out")" ;;
        esac
    done
    validate "$work/scenario.json" "$work/$kind.d"/*.yaml >"$work/$kind.out"
    checks=$((checks + 2 * $(wc -l <"$work/$kind")))
done
grep '^valid' "$work/bad.out" && complain "these should not be valid"
grep '^invalid' "$work/good.out" && complain "these should be valid"
[ "$(cat "$work/bad.out" "$work/good.out" | wc -l)" = \
    "$(cat "$work/bad" "$work/good" | wc -l)" ] || complain "some were left out"

# --- outputs ------------------------------------------------------------------

# output COMMAND ARGUMENT...: what it prints, against its schema, and again with
# its first field taken away.
output() {
    command=$1
    case $* in *--first-difference*) command=first-difference ;; esac
    "$lowtide" schema --output "$command" >"$work/schema.json" ||
        complain "no schema of $command"
    "$lowtide" "$@" --json >"$work/out.json" 2>"$work/err" ||
        complain "$*: $(cat "$work/err")"
    jq -e 'length > 0' "$work/out.json" >/dev/null ||
        complain "$* prints no array of objects"
    jq '(.[0] | keys_unsorted[0]) as $first | del(.[0][$first])' \
        "$work/out.json" >"$work/less.json"
    validate "$work/schema.json" "$work/out.json" "$work/less.json" >"$work/out"
    sed -n 1p "$work/out" | grep -q '^valid' || complain "$*: $(cat "$work/out")"
    sed -n 2p "$work/out" | grep -q '^invalid' ||
        complain "$*: a field may be missing"
    checks=$((checks + 2))
}
churn=$here/study/churn.yaml
seq 1 50 >"$work/trace.txt"
output run "$churn" -o "$work/run.db" --set duration=1s --set record.pages=true
output list "$work/run.db"
output explain "$work/run.db" --vmo file --page 0
output explain "$work/run.db" --first-difference 1 1
output replay "$work/trace.txt" --policy lru,fifo --memory 10p
output compare "$churn" --policies lru,fifo --seeds 2 -o "$work/compare.db"
output budget "$churn" --until 'accesses > 0' --seeds 1 -o "$work/budget.db"
"$lowtide" schema --output nothing >"$work/out" 2>"$work/err"
[ $? = 2 ] || complain "an unknown output is no bad usage"
grep -q "'nothing' is none of run" "$work/err" || complain "nor said to be one"

finish
