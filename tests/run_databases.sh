#!/bin/sh
# Results files that are none of ours: every command that reads or writes one
# says in a line what is wrong, ends with 2, and leaves the file as it was.
#
#   tests/run_databases.sh
#
# Two tables: what a file may be, and what may be done with one.
. "$(dirname "$0")/lib.sh"

cat >"$work/tiny.yaml" <<'END'
version: 1
duration: 10ms
vmos: [{vmo: a, size: 4p, prefill: all}]
END
seq 1 50 >"$work/trace.txt"
tiny=$work/tiny.yaml
"$lowtide" run "$tiny" -o "$work/good.db" --quiet || complain "no results file"

# --- what a file may be: NAME, then what is said of it --------------------------

mkdir "$work/files"
of() { echo "$work/files/$1"; }
cp "$work/good.db" "$(of older)"
sqlite3 "$(of older)" 'PRAGMA user_version = 0'
cp "$work/good.db" "$(of newer)"
sqlite3 "$(of newer)" 'PRAGMA user_version = 2'
sqlite3 "$(of foreign)" 'CREATE TABLE run(run_id); INSERT INTO run VALUES (7)'
echo "not a database, and longer than the header of an SQLite file has to be, \
which is a hundred bytes" >"$(of text)"
head -c 60 "$work/good.db" >"$(of cut-header)"
mkdir "$(of directory)"
cat >"$work/kinds" <<'END'
older results of format 0
newer results of format 2
foreign not a lowtide results file
text not a lowtide results file
cut-header not a lowtide results file
directory not a regular file
END

# --- what may be done with one: DB is the file ----------------------------------

cat >"$work/writers" <<END
run $tiny -o DB
compare $tiny --policies lru --seeds 1 -o DB
budget $tiny --until accesses>=0 --seeds 1 -o DB
replay $work/trace.txt --policy lru --memory 10p -o DB
END
cat >"$work/readers" <<END
list DB
plot DB -o $work/made.svg
explain DB --vmo a --page 0
explain DB --first-difference 1 1
export DB --perfetto $work/made.svg
export DB --csv $work/made.svg
merge $work/made.svg DB
merge $work/made.svg $work/good.db DB
END

# What the file looks like, in full.
picture() {
    [ ! -d "$1" ] || ls -la "$1"
    [ ! -f "$1" ] || cksum <"$1"
    ls "$work/files"
}

# act FILE COMMAND...: run it with DB replaced; sets $got.
act() {
    database=$1
    shift
    arguments=$(echo "$*" | sed "s|DB|$database|g")
    rm -rf "$work/made.svg"
    "$lowtide" $arguments >"$work/out" 2>"$work/err" </dev/null
    got=$?
    checks=$((checks + 1))
}
# refused FILE SAYING COMMAND...
refused() {
    what="$3 ... with $(basename "$1")"
    saying=$2
    before=$(picture "$1")
    file=$1
    shift 2
    act "$file" "$@"
    [ "$got" = 2 ] || complain "$what: exit status $got: $(cat "$work/err")"
    says "$saying" ||
        complain "$what: '$saying' is not said: $(cat "$work/err")"
    [ "$(wc -l <"$work/err")" = 1 ] ||
        complain "$what: more than a line: $(cat "$work/err")"
    [ -s "$work/out" ] && complain "$what: prints $(cat "$work/out")"
    [ "$(picture "$file")" = "$before" ] || complain "$what: it was touched"
    [ -e "$work/made.svg" ] && complain "$what: something was made of it"
}

while read -r kind saying; do
    while read -r command; do
        refused "$(of "$kind")" "$saying" $command
    done <<END
$(cat "$work/writers" "$work/readers")
END
done <"$work/kinds"

# --- no file, an empty one, one without runs ------------------------------------

while read -r command; do
    refused "$(of missing)" "no such file" $command
    : >"$(of empty)"
    refused "$(of empty)" "empty, not a results file" $command
done <"$work/readers"

# An empty file and a missing one become results.
while read -r command; do
    for kind in empty missing; do
        rm -f "$(of $kind)"
        [ $kind = missing ] || : >"$(of empty)"
        act "$(of $kind)" $command
        [ "$got" = 0 ] || complain "$command: exit status $got with $kind:
            $(cat "$work/err")"
        [ "$(sqlite3 "$(of $kind)" 'PRAGMA application_id;
            SELECT count(*) > 0 FROM run' | tr '\n' ' ')" = "1280592196 1 " ] ||
            complain "$command: $kind does not become a results file"
    done
done <"$work/writers"

cp "$work/good.db" "$(of no-runs)"
sqlite3 "$(of no-runs)" 'PRAGMA foreign_keys = ON; DELETE FROM run'
while read -r command; do
    case $command in
    list*)
        act "$(of no-runs)" $command
        [ "$got" = 0 ] || complain "list: exit status $got without runs"
        says "holds no runs" || complain "list: says nothing"
        ;;
    merge*)
        act "$(of no-runs)" $command
        [ "$got" = 0 ] || complain "$command: exit status $got without runs"
        ;;
    *first-difference*)
        refused "$(of no-runs)" "no run has the id or name '1'" $command
        ;;
    *)
        refused "$(of no-runs)" "no runs" $command
        ;;
    esac
done <"$work/readers"

# merge makes a new file, whatever is there.
refused "$work/good.db" "is there already" merge DB "$work/files/no-runs"
[ "$(sqlite3 "$work/good.db" 'SELECT count(*) FROM run')" = 1 ] ||
    complain "merge touches what is there"

finish
