#!/bin/sh
# Run the scenarios of scenarios/ and tests/scenarios/ and check what they expect.
#
#   tests/run_scenarios.sh [FILE...]
#
# LOWTIDE names the program (default build/lowtide); with PARANOID=1 every
# invariant is proved after every event of those that are small enough, which
# the stories with workloads are not. Each runs twice and must give the same
# fingerprint. Exit status 1 if one fails.
set -u

here=$(dirname "$0")
lowtide=${LOWTIDE:-$here/../build/lowtide}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

[ $# -gt 0 ] || set -- "$here"/../scenarios/*.yaml "$here"/scenarios/*.yaml
failed=0
for file in "$@"; do
    name=$(basename "$file" .yaml)
    flags=
    if [ "${PARANOID:-0}" = 1 ] &&
        { [ "${file#"$here"/scenarios/}" != "$file" ] ||
            ! grep -q '^workloads:' "$file"; }; then
        flags=--paranoid
    fi
    for n in 1 2; do
        if ! "$lowtide" run --quiet $flags --log "$work/$name.log" \
            -o "$work/$name.db" "$file"; then
            echo "$name: failed" >&2
            failed=1
        fi
    done
    prints=$(sqlite3 "$work/$name.db" \
        'SELECT count(DISTINCT fingerprint) FROM run')
    if [ "$prints" != 1 ]; then
        echo "$name: two runs, $prints fingerprints" >&2
        failed=1
    else
        echo "$name: ok"
    fi
done
exit $failed
