#!/bin/sh
# The checkers' own search for leaks sees through a pool: what a live block holds is no leak, what only a
# freed one holds is.
set -u
. "$SRCDIR/ci/tests/tap.sh"
ASAN_OPTIONS=symbolize=0:detect_leaks=1
export ASAN_OPTIONS
unset POOLSHIM_OPTIONS

build() { # COMPILER NAME FLAG...
    compiler=$1
    output=$2
    shift 2
    "$compiler" -O1 -g -fno-omit-frame-pointer -std=c11 -D_GNU_SOURCE -I"$SRCDIR/shim" "$@" -pthread \
        -o "$scratch/$output" "$SRCDIR/shim/tests/leaks.c" "$BUILD/shim/libpoolshim.a"
}

for compiler in $(printf '%s\n' "$CC" "${SANITIZING_CC:-$CC}" | sort -u); do
    if ! build "$compiler" "leaks-$compiler" -fsanitize=address 2>/dev/null; then
        skip "$compiler, LeakSanitizer" "$compiler cannot link -fsanitize=address here"
        continue
    fi
    check "$compiler, LeakSanitizer: held by a live block" exits 0 "$scratch/leaks-$compiler" held
    check "$compiler, LeakSanitizer: kept in quarantine" exits 0 "$scratch/leaks-$compiler" kept
    check "$compiler, LeakSanitizer: held by a freed block" exits 1 "$scratch/leaks-$compiler" dropped
    check "$compiler, LeakSanitizer: that is the leak" says 'Direct leak of 77 byte(s) in 1 object(s)'
    POOLSHIM_OPTIONS=leaks=1
    export POOLSHIM_OPTIONS
    check "$compiler, LeakSanitizer: held by lost blocks" exits 1 "$scratch/leaks-$compiler" lots
    check "$compiler, LeakSanitizer: lost blocks are leaks" says "of pool 'leaks'"
    check "$compiler, LeakSanitizer: and what they hold" says ' allocation(s).' # of malloc
    unset POOLSHIM_OPTIONS
done

if command -v valgrind >/dev/null; then
    check 'builds' build "$CC" leaks-plain
    memcheck="valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=7"
    # shellcheck disable=SC2086 # words
    check 'Memcheck: held by a live block' exits 0 $memcheck "$scratch/leaks-plain" held
    # shellcheck disable=SC2086
    check 'Memcheck: kept in quarantine' exits 0 $memcheck "$scratch/leaks-plain" kept
    # shellcheck disable=SC2086
    check 'Memcheck: held by a freed block' exits 7 $memcheck "$scratch/leaks-plain" dropped
    check 'Memcheck: that is the leak' says '77 bytes in 1 blocks are definitely lost'
    # shellcheck disable=SC2086
    check 'Memcheck: held by a lost block' exits 7 $memcheck "$scratch/leaks-plain" lost
    check 'Memcheck: both are leaks' says '125 (48 direct, 77 indirect) bytes'
else
    skip 'Memcheck' 'no valgrind here'
fi

done_testing
