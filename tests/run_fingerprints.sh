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
# times aside, and no two scenarios may have the same fingerprint.
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- "$here"/../scenarios/*.yaml "$here"/pressure/*.yaml
nothing='--set record.ticks=false --set record.vmo_ticks=false
         --set record.events=false --set record.latency=false'

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
    check "$name: no fingerprint: '$first'" [ "${#first}" -ge 16 ]
    for how in again nothing everything log paranoid; do
        case $how in
        again) print=$(run again) ;;
        nothing) print=$(run nothing $nothing) ;;
        everything) print=$(run everything --set record.pages=true) ;;
        log) print=$(run log --log "$work/log") ;;
        paranoid) print=$(run paranoid --paranoid) ;;
        esac
        check "$name, $how: $print instead of $first" [ "$print" = "$first" ]
    done
    for table in tick tick_list tick_vmo event latency; do
        check "$name: rows of $table though nothing was to be recorded" \
            [ "$(sqlite3 "$work/nothing.db" "SELECT count(*) FROM $table")" = 0 ]
    done
    contents first >"$work/a"
    contents again >"$work/b"
    check "$name: two runs left different rows" cmp -s "$work/a" "$work/b"
    echo "$first" >>"$work/prints"
done
check "two scenarios have one fingerprint" \
    [ -z "$(sort "$work/prints" | uniq -d)" ]
finish
