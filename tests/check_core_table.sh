#!/bin/sh
# Is the table of core/README.md complete and true?
#
#   tests/check_core_table.sh
#
# tests/data/vm_cow_pages_methods.txt lists what the kernel's header declares.
# Each of those names has a row, and each row names only what there is:
#
#   | `Name`, `Name` | `function` (file.c) | folder/scenario, test_x: a_case | ...
#
# functions are looked for in core/ (vm_cow_* and vm_cursor_* in its headers),
# tests under tests/; a word in backquotes among the tests must be used in the
# conformance scenarios. Tables without a "shown by" column name no test. Prints
# what is wrong; exit status 1 if anything is.
. "$(dirname "$0")/lib.sh"

cd "$(dirname "$0")/.." || exit 2
table=core/README.md
names=tests/data/vm_cow_pages_methods.txt

# What a text has in backquotes, one a line, without enum and struct.
# shellcheck disable=SC2016 # they are no command
quoted() {
    printf '%s\n' "$1" | grep -o '`[^`]*`' | tr -d '`' |
        sed -E 's/^(enum|struct) //'
}

# Lines `number<tab>name<tab>here<tab>tests`; tests is "-" where the table has
# no column for them, "?" where the column is empty.
awk -F ' *[|] *' -v OFS='\t' '
    /^[|][- |]+$/ { next }
    /^[|]/ && !in_table { in_table = 1; has_tests = $4 == "shown by"; next }
    /^[|]/ { print NR, $2 == "" ? "?" : $2, $3, \
             !has_tests ? "-" : $4 == "" ? "?" : $4; next }
    { in_table = 0 }' "$table" >"$work/rows"

# Names: the list and the first column are the same.
sed -n '/^[^#]/p' "$names" | sort >"$work/declared"
while IFS="$(printf '\t')" read -r _ name _; do
    quoted "$name"
done <"$work/rows" | sort >"$work/mapped"
if [ ! -s "$work/declared" ] || [ ! -s "$work/mapped" ]; then
    complain "nothing to compare"
fi
uniq "$work/mapped" | comm -23 "$work/declared" - | while read -r name; do
    echo "no row: $name"
done >"$work/wrong"
comm -13 "$work/declared" "$work/mapped" | while read -r name; do
    echo "not in the list, or twice in the table: $name"
done >>"$work/wrong"
if [ -s "$work/wrong" ]; then
    complain "$(cat "$work/wrong")"
fi

is_in_core() {
    case $1 in
    vm_cow_* | vm_cursor_*) grep -qwF -e "$1" core/*.h ;;
    *) grep -qwF -e "$1" core/*.[ch] ;;
    esac
}

# One row's functions exist, and are in the files that it names.
check_functions() {
    words=$(quoted "$2")
    case $words/$2 in
    /none | /*'same names'*) return ;;
    /*) complain "$table:$1: names no function" ;;
    esac
    for word in $words; do
        is_in_core "$word" || grep -qxF -e "$word" "$work/declared" ||
            complain "$table:$1: there is no $word"
    done
    for file in $(printf '%s\n' "$2" | grep -oE '[a-z_]+\.[ch]\b'); do
        if [ ! -e "core/$file" ]; then
            complain "$table:$1: there is no core/$file"
        elif ! printf '%s\n' "$words" | grep -qwF -f - "core/$file"; then
            complain "$table:$1: core/$file has none of it"
        fi
    done
}

# One row's tests exist.
check_test() {
    case $2 in
    *'`'*)
        for word in $(quoted "$2"); do
            grep -rqF -e "$word" "tests/conformance" ||
                complain "$table:$1: no scenario has $word"
        done
        ;;
    test_*': '*)
        grep -qE "^Test\(.*\b${2#*: }\b" "tests/unit/${2%%:*}.c" ||
            complain "$table:$1: there is no $2"
        ;;
    */'*')
        ls "tests/conformance/${2%/*}"/*.yaml >/dev/null 2>&1 ||
            complain "$table:$1: there is no $2"
        ;;
    */*)
        [ -e "tests/conformance/$2.yaml" ] ||
            complain "$table:$1: there is no $2"
        ;;
    *)
        complain "$table:$1: '$2' is no test"
        ;;
    esac
}

while IFS="$(printf '\t')" read -r line _ functions tests; do
    check_functions "$line" "$functions"
    case $functions/$tests in
    */- | none/*) continue ;;
    esac
    printf '%s\n' "$tests" | sed 's/, /\n/g' >"$work/tests"
    while IFS= read -r test; do
        check_test "$line" "$test"
    done <"$work/tests"
done <"$work/rows"

[ "$failed" = 0 ] && echo "core/README.md: $(wc -l <"$work/declared") names," \
    "all with what stands for them"
exit "$failed"
