#!/bin/sh
# One bug has one key, whichever compiler built the program, where, how, and however often it runs; and
# what several tools say of it is one defect. With real compilers and tools.
set -u
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"

command -v jq >/dev/null || { echo '1..0 # SKIP no jq here'; exit 0; }
symbolizer=${SYMBOLIZER:-$(command -v llvm-symbolizer)}
export ASAN_SYMBOLIZER_PATH="$symbolizer" UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="external_symbolizer_path=$symbolizer"

valgrind=$(command -v valgrind)
cd "$scratch" || exit 1
mkdir -p one/src other/much/longer/path logs
cp "$SRCDIR/reports/tests/planted/planted.c" one/src/planted.c
cp one/src/planted.c other/much/longer/path/planted.c

# build NAME COMPILER FLAGS: both places, and with two optimisations
build() {
    [ -n "$2" ] || return 1
    # shellcheck disable=SC2086
    "$2" -g -gdwarf-4 -pthread -fno-omit-frame-pointer $3 -O0 -o "one/$1" \
        "$PWD/one/src/planted.c" &&
        "$2" -g -gdwarf-4 -pthread -fno-omit-frame-pointer $3 -O1 -o "other/$1" \
            "$PWD/other/much/longer/path/planted.c"
}

# see NAME BUG [WRAPPER]: runs both, twice, with other depths of recursion
see() {
    for place in one other; do
        for depth in 2 7; do
            # shellcheck disable=SC2086
            ${3:-} "$place/$1" "$2" $depth \
                >"logs/${4:-$1}-$2-$place-$depth.txt" 2>&1
        done
    done
}

asan='uaf walk mutual double over leak null'
for compiler in gcc clang; do
    case $compiler in
    gcc) path=$(command -v gcc) ;;
    *) path=${SANITIZING_CC:-$(command -v clang)} ;;
    esac
    if build "asan-$compiler" "$path" -fsanitize=address,undefined 2>errors; then
        for bug in $asan; do see "asan-$compiler" "$bug"; done
    fi
    if build "tsan-$compiler" "$path" -fsanitize=thread 2>errors; then
        for bug in race order; do see "tsan-$compiler" "$bug"; done
    fi
    if [ -n "$valgrind" ] && build "plain-$compiler" "$path" '' 2>errors; then
        for bug in $asan; do
            see "plain-$compiler" "$bug" \
                "$valgrind --leak-check=full --vex-guest-chase=no" "memcheck-$compiler"
        done
        for tool in helgrind drd; do
            for bug in race order; do
                see "plain-$compiler" "$bug" "$valgrind --tool=$tool" "$tool-$compiler"
            done
        done
    fi
done 2>/dev/null

# logs PATTERN: sets $@ to the logs, or fails
some() {
    for log in logs/$1; do [ -e "$log" ] && return 0; done
    return 1
}

# keys TOOL KINDS LOG...: how many keys the findings of this tool and kind have
keys() {
    tool=$1 kinds=$2
    shift 2
    "$SANMATRIX" report --json findings.json "$@" >/dev/null
    jq -r --arg tool "$tool" --arg kinds "^($kinds)" '.findings[] | select(.tool == $tool)
        | select(.kind | test($kinds)) | .fingerprint' findings.json | wc -l
}

# once NAME TOOL KINDS BUG: one key in all logs of one tool
once() {
    if some "$1-*-$4-*"; then
        check "$1 $4: one key in $(find logs -name "$1-*-$4-*" | wc -l) logs" \
            equals 1 keys "$2" "$3" logs/"$1"-*-"$4"-*
    else
        skip "$1 $4: one key" "no compiler here has it"
    fi
}

equals() {
    wanted=$1
    shift
    got=$("$@")
    [ "$got" -eq "$wanted" ] || { echo "$got, not $wanted"; jq -c '.findings[] | [.tool, .kind,
        .fingerprint, [.stacks[] | [.role, [.frames[].function]]], [.occurrences[].log]]' \
        findings.json; return 1; }
}

for bug in uaf walk mutual; do
    once asan asan heap-use-after-free $bug
    once memcheck memcheck InvalidRead $bug
done
once asan asan double-free double
once memcheck memcheck InvalidFree double
once asan asan heap-buffer-overflow over
once memcheck memcheck InvalidWrite over
once asan lsan 'Direct leak' leak
once memcheck memcheck Leak leak
once asan asan SEGV null
once asan ubsan null-pointer-use null
once memcheck memcheck InvalidRead null
once tsan tsan 'data race' race
once helgrind helgrind Race race
once drd drd ConflictingAccess race
once tsan tsan lock-order order
once helgrind helgrind LockOrder order

# joined WANTED TOOL... : the defects that the logs of findings.json tell of, and who saw the first
defects() {
    "$SANMATRIX" report --json findings.json "$@" >/dev/null
    jq -r '.defects | length' findings.json
}
saw() {
    jq -e --arg tool "$1" '.defects[0].tools | index($tool) != null' findings.json >/dev/null
}

# one BUG TOOL...: one defect, seen by all these tools
one() {
    bug=$1
    shift
    for name; do
        some "$name-*-$bug-*" || { skip "$bug: one defect" "no $name here"; return; }
    done
    check "$bug: one defect" equals 1 defects logs/*-"$bug"-*
    for name; do check "$bug: seen by $name" saw "$name"; done
}
for bug in uaf walk mutual double over null; do one $bug asan memcheck; done
if some 'asan-*-leak-*' && some 'memcheck-*-leak-*'; then
    check 'leak: one defect' equals 1 defects logs/asan-*-leak-* logs/memcheck-*-leak-*
    check 'leak: seen by lsan' saw lsan
    check 'leak: seen by memcheck' saw memcheck
fi
one race tsan helgrind drd
one order tsan helgrind

if some 'asan-*-uaf-*' && some 'memcheck-*-uaf-*'; then
    check 'bugs that share the function at fault are not joined' equals 3 defects \
        logs/*-uaf-* logs/*-walk-* logs/*-mutual-*
    check 'but each is seen by both tools' equals 0 jq '[.defects[] | select(.tools | length < 2)]
        | length' findings.json
fi

done_testing
