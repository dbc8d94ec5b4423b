#!/bin/sh
# The cost of the engine for a unit: `make bench-overhead'. Needs BUILD and SRCDIR, and a built tree.
set -eu

program=$BUILD/matrix/bench/bench_overhead
mkdir -p "$BUILD/matrix/bench"
# shellcheck disable=SC2046 # the flags are words
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" -o "$program" \
    "$SRCDIR/matrix/bench/bench_overhead.c" "$BUILD/library.a" \
    $(pkg-config --cflags --libs jansson libxxhash)
"$program"
