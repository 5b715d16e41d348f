#!/bin/sh
# Figures, from the command line: every kind in every format comes out whole and
# twice the same, kept scripts draw the same figure, what can't be drawn is
# refused with a reason and nothing written, and long runs are drawn in time.
#
#   tests/run_plots.sh
. "$(dirname "$0")/lib.sh"
scenario=$here/study/churn.yaml
made=$work/made
mkdir "$made"

# refused TEXT ARGUMENT...: bad input, one line that says TEXT, nothing written.
refused() {
    text=$1
    shift
    bad_input "$text" plot "$@"
    check "$*: one line" [ "$(wc -l <"$work/err")" = 1 ]
    check "$*: nothing is written" [ -z "$(ls -A "$made")" ]
}

# whole FILE: a figure of its format, to its end.
whole() {
    case $1 in
    *.svg) xmllint --noout "$1" ;;
    *.png) [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] &&
        tail -c 8 "$1" | head -c 4 | grep -q IEND ;;
    *.pdf) pdfinfo "$1" >/dev/null ;;
    esac
}

# --- every kind, every format ---------------------------------------------------

db=$work/runs.db
for policy in zircon lru; do
    "$lowtide" run --quiet -o "$db" --policy $policy --memory 300p \
        --set record.pages=true "$scenario" >/dev/null || exit 2
done
"$lowtide" compare --quiet -o "$work/compare.db" --policies zircon,lru,fifo \
    --memory 300p,400p --seeds 3 "$scenario" || exit 2
awk 'BEGIN { for (i = 0; i < 20000; i++) print i * i % 997 % (i % 300 + 1) }' \
    >"$work/trace.txt"
"$lowtide" replay --json -o "$work/mrc.db" --format text --policy lru,fifo,arc \
    --memory 4p,16p,32p,64p,256p "$work/trace.txt" >/dev/null || exit 2

file_of() {
    case $1 in
    compare | mrc) echo "$work/$1.db" ;;
    *) echo "$db" ;;
    esac
}

kinds="pressure queues attribution process faults residency latency compare mrc"
check "these are all kinds there are" [ "$("$lowtide" plot --help |
    sed -n '/--kind KIND/,/--metric/s/^ \{20,\}\([a-z]*\)  .*/\1/p' |
    tr '\n' ' ')" = "$kinds " ]
for kind in $kinds; do
    for type in svg png pdf; do
        status 0 plot "$(file_of $kind)" --kind $kind -o "$work/a-$kind.$type"
        check "$kind.$type is whole" whole "$work/a-$kind.$type"
    done
done
for kind in $kinds; do
    for type in svg png pdf; do
        status 0 plot "$(file_of $kind)" --kind $kind -o "$work/b-$kind.$type"
        check "$kind.$type is the same again" \
            cmp -s "$work/a-$kind.$type" "$work/b-$kind.$type"
    done
    # as text in the figure: units on every axis
    check "$kind has a unit" grep -qE '\((s|MiB|1/s|%|misses)|count|share' \
        "$work/a-$kind.svg"
    # a kept script draws it again, by itself and anywhere
    mkdir "$work/kept"
    status 0 plot "$(file_of $kind)" --kind $kind --keep -o "$work/kept/f.svg"
    check "$kind: three files are kept" \
        [ "$(ls "$work/kept" | tr '\n' ' ')" = "f.dat f.gp f.svg " ]
    mv "$work/kept/f.svg" "$work/first.svg"
    (cd "$work/kept" && gnuplot f.gp) >/dev/null 2>&1
    check "$kind: the script draws the same" \
        cmp -s "$work/kept/f.svg" "$work/first.svg"
    rm -r "$work/kept"
done

status 0 plot "$db" --run 2 --json -o "$work/a.svg"
check "JSON names what was drawn" prints '"kind": "pressure", "runs": [2]'
status 0 plot "$work/compare.db" --kind compare --metric refaults \
    --metric vm.pmm.alloc.failed --baseline lru -o "$work/a.svg"
check "the baseline is named" grep -q 'baseline lru' "$work/a.svg"
status 0 plot "$db" --kind residency --vmo "$(sqlite3 "$db" "
    SELECT name FROM vmo JOIN page_event USING (run_id, vmo_id) LIMIT 1")" \
    -o "$work/a.svg"
check "without page events there are VMOs" "$lowtide" plot --quiet \
    "$work/mrc.db" --run 1 --kind residency -o "$work/a.svg"
check "and the key that is missing is named" \
    grep -q 'record.pages: true' "$work/a.svg"

# --- what can't be drawn --------------------------------------------------------

