#!/bin/sh
# Run the scenarios of scenarios/ and tests/scenarios/ and check what they expect.
#
#   tests/run_scenarios.sh [FILE...]
#
# With PARANOID=1 every invariant is proved after every event of those that are
# small enough, which the stories with workloads are not. Each runs twice and must
# give the same fingerprint.
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- "$here"/../scenarios/*.yaml "$here"/scenarios/*.yaml
for file in "$@"; do
    name=$(basename "$file" .yaml)
    flags=
    if [ "${PARANOID:-0}" = 1 ] &&
        { [ "${file%tests/scenarios/*}" != "$file" ] ||
            ! grep -q '^workloads:' "$file"; }; then
        flags=--paranoid
    fi
    for run in first second; do
        check "$name: the $run run fails" "$lowtide" run --quiet $flags \
            --log "$work/$name.log" -o "$work/$name.db" "$file"
    done
    check "$name: two runs, not one fingerprint" [ "$(sqlite3 \
        "$work/$name.db" 'SELECT count(DISTINCT fingerprint) FROM run')" = 1 ]
done
finish
