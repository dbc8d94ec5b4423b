#!/bin/sh
# Each target of libFuzzer for TIME seconds (20), JOBS (2) at once, from the seeds and the samples of
# the tests; with CORPUS, a folder, what it found is kept there, and the shared corpus is read too.
set -u

# fuzz.t --one TARGET FOLDER: leaves FOLDER/TARGET.out and .status
one() {
    program=fuzz_readers
    [ "$1" != outputs ] || program=fuzz_outputs
    new=${CORPUS:-$2/corpus}/$1
    mkdir -p "$new"
    set -- "$1" "$2" "$new" "$SRCDIR/reports/fuzz/seeds/$1" "$SRCDIR/reports/tests/samples"
    target=$1 folder=$2
    shift 2
    [ -d "$2" ] || set -- "$1" "$3"
    if [ -n "${CORPUS-}" ] && [ -d "$SRCDIR/../shared/corpus/reports" ]; then
        set -- "$@" "$SRCDIR/../shared/corpus/reports"
    fi
    # its own allocations are most of what it does: short stacks for them
    READER=$target ASAN_OPTIONS=malloc_context_size=5:quarantine_size_mb=32 \
        SCHEMAS=$SRCDIR/../shared/schemas UBSAN_OPTIONS=print_stacktrace=1 \
        "$FUZZERS/$program" -max_total_time="${TIME:-20}" -timeout=20 \
        -rss_limit_mb=2000 -max_len=16384 -dict="$SRCDIR/reports/fuzz/formats.dict" \
        -artifact_prefix="$FUZZERS/$target-" -print_final_stats=1 "$@" >"$folder/$target.out" 2>&1
    echo $? >"$folder/$target.status"
}

if [ "${1-}" = --one ]; then
    one "$3" "$2"
    exit
fi

. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"

# passed TARGET: it ended well, and says how much it did
passed() {
    grep -a 'stat::' "$scratch/$1.out" | grep -a 'executed\|units_added'
    [ "$(cat "$scratch/$1.status")" -eq 0 ] && return 0
    grep -av 'NEW\|REDUCE' "$scratch/$1.out" | tail -n 60
    return 1
}

targets='outputs sanitizer valgrind valgrind-xml cpython gdb logs runner merged baseline'
# shellcheck disable=SC2086 # words
printf '%s\n' $targets | xargs -n 1 -P "${JOBS:-2}" sh "$0" --one "$scratch"
for target in $targets; do
    check "$target: $(grep -a executed_units "$scratch/$target.out" | sed 's/.* //') inputs" \
        passed "$target"
done
done_testing
