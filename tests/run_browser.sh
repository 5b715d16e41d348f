#!/bin/sh
# The report page in a browser: tests/browser/report.test.js over pages of a
# single run, of a comparison, and of a results file with hostile names.
#
#   tests/run_browser.sh BUILD
#
# LOWTIDE names the program (default BUILD/lowtide). Needs Debian's chromium,
# nodejs and npm, and the npm registry for two pinned packages the first time.
# Where a program or the network is missing it says so and ends with 0; with
# BROWSER_TESTS=required a missing program is an error. Packages are installed in
# BUILD/browser, not in the source tree.
set -u

build=${1:-build}
here=$(cd "$(dirname "$0")" && pwd)
lowtide=$(realpath "${LOWTIDE:-$build/lowtide}")
work=$build/browser

missing() {
    echo "browser: not run: $1"
    [ "${BROWSER_TESTS:-}" = required ] && exit 1
    exit 0
}

for program in chromium node npm sqlite3; do
    command -v "$program" >/dev/null || missing "there is no $program"
done
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 18 ] || missing "node $major is too old, 18 is wanted"

# --- packages -----------------------------------------------------------------

mkdir -p "$work/pages" || exit 1
cp "$here"/browser/package.json "$here"/browser/package-lock.json \
    "$here"/browser/.npmrc "$here"/browser/report.test.js "$work" || exit 1
if ! cmp -s "$work/package-lock.json" "$work/installed-lock.json"; then
    (cd "$work" && npm ci --no-audit --no-fund --ignore-scripts) \
        >"$work/npm.log" 2>&1 || {
        cat "$work/npm.log"
        grep -qE 'EAI_AGAIN|ENOTFOUND|ECONN|ETIMEDOUT|ENETUNREACH' \
            "$work/npm.log" || exit 1
        echo "browser: not run: the npm registry cannot be reached"
        exit 0
    }
    cp "$work/package-lock.json" "$work/installed-lock.json"
fi

# --- pages --------------------------------------------------------------------

page() {
    "$lowtide" report --quiet "$work/$1.db" -o "$work/pages/$1.html" || exit 1
}

rm -f "$work"/*.db "$work"/pages/*
"$lowtide" run --quiet "$here/../scenarios/first-pressure.yaml" \
    -o "$work/single.db" >/dev/null || exit 1
page single
"$lowtide" compare --quiet "$here/study/churn.yaml" \
    --policies zircon,lru,clock --seeds 3 -o "$work/compare.db" \
    >/dev/null || exit 1
page compare
cp "$work/single.db" "$work/hostile.db"
sqlite3 "$work/hostile.db" "
    UPDATE run SET name = '</script><script>window.broken = 1</script>',
        policy = 'a''b\"c&d<e>', argv = '</pre><img src=x onerror=alert(1)>',
        scenario_text = '<!-- <script> & \"quotes\" ' || char(0x2028) ||
            '</pre></script><base href=//x>';
    UPDATE vmo SET name = '<img src=x onerror=\"window.broken=2\">'
        WHERE vmo_id = 1;
    UPDATE vmo SET name = '\" onmouseover=\"window.broken=3' WHERE vmo_id = 2;
    UPDATE process SET name = '''><iframe src=javascript:window.broken=4>'
        WHERE process_id = 1;" || exit 1
page hostile

PAGES=$(realpath "$work/pages") CHROMIUM=$(command -v chromium) \
    node --test "$work/report.test.js"