new=$made/new.svg
cp "$db" "$work/empty.db"
sqlite3 "$work/empty.db" 'PRAGMA foreign_keys = ON; DELETE FROM run'
for kind in $kinds; do
    refused "holds no runs; lowtide run SCENARIO -o" "$work/empty.db" \
        --kind $kind -o "$new"
done
sqlite3 "$work/foreign.db" 'CREATE TABLE run (run_id INTEGER, name TEXT)'
echo "no database" >"$work/text.db"
refused "not a lowtide results file" "$work/foreign.db" -o "$new"
refused "not a lowtide results file" "$work/text.db" -o "$new"
refused "no such file" "$work/missing.db" -o "$new"
for version in 0 2; do
    cp "$db" "$work/version.db"
    sqlite3 "$work/version.db" "PRAGMA user_version = $version"
    refused "format $version" "$work/version.db" -o "$new"
done
cp "$db" "$work/bare.db"
sqlite3 "$work/bare.db" 'DELETE FROM tick; DELETE FROM tick_vmo;
    DELETE FROM tick_list; DELETE FROM latency; DELETE FROM page_event'
for kind in pressure queues faults; do
    refused "record.ticks: true" "$work/bare.db" --kind $kind -o "$new"
done
for kind in attribution process; do
    refused "record.vmo_ticks: true" "$work/bare.db" --kind $kind -o "$new"
done
refused "record.pages: true" "$work/bare.db" --kind residency -o "$new"
refused "record.latency: true" "$work/bare.db" --kind latency -o "$new"
refused "no VMO 'nobody'" "$db" --kind residency --vmo nobody -o "$new"
refused "there are: pressure" "$db" --kind nosuch -o "$new"
refused "--vmo is for --kind residency" "$db" --vmo x -o "$new"
refused "--metric is for --kind compare" "$db" --metric x -o "$new"
refused "--metric 'nosuch'" "$db" --kind compare --metric nosuch -o "$new"
refused "--baseline 'nosuch'" "$db" --kind compare --baseline nosuch -o "$new"
refused "no run 'nobody'" "$db" --run nobody -o "$new"
refused "at most 12 runs" "$work/mrc.db" --kind pressure -o "$new"
refused ".svg, .png or .pdf" "$db" -o "$made/new.gif"
refused "-o FILE is wanted" "$db"

# --- the host ---------------------------------------------------------------------

cp "$work/a-queues.svg" "$made/old.svg"
(
    PATH=$work/nowhere
    exec "$lowtide" plot "$db" --kind queues -o "$made/old.svg"
) >"$work/out" 2>"$work/err"
check "a missing gnuplot is exit status 3" [ $? = 3 ]
check "and the package is named" grep -q 'install gnuplot-nox' "$work/err"
check "the old figure is untouched" cmp -s "$work/a-queues.svg" "$made/old.svg"
check "and nothing is beside it" [ "$(ls -A "$made")" = old.svg ]
mkdir "$work/bin"
printf '#!/bin/sh\necho half >old.svg\nexit 1\n' >"$work/bin/gnuplot"
chmod +x "$work/bin/gnuplot"
PATH=$work/bin:$PATH "$lowtide" plot "$db" --kind queues -o "$made/old.svg" \
    >"$work/out" 2>"$work/err"
check "a failing gnuplot is exit status 3" [ $? = 3 ]
check "the old figure is still whole" cmp -s "$work/a-queues.svg" "$made/old.svg"
check "and nothing is left" [ "$(ls -A "$made")" = old.svg ]

# It works until it is ended, and says who it is.
cat >"$work/bin/gnuplot" <<END
#!/bin/sh
echo half >old.svg
echo \$\$ >"$work/gnuplot.pid"
exec sleep 900
END
for signal in INT TERM HUP; do
    rm -f "$work/gnuplot.pid"
    PATH=$work/bin:$PATH "$lowtide" plot "$db" --kind queues \
        -o "$made/old.svg" >"$work/out" 2>"$work/err" &
    plot=$!
    check "gnuplot works" until_true $plot [ -s "$work/gnuplot.pid" ]
    kill -$signal $plot
    wait $plot
    got=$?
    check "SIG$signal: exit status $got, not 130" [ $got = 130 ]
    check "SIG$signal: it is said" says "lowtide plot: interrupted"
    check "SIG$signal: gnuplot is ended" \
        [ ! -e "/proc/$(cat "$work/gnuplot.pid")" ]
    check "SIG$signal: the old figure is still whole" \
        cmp -s "$work/a-queues.svg" "$made/old.svg"
    check "SIG$signal: nothing is left" [ "$(ls -A "$made")" = old.svg ]
done

# --- long runs --------------------------------------------------------------------

check "200,000 ticks are drawn in time" "$here/run_plot_rows.sh" 200000

finish
