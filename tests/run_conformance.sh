#!/bin/sh
# Run every conformance scenario and count those that end with status 0.
#
#   tests/run_conformance.sh [FOLDER...]
#
# Without arguments all folders. LOWTIDE names the program (default
# build/lowtide), LOWTIDE_CONFORMANCE the directory that holds the folders
# (default: conformance beside this script), JOBS how many run at once.
# Prints `FOLDER: N of M` and the names that failed; with VERBOSE=1 also what
# each of those said. Exit status 1 if any failed, 2 if nothing could be run.
set -u

here=$(dirname "$0")
lowtide=${LOWTIDE:-$here/../build/lowtide}
cases=${LOWTIDE_CONFORMANCE:-$here/conformance}
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}

if [ ! -x "$lowtide" ]; then
    echo "$0: no program at $lowtide" >&2
    exit 2
fi
if [ $# -eq 0 ]; then
    for folder in "$cases"/*/; do
        folder=${folder%/}
        set -- "$@" "${folder##*/}"
    done
fi

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# One scenario: its output in OUT/NAME.log, its exit status in OUT/NAME.rc.
run_one='
lowtide=$1 out=$2 file=$3
name=${file##*/} name=${name%.yaml}
timeout 60 "$lowtide" run --quiet -o "$out/$name.db" "$file" \
    >"$out/$name.log" 2>&1
echo $? >"$out/$name.rc"
rm -f "$out/$name.db" "$out/$name.db-wal" "$out/$name.db-shm"
'

passed=0
failed=0
for folder in "$@"; do
    out=$work/$folder
    mkdir -p "$out"
    total=0
    good=0
    bad=
    if ! ls "$cases/$folder"/*.yaml >/dev/null 2>&1; then
        echo "$0: no scenarios in $cases/$folder" >&2
        exit 2
    fi
    printf '%s\n' "$cases/$folder"/*.yaml |
        xargs -P "$jobs" -n 1 sh -c "$run_one" sh "$lowtide" "$out"
    for file in "$cases/$folder"/*.yaml; do
        name=${file##*/}
        name=${name%.yaml}
        total=$((total + 1))
        status=$(cat "$out/$name.rc" 2>/dev/null || echo none)
        if [ "$status" = 0 ]; then
            good=$((good + 1))
            continue
        fi
        bad="$bad
    $name (status $status)"
        if [ "${VERBOSE:-0}" = 1 ]; then
            bad="$bad
$(sed 's/^/        /' "$out/$name.log")"
        fi
    done
    echo "$folder: $good of $total$bad"
    passed=$((passed + good))
    failed=$((failed + total - good))
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
