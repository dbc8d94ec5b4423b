#!/bin/sh
# What a cell's configure finds with the shared autoconf cache is what it finds with none.
set -u
. "$SRCDIR/matrix/tests/toy.sh"

source=$scratch/src
check 'the fixture has a configure' toy_source "$source"

# builds CACHE CELL: with the shared cache in folder CACHE
builds() {
    XDG_CACHE_HOME=$1 exits 0 toy exec --out "$scratch/exec" --cell "$2" -- true
}

# result CACHE CELL: config.h and the variables of the Makefile, without the folder's name
result() {
    folder=$(echo "$1"/sanmatrix/builds/*/"$2")
    { grep '^#define' "$folder/toyconfig.h"; grep '^[A-Za-z_]* *=' "$folder/Makefile"; } |
        sed "s|$folder|BUILD|g"
}

same() {
    result "$1" "$3" >"$scratch/alone"
    result "$2" "$3" >"$scratch/shared"
    [ -s "$scratch/alone" ] && diff "$scratch/alone" "$scratch/shared"
}

# Of two cells of one compiler each comes first once, with an empty cache, and once second.
for pair in 'debug valgrind' 'valgrind debug' 'asan tsan' 'tsan asan'; do
    first=${pair% *} second=${pair#* }
    check "$first, no cache" builds "$scratch/$first-first" "$first"
    check "$first: nothing was taken from a cache" \
        lacks "$scratch/exec/$first/build/configure/output.txt" '(cached)'
    check "$second, with the cache of $first" builds "$scratch/$first-first" "$second"
    check "$second: the cache was used" \
        has "$scratch/exec/$second/build/configure/output.txt" '(cached)'
done
for pair in 'debug valgrind' 'valgrind debug' 'asan tsan' 'tsan asan'; do
    cell=${pair% *} other=${pair#* }
    check "$cell: the same with and without the cache of $other" \
        same "$scratch/$cell-first" "$scratch/$other-first" "$cell"
done

# The comparison would see a variable that must not be shared.
mkdir "$scratch/runtimes"
sed 's/^uncached = .*/uncached = {"none_such"}/; /fact CHECKER/d' "$SANMATRIX_RUNTIMES/toy.conf" \
    >"$scratch/runtimes/toy.conf"
SANMATRIX_RUNTIMES=$scratch/runtimes
for cell in tsan asan; do # it may well be that the second is not proved, then
    XDG_CACHE_HOME=$scratch/careless toy exec --out "$scratch/exec" --cell $cell -- true \
        >"$scratch/out" 2>&1
done
check 'sharing what depends on flags would be seen' \
    test "$(result "$scratch/careless" asan)" != "$(result "$scratch/asan-first" asan)"

done_testing
