#!/bin/sh
# For `make lint`, which sets BUILD, SRCDIR, CC, SANITIZING_CC and FLAGS: warnings are errors with every
# compiler here, then static analysis, shellcheck, mandoc and the house rules. All of them run; the last
# lines say which found something.
set -u

cd "$SRCDIR" || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL
failed=

lint() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then
        echo "lint: $name: ok"
    else
        echo "lint: $name: failed"
        failed="$failed $name"
    fi
}

build_with() { # COMPILER
    make -s -k -j2 BUILD="$BUILD/lint/$1" CC="$1" CFLAGS='-O2 -g -Werror' all tests
}

# the same compiler under two names once
compilers() {
    for c in gcc "$CC" "$SANITIZING_CC" clang; do
        path=$(command -v "$c") && echo "$(readlink -f "$path") $c"
    done | sort -u -k1,1 | cut -d' ' -f2
}

checks='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling'

tidy_one() { # FILE: where the analyzer's path begins and ends is enough here
    # shellcheck disable=SC2086
    clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" "$1" -- $FLAGS -Ishim >"$2" 2>/dev/null
    status=$?
    grep -E ': (warning|error): ' "$2"
    rm -f "$2"
    return $status
}

# two at a time
tidy() {
    rc=0
    first=
    # shellcheck disable=SC2044
    for f in $(find common reports matrix shim -name '*.c' ! -path '*/fixtures/*' ! -path '*/controls/*' \
        ! -path '*/planted/*' \
        ! -path 'shim/tests/apr/*'); do
        tidy_one "$f" "$BUILD/lint/tidy.$$.$(echo "$f" | tr / -)" &
        if [ -z "$first" ]; then first=$!; continue; fi
        wait "$first" || rc=1
        first=$!
    done
    [ -z "$first" ] || wait "$first" || rc=1
    return $rc
}

scripts() {
    {
        echo configure
        find ci common reports matrix shim suppressions .ci \
            \( -name '*.sh' -o -name '*.t' -o -path .ci/run \) ! -path '*/fixtures/*'
    } | xargs shellcheck -x
}

manuals() {
    find common reports matrix shim suppressions -name '*.[1-9]' -print0 2>/dev/null |
        xargs -r0 mandoc -Tlint -W warning
}

for c in $(compilers); do
    lint "$c -Werror" build_with "$c"
done
if command -v clang-tidy >/dev/null; then lint clang-tidy tidy; else echo 'lint: no clang-tidy'; fi
if command -v shellcheck >/dev/null; then lint shellcheck scripts; else echo 'lint: no shellcheck'; fi
if command -v mandoc >/dev/null; then lint mandoc manuals; else echo 'lint: no mandoc'; fi
lint 'house rules' sh ci/house-rules.sh .
[ -z "$failed" ]
