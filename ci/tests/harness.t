#!/bin/sh
# What counts the tests: ci/run-tests.sh and ci/count-tests.sh, on tests that pass, fail, skip, die, hang.
set -u
. "$SRCDIR/ci/tests/tap.sh"

suite=$scratch/suite
new_suite() {
    rm -rf "$suite" "$scratch/tap"
    mkdir -p "$suite"
}
test_file() { # NAME, script on standard input
    { echo '#!/bin/sh'; cat; } >"$suite/$1"
    chmod +x "$suite/$1"
}
run_suite() {
    TEST_TIMEOUT=2 sh "$SRCDIR/ci/run-tests.sh" "$scratch/tap" "$suite"/*
}
count() {
    sh "$SRCDIR/ci/count-tests.sh" "$scratch/tap"
}
last_line() {
    cat "$scratch/out"
    [ "$(tail -n 1 "$scratch/out")" = "$1" ]
}

new_suite
test_file good.t <<'EOF'
echo 1..2
echo 'ok 1 - one'
echo 'ok 2 - two'
EOF
test_file some.t <<'EOF'
echo 'ok 1 - one # SKIP no tool'
echo 'ok 2 - two'
echo 1..2
EOF
check 'all pass: prove agrees' exits 0 run_suite
check 'all pass: status' exits 0 count
check 'all pass: closing line' last_line '3 passed, 0 failed, 1 skipped'

test_file whole.t <<'EOF'
echo '1..0 # SKIP no folder'
EOF
run_suite >/dev/null 2>&1
check 'a skipped file counts as one skipped' exits 0 count
check 'a skipped file: closing line' last_line '3 passed, 0 failed, 2 skipped'

new_suite
test_file cmocka.t <<'EOF'
echo 1..2
echo 'not ok 1 # SKIP one'
echo 'ok 2 - two'
EOF
check 'a test that cmocka skips: prove agrees' exits 0 run_suite
count >"$scratch/out" 2>&1
check 'a test that cmocka skips: closing line' last_line '1 passed, 0 failed, 1 skipped'

new_suite
test_file bad.t <<'EOF'
echo 1..2
echo 'ok 1 - one'
echo 'not ok 2 - two'
exit 1
EOF
check 'a failed test: prove fails' exits 1 run_suite
check 'a failed test: status' exits 1 count
check 'a failed test: counted once' last_line '1 passed, 1 failed'
check 'a failed test: named' says 'not ok 2 - two'

# fails_once PASSED: with this file the count is one failure
fails_once() {
    run_suite >/dev/null 2>&1 && return 1
    exits 1 count && last_line "$1 passed, 1 failed"
}
new_suite
test_file dies.t <<'EOF'
echo 1..2
echo 'ok 1 - one'
kill -SEGV $$
EOF
check 'a test that dies fails' fails_once 1
new_suite
test_file late.t <<'EOF'
echo 1..1
echo 'ok 1 - one'
exit 3
EOF
check 'a test that passes all and exits with 3 fails' fails_once 1
new_suite
test_file short.t <<'EOF'
echo 1..3
echo 'ok 1 - one'
EOF
check 'a test that ran less than it planned fails' fails_once 1
new_suite
test_file nothing.t <<'EOF'
:
EOF
check 'a test that printed nothing fails' fails_once 0
new_suite
test_file bails.t <<'EOF'
echo 1..1
echo 'ok 1 - one'
echo 'Bail out! no disk'
EOF
check 'a test that bailed out fails' fails_once 1
new_suite
test_file hangs.t <<'EOF'
echo 1..1
echo 'ok 1 - one'
exec sleep 60
EOF
check 'a test that hangs is ended, and fails' fails_once 1

new_suite
mkdir -p "$scratch/tap"
check 'no test at all is no success' exits 1 count
check 'no test at all: closing line' last_line '0 passed, 0 failed'

check 'a suite that cannot run is skipped' \
    exits 0 sh "$SRCDIR/ci/count-tests.sh" --skip "$scratch/tap" 'no compiler'
count >"$scratch/out" 2>&1
check 'a suite that cannot run: closing line' last_line '0 passed, 0 failed, 1 skipped'

done_testing
