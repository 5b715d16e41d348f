#!/bin/sh
# Is docs/SCENARIOS.md, the reference of the scenario language, complete and
# true?
#
#   tests/check_scenario_docs.sh
#
# LOWTIDE names the program (default build/lowtide), whose `schema` says which
# keys there are. The page's tables of keys have a comment above them that names
# the schema's definitions, or says that the rows are operations:
#
#   <!-- keys: machine -->
#   | key | value | default | meaning |
#   | `cores` | count | `4` | ... |
#   | `costs.access` | duration | `4ns` | ... |     (of the definition `costs`)
#
#   <!-- operations -->
#   | operation | fields | does |
#   | `lookup` | `vmo` `page` `fault`? | ... `none`, `software`, `hardware` |
#
# Keys, fields, what is required and the defaults are the schema's, in both
# directions; the words that a key accepts stand in its row, those that several
# rows share and statuses anywhere, in backquotes. Prints what is wrong; exit
# status 1 if anything is.
. "$(dirname "$0")/lib.sh"

cd "$(dirname "$0")/.." || exit 2
page=docs/SCENARIOS.md

if ! "$lowtide" schema >"$work/schema.json"; then
    echo "$0: no schema from $lowtide" >&2
    exit 2
fi

# --- what the schema says -----------------------------------------------------

# Lines `key<tab>DEFINITION.KEY<tab>STATE`, STATE being `required`, the default
# or `-`, of an operation's field `required` or `optional`; `key<tab>OPERATION<tab>
# operation`; `word<tab>DEFINITION.KEY<tab>WORD`.
cat >"$work/facts.jq" <<'END'
# The mapping, where a plain value may stand for it, too.
def mapping: if .properties then . else (.anyOf // [])[] | select(.properties) end;
def name_of: (."$ref" // "") | sub(".*/"; "");
def words: [.. | .enum? // empty | .[] | strings] | unique[];
def default: if has("default") then .default | tojson | gsub("[\" ]"; "") else "" end
    | if . == "" then "-" else . end;

."$defs" as $defs
| ($defs.events.properties
   | with_entries(select($defs[.value | name_of] | .properties? or .additionalProperties? == false))
  ) as $operations
# Those of `queue` and `evicted` are words of several rows.
| (["queue", "evicted"] + ($operations | map(name_of)) - ["expect"]) as $no_tables
| ($operations | keys[] | ["key", ., "operation"]),
  (($operations | del(.expect) | to_entries[]
    | {name: .key, of: $defs[.value | name_of], is_operation: true}),
   ($defs | to_entries[] | select(.key | IN($no_tables[]) | not)
    | {name: .key, of: .value, is_operation: false})
   | . as {$name, $of, $is_operation}
   | $of | mapping | . as $mapping
   | .properties // {} | to_entries[]
   | select($name != "events" or ($operations[.key] | not))
   | "\($name).\(.key)" as $key
   | ["key", $key, if .key | IN(($mapping.required // [])[]) then "required"
                   elif $is_operation then "optional" else .value | default end],
     (.value | words | ["word", $key, .]))
| @tsv
END
cat >"$work/anywhere.jq" <<'END'
."$defs" | (.queue, .evicted | .properties | keys[]),
    (.status_match.anyOf[0].pattern | scan("(?<=[(|])[A-Z][A-Z_]*[A-Z](?=[|)])"))
END
jq -r -f "$work/facts.jq" "$work/schema.json" >"$work/facts" &&
    jq -r -f "$work/anywhere.jq" "$work/schema.json" >"$work/anywhere" || exit 2

# --- what the page says -------------------------------------------------------

# The same lines; words are all that a row has in backquotes.
awk -F ' *[|] *' -v OFS='\t' '
    function quoted(text, list,   n) { # `a`, `b`? to list[1] ..., with the ?
        n = 0
        while (match(text, /`[^`]*`[?]?/)) {
            list[++n] = substr(text, RSTART, RLENGTH)
            gsub(/`/, "", list[n])
            text = substr(text, RSTART + RLENGTH)
        }
        return n
    }
    function state(cell) {
        if (cell !~ /^`[^`]*`$/) return cell == "required" ? cell : "-"
        gsub(/[` "]/, "", cell)
        return cell
    }
    function words_of_row(key,   i, n, words) {
        for (i = 3; i < NF; i++)
            for (n = quoted($i, words); n > 0; n--) print "word", key, words[n]
    }
    /^<!-- keys: .* -->$/ { sub(/^<!-- keys: /, ""); sub(/ -->$/, "")
                            definitions = split($0, names, " "); next }
    /^<!-- operations -->$/ { definitions = -1; next }
    !/^[|]/ { definitions = 0; next }
    /^[|][- |]+$/ || /^[|] (key|operation) [|]/ || !definitions { next }
    definitions > 0 {
        for (k = quoted($2, keys); k > 0; k--)
            for (d = 1; d <= definitions; d++) {
                key = (keys[k] ~ /[.]/ ? "" : names[d] ".") keys[k]
                print "key", key, state($4)
                words_of_row(key)
            }
        next
    }
    {
        for (k = quoted($2, keys); k > 0; k--) {
            print "key", keys[k], "operation"
            for (f = quoted($3, fields); f > 0; f--) {
                field = fields[f]
                optional = sub(/[?]$/, "", field)
                print "key", keys[k] "." field, optional ? "optional" : "required"
                words_of_row(keys[k] "." field)
            }
        }
    }' "$page" | sort >"$work/page"

grep '^key' "$work/facts" | sort >"$work/keys"
grep '^key' "$work/page" >"$work/page_keys"
grep '^word' "$work/facts" | sort >"$work/words"
grep '^word' "$work/page" | sort -u >"$work/page_words"
for list in keys page_keys words page_words anywhere; do
    [ -s "$work/$list" ] || { echo "$0: nothing to compare" >&2; exit 2; }
done

{
    comm -23 "$work/keys" "$work/page_keys" |
        sed -E "s|^key	(.*)	(.*)|$page lacks '\1' (\2)|"
    comm -13 "$work/keys" "$work/page_keys" |
        sed -E "s|^key	(.*)	(.*)|$page has '\1' (\2), the schema has not|"
    comm -23 "$work/words" "$work/page_words" |
        sed -E "s|^word	(.*)	(.*)|$page does not say that '\1' may be '\2'|"
    while read -r word; do
        grep -qF "\`$word\`" "$page" || echo "$page does not name '$word'"
    done <"$work/anywhere"
} >"$work/wrong"
if [ -s "$work/wrong" ]; then
    cat "$work/wrong" >&2
    exit 1
fi
echo "$page: $(wc -l <"$work/keys") keys, $(wc -l <"$work/words") words"
