#!/bin/sh
# POOLSHIM_OPTIONS, and what the checker's own variable says of the same names.
set -u
. "$SRCDIR/ci/tests/tap.sh"
unset POOLSHIM_OPTIONS ASAN_OPTIONS

build() { # NAME FLAG...
    output=$scratch/$1
    shift
    "$CC" -O1 -g -fno-omit-frame-pointer -std=c11 -D_GNU_SOURCE -I"$SRCDIR/shim" "$@" -pthread \
        -o "$output" "$SRCDIR/shim/tests/twice.c" "$BUILD/shim/libpoolshim.a"
}
with() { # OPTIONS COMMAND...
    options=$1
    shift
    POOLSHIM_OPTIONS=$options "$@"
}
reports() {
    cat "$scratch"/log.*
    grep -q 'ERROR: poolshim: attempting double-free' "$scratch"/log.*
}

check 'builds' build plain
check 'without options nothing is checked' exits 0 "$scratch/plain"
check 'check=1' exits 1 with check=1 "$scratch/plain"
check 'check=1: the report' says 'ERROR: poolshim: attempting double-free on 0x'
check 'check=1: it has a summary' says "SUMMARY: poolshim: double-free (pool 'twice')"
check 'exitcode' exits 7 with check=1:exitcode=7 "$scratch/plain"
check 'abort_on_error' exits 134 sh -c "POOLSHIM_OPTIONS=check=1,abort_on_error=1 '$scratch/plain'; exit \$?"
check 'halt_on_error=0' exits 0 with 'check=1 halt_on_error=0' "$scratch/plain"
check 'halt_on_error=0: it goes on' says 'still there'
check 'log_path' exits 1 with "check=1:log_path=$scratch/log" "$scratch/plain"
check 'log_path: the report is there' reports
check 'help' exits 1 with help=1:check=1 "$scratch/plain"
check 'help: lists them' says 'quarantine_kb'
check 'nonsense is passed over' exits 1 with 'check=1:nonsense:exitcode=x:::=:alloc_depth=-5' "$scratch/plain"
if build asan -fsanitize=address 2>/dev/null; then
    check "ASan's exitcode" exits 9 env ASAN_OPTIONS=exitcode=9:symbolize=0 "$scratch/asan"
    check "ASan's halt_on_error" exits 0 env ASAN_OPTIONS=halt_on_error=0:symbolize=0 "$scratch/asan"
    check 'ours holds before it' exits 5 env ASAN_OPTIONS=exitcode=9:symbolize=0 \
        POOLSHIM_OPTIONS=exitcode=5 "$scratch/asan"
    check "ASan's log_path" exits 1 env ASAN_OPTIONS=log_path="$scratch/asanlog":symbolize=0 "$scratch/asan"
    check "ASan's log_path: our report is there" sh -c "grep -h double-free '$scratch'/asanlog.*"
else
    skip 'ASan' "$CC cannot link -fsanitize=address here"
fi

done_testing
