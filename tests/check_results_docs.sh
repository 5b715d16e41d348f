#!/bin/bash
# Do docs/RESULTS.md and docs/POLICIES.md say what there is, all of it and no
# more?
#
#   tests/check_results_docs.sh [PAGE OF RESULTS [PAGE OF POLICIES]]
#
# A name is said if it is in backquotes in the section that its heading names:
#
#   ### `tick`    a table, a view, a policy
#   ## Counters   the dictionary's counters; process.NAME.* stand for all
#
# Of tables and views each column has to be said, of policies each parameter
# with its default (`bits=1`). What stands in the first column of a section's
# table has to exist. Each block ```sql runs on what the demo's scenario leaves,
# and gives a row. LOWTIDE names the program (default build/lowtide). Prints what
# is wrong; exit status 1 if anything is.
. "$(dirname "$0")/lib.sh"
export LC_ALL=C

results=${1:-$here/../docs/RESULTS.md}
policies=${2:-$here/../docs/POLICIES.md}

# said FILE WHERE: lines `section<tab>name`, section being the first name of the
# heading. WHERE is all, or cell: the first column of tables alone.
said() {
    awk -v where="$2" '
        /^```/ { is_code = !is_code; next }
        is_code { next }
        /^#/ {
            section = $0
            gsub(/^#+ *`?|`.*/, "", section)
            if (where == "all" && /`/)
                print section "\t"
        }
        where == "cell" && !/^[|]/ { next }
        where == "cell" { sub(/^[|] */, ""); sub(/[|].*/, "") }
        !/^#/ { # a span may go on in the next line
            text = open $0; open = ""
            while (match(text, /`[^`]*`/)) {
                print section "\t" substr(text, RSTART + 1, RLENGTH - 2)
                text = substr(text, RSTART + RLENGTH)
            }
            if (where == "all" && (at = index(text, "`")))
                open = substr(text, at) " "
        }' "$1" | sort -u
}

# compare FILE WANTED: both ways.
compare() {
    sort -u "$2" >"$work/wanted"
    said "$1" all >"$work/said"
    said "$1" cell >"$work/cells"
    [ -s "$work/wanted" ] || complain "$1: nothing to look for"
    while IFS=$'\t' read -r section name; do
        complain "$1: ${section:-?}: ${name:-has no section}${name:+ is not said}"
    done < <(comm -23 "$work/wanted" "$work/said")
    while IFS=$'\t' read -r section name; do
        complain "$1: $section: there is no $name"
    done < <(cut -f 1 "$work/wanted" | sort -u |
        join -t "$(printf '\t')" - "$work/cells" | comm -23 - "$work/wanted")
    names=$((${names:-0} + $(wc -l <"$work/wanted")))
}

# --- the results file ----------------------------------------------------------

db=$work/results.db
for policy in zircon lru; do
    "$lowtide" run "$here/../scenarios/first-pressure.yaml" --quiet -o "$db" \
        --policy "$policy" --set record.pages=true || exit 2
done

relations="SELECT s.name AS place, c.name FROM sqlite_schema s
           JOIN pragma_table_info(s.name) c WHERE s.type IN ('table', 'view')"
sqlite3 -separator "$(printf '\t')" "$db" "
    $relations;
    SELECT DISTINCT place, '' FROM ($relations);
    SELECT 'Counters', column_name FROM metric
    WHERE (table_name, column_name) NOT IN ($relations)" |
    sed -E 's/process\..*\.(stall_)/process.NAME.\1/' >"$work/columns"
compare "$results" "$work/columns"

# Lines `number query`, a query being one line.
awk '/^```sql$/ { inside = 1; first = NR + 1; text = ""; next }
     /^```$/ { if (inside) print first, text; inside = 0 }
     inside { text = text " " $0 }' "$results" >"$work/queries"
[ -s "$work/queries" ] || complain "$results: no queries"
while read -r line query; do
    rows=$(sqlite3 -bail -readonly "$db" "$query" 2>"$work/error" </dev/null |
        wc -l)
    [ ! -s "$work/error" ] || complain "$results:$line: $(cat "$work/error")"
    [ "$rows" -gt 0 ] || complain "$results:$line: gives no rows"
done <"$work/queries"

# --- policies -------------------------------------------------------------------

"$lowtide" policies >"$work/list" || exit 2
# shellcheck disable=SC2046 # names have no blanks
"$lowtide" policies $(awk '{ print $1 }' "$work/list") >"$work/policies" || exit 2
awk -v OFS='\t' '/^[^ ]/ { policy = $1; print policy, "" }
                 /^  [a-z_]+=/ { print policy, $1 }' "$work/policies" >"$work/params"
compare "$policies" "$work/params"

[ "$failed" = 0 ] && echo "pages of results and policies: $names names," \
    "$(wc -l <"$work/queries") queries"
exit "$failed"
