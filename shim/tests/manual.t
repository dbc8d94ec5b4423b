#!/bin/sh
# poolshim(3) says what the header and the library do: the same functions, the same options, and its
# example does what it says.
set -u
. "$SRCDIR/ci/tests/tap.sh"

page=$SRCDIR/shim/poolshim.3
unset POOLSHIM_OPTIONS ASAN_OPTIONS

# the page's prototypes, as C
prototypes() {
    awk '/^\.Ft / { sub(/^\.Ft /, ""); type = $0 }
        /^\.Fn .* void$/ && type { print type " " $2 "(void);"; type = ""; next }
        /^\.Fn / && type {
            name = $2; sub(/^\.Fn [^ ]* "/, ""); sub(/"$/, ""); gsub(/" "/, ", ")
            print type " " name "(" $0 ");"; type = ""
        }' "$page"
}
declares_the_same() {
    { echo '#include <poolshim.h>' && prototypes; } >"$scratch/prototypes.c"
    cat "$scratch/prototypes.c"
    "$CC" -std=c11 -Wall -Wextra -Werror -I"$SRCDIR/shim" -fsyntax-only "$scratch/prototypes.c"
}
functions() { # of the header
    grep -o '^[a-z].*\<poolshim_[a-z_]*(' "$SRCDIR/shim/poolshim.h" | grep -o 'poolshim_[a-z_]*' |
        grep -v '^poolshim_do_' | grep -v -x -e poolshim_pool -e poolshim_config -e poolshim_frame_hook |
        sort -u
}
same_functions() {
    functions >"$scratch/header"
    prototypes | grep -o 'poolshim_[a-z_]*(' | tr -d '(' | sort -u >"$scratch/page"
    [ -s "$scratch/header" ] && diff "$scratch/header" "$scratch/page"
}
members() { # of struct poolshim_config
    sed -n '/^struct poolshim_config {/,/^}/p' "$1" | sed 's|/\*.*\*/||; /\/\*/,/\*\//d' |
        grep -o '[a-z]*;\|[a-z]*)(.*'
}
same_members() {
    members "$SRCDIR/shim/poolshim.h" >"$scratch/header"
    members "$page" >"$scratch/page"
    [ -s "$scratch/header" ] && diff "$scratch/header" "$scratch/page"
}

example() {
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$page" | sed -n '/^\.Bd/,/^\.Ed/p' | sed '/^\.Ed/q' |
        sed '/^\.[BE]d/d'
}
builds() { # NAME COMPILER FLAG...
    output=$scratch/$1
    compiler=$2
    shift 2
    "$compiler" -std=c11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror -I"$SRCDIR/shim" "$@" \
        -o "$output" "$scratch/example.c" "$BUILD/shim/libpoolshim.a" -pthread
}
reported() { # what the page says that it says
    sed -n '/^It is told so/,/^\.Sh/p' "$page" | sed -n '/^\.Bd/,/^\.Ed/p' |
        sed '/^\.[BE]d/d; s/\.\.\.$//' >"$scratch/told"
    cat "$scratch/out"
    [ -s "$scratch/told" ] && while read -r line; do
        grep -qF -e "$line" "$scratch/out" || { echo "not '$line'"; return 1; }
    done <"$scratch/told"
}

in_page() {
    sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh/s/^\.It //p' "$page" | grep -o 'Cm [a-z_]*' | sed 's/Cm //' |
        grep -v -x help | sort
}
in_help() {
    POOLSHIM_OPTIONS=help=1 "$scratch/plain" 2>&1 | sed -n 's/^	\([a-z_]*\)$/\1/p' | sort
}
same_options() {
    in_help >"$scratch/help"
    in_page >"$scratch/page"
    [ -s "$scratch/help" ] && diff "$scratch/help" "$scratch/page"
}

check 'the same functions as in the header' same_functions
check 'with the same prototypes' declares_the_same
check 'the same members of a configuration' same_members
example >"$scratch/example.c"
check 'the example: 15 to 35 lines' [ "$(grep -c . "$scratch/example.c")" -ge 15 -a \
    "$(grep -c . "$scratch/example.c")" -le 35 ]
check 'the example builds' builds plain "$CC"
check 'the same options as help=1' same_options
check 'the example, no checker: it ends' exits 1 "$scratch/plain"
for compiler in $(printf '%s\n' "$CC" "${SANITIZING_CC:-$CC}" | sort -u); do
    check "the example, $compiler, POOLSHIM_DISABLED: builds" builds disabled "$compiler" -DPOOLSHIM_DISABLED
    check "the example, $compiler, POOLSHIM_DISABLED: the same" exits 1 "$scratch/disabled"
    if builds asan "$compiler" -fsanitize=address 2>/dev/null; then
        ASAN_OPTIONS=symbolize=0:exitcode=9
        export ASAN_OPTIONS
        check "the example, $compiler and ASan: it ends" exits 9 "$scratch/asan"
        check "the example, $compiler and ASan: the report is as it is shown" reported
    else
        skip "the example, $compiler and ASan" "$compiler cannot link -fsanitize=address here"
    fi
done
if command -v valgrind >/dev/null; then
    check 'the example, Memcheck: it ends' exits 7 valgrind -q --error-exitcode=7 "$scratch/plain"
    check 'the example, Memcheck: it is reported' says 'Invalid read of size 4'
else
    skip 'the example, Memcheck' 'no valgrind here'
fi
done_testing
