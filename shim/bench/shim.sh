#!/bin/sh
# For `make bench-shim`: what a pair of allocation and free costs with and without each checker, against
# malloc and free in the same process; and how that and memory grow with live blocks.
set -eu

folder=$BUILD/bench
mkdir -p "$folder"
export ASAN_OPTIONS=detect_leaks=0
flags="-O2 -g -std=c11 -D_GNU_SOURCE -fno-omit-frame-pointer -I$SRCDIR/shim"

build() { # COMPILER PROGRAM NAME FLAG...
    compiler=$1 program=$2 name=$3
    shift 3
    # shellcheck disable=SC2086 # words
    "$compiler" $flags "$@" -o "$folder/$program-$name" "$SRCDIR/shim/bench/$program.c" \
        "$BUILD/shim/libpoolshim.a" -lpthread
}

for compiler in $(printf '%s\n' "$CC" "${SANITIZING_CC:-$CC}" | sort -u); do
    build "$compiler" bench_pair "$compiler-asan" -fsanitize=address || continue
    for depth in 0 10 20; do
        printf '%s: ' "$compiler"
        "$folder/bench_pair-$compiler-asan" 64 $depth
    done
done
build "$CC" bench_pair plain
build "$CC" bench_scale plain
build "$CC" bench_scale asan -fsanitize=address || true
"$folder/bench_pair-plain" 64 10
if command -v valgrind >/dev/null; then
    valgrind -q "$folder/bench_pair-plain" 64 10 100000
fi
for blocks in 100000 1000000 10000000; do
    [ ! -x "$folder/bench_scale-asan" ] || "$folder/bench_scale-asan" $blocks
    POOLSHIM_OPTIONS=check=1 "$folder/bench_scale-plain" $blocks
    "$folder/bench_scale-plain" $blocks without
done

# The cells are built first where they are not yet: minutes. CPYTHON=0 leaves it out.
[ "${CPYTHON:-1}" = 0 ] || sh "$SRCDIR/shim/bench/cpython.sh"
