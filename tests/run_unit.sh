#!/bin/sh
# Run a Criterion program and believe it only as far as it can be believed.
#
#   tests/run_unit.sh PROGRAM
#
# Criterion 2.4.1 ends with status 0 when it ran no test at all, and when a
# sanitizer found a leak in a test's process. So: the number of tests run must
# be at least the number written in tests/unit/, and the sanitizers' logs must
# not exist. Where the runner's own process leaks (it does on some systems), the
# log names nothing but libcriterion: that is not ours to mend. The output is
# kept in PROGRAM.log; its last line is the summary.
set -u

program=$1
log=$program.log
here=$(dirname "$0")
found=$program.san
rm -f "$found".*

ASAN_OPTIONS=log_path=$found:detect_leaks=1 LSAN_OPTIONS=exitcode=0 \
UBSAN_OPTIONS=log_path=$found:print_stacktrace=1 \
    timeout 3600 "$program" >"$log" 2>&1
status=$?
cat "$log"

if [ "$status" -ne 0 ]; then
    echo "$program: status $status" >&2
    exit 1
fi
for file in "$found".*; do
    [ -e "$file" ] || break
    if ! grep -qE 'runtime error|ERROR: AddressSanitizer' "$file" &&
        ! grep -E '^ *#[0-9]' "$file" |
        grep -qvE '__interceptor_|libcriterion'; then
        echo "$program: a leak of the test runner's own is ignored"
        continue
    fi
    cat "$file" >&2
    echo "$program: a sanitizer has something to say (above)" >&2
    exit 1
done
written=$(cat "$here"/unit/*.c |
    grep -cE '^(Test|ParameterizedTest|Theory)\(')
ran=$(sed -n 's/.*Tested: *\([^0-9]*\)\([0-9][0-9]*\).*/\2/p' "$log" | tail -1)
if [ "${ran:-0}" -lt "$written" ] || [ "$written" -eq 0 ]; then
    echo "$program: ${ran:-0} tests ran, $written are written" >&2
    exit 1
fi
