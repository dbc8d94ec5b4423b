#!/bin/sh
# With POOLSHIM_DISABLED nothing of the shim is left: the same instructions as without it.
set -u
. "$SRCDIR/ci/tests/tap.sh"

code() { # COMPILER LEVEL DEFINE
    "$1" -std=gnu11 "$2" "-D$3" -Wall -Wextra -Werror -I"$SRCDIR/shim" -c -o "$scratch/$3.o" \
        "$SRCDIR/shim/tests/vanishes.c" && objdump -d --no-show-raw-insn "$scratch/$3.o" |
        sed -n '/^Disassembly/,$p' >"$scratch/$3.s" && [ -s "$scratch/$3.s" ]
}
same() {
    code "$1" "$2" WITHOUT && code "$1" "$2" POOLSHIM_DISABLED &&
        diff "$scratch/WITHOUT.s" "$scratch/POOLSHIM_DISABLED.s"
}
differs() {
    code "$1" "$2" WITHOUT && code "$1" "$2" SOMETHING_ELSE &&
        ! diff -q "$scratch/WITHOUT.s" "$scratch/SOMETHING_ELSE.s"
}

for compiler in $(printf '%s\n' "$CC" "${SANITIZING_CC:-$CC}" | sort -u); do
    for level in -O0 -O1 -O2 -O3 -Os; do
        check "$compiler $level" same "$compiler" $level
    done
    check "$compiler: enabled it is there" differs "$compiler" -O2
done

done_testing
