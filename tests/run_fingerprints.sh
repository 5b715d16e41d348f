#!/bin/sh
# The same scenario and seed give the same results, whoever watches.
#
#   tests/run_fingerprints.sh [FILE...]
#
# Without arguments: every file of scenarios/ and tests/pressure/. Each is run
# in processes of its own: twice as it is, with nothing recorded, with all
# recorded, with --log, and with --paranoid, and each must end with the same
# fingerprint, which is a hash over the rows that there are, or would be if all
# were recorded. The two plain runs must leave the same rows in every table, host
# times aside, and no two scenarios may have the same fingerprint. LOWTIDE names
# the program (default build/lowtide). Exit status 1 if one of it does not hold.
set -u

here=$(dirname "$0")
lowtide=${LOWTIDE:-$here/../build/lowtide}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

[ $# -gt 0 ] || set -- "$here"/../scenarios/*.yaml "$here"/pressure/*.yaml
nothing='--set record.ticks=false --set record.vmo_ticks=false
         --set record.events=false --set record.latency=false'
failed=0

complain() {
    echo "$name: $1" >&2
    failed=1
}

# run DB OPTION...: the run's fingerprint, which is also what --json prints.
run() {
    db=$work/$1.db
    shift
    rm -f "$db"
    printed=$("$lowtide" run --json -o "$db" "$@" "$file" |
        grep -o '"fingerprint": *"[^"]*"')
    stored=$(sqlite3 "$db" 'SELECT fingerprint FROM run')
    case $printed in
    *"\"$stored\"") echo "$stored" ;;
    *) echo "printed $printed, stored $stored" ;;
    esac
}

# All tables as text, without what depends on the host and the command line.
contents() {
    sqlite3 -bail "$work/$1.db" "UPDATE run SET started_at = '',
        finished_at = '', host_ns = 0, argv = '', writer_host = '',
        writer_pid = 0, writer_start = ''" '.dump' || echo "no rows of $1"
}

for file; do
    name=$(basename "$file" .yaml)
    first=$(run first)
    [ "${#first}" -ge 16 ] || complain "no fingerprint: '$first'"
    for how in again nothing everything log paranoid; do
        case $how in
        again) print=$(run again) ;;
        nothing) print=$(run nothing $nothing) ;;
        everything) print=$(run everything --set record.pages=true) ;;
        log) print=$(run log --log "$work/log") ;;
        paranoid) print=$(run paranoid --paranoid) ;;
        esac
        [ "$print" = "$first" ] || complain "$how: $print instead of $first"
    done
    for table in tick tick_list tick_vmo event latency; do
        [ "$(sqlite3 "$work/nothing.db" "SELECT count(*) FROM $table")" = 0 ] ||
            complain "rows of $table though nothing was to be recorded"
    done
    contents first >"$work/a"
    contents again >"$work/b"
    cmp -s "$work/a" "$work/b" || complain "two runs left different rows"
    echo "$first" >>"$work/prints"
    [ "$failed" = 0 ] && echo "$name: ok"
done
[ -z "$(sort "$work/prints" | uniq -d)" ] ||
    { echo "two scenarios have one fingerprint" >&2; failed=1; }
exit $failed
