#!/bin/sh
# What goes wrong outside of us is told with file and line, or cell and unit, and the rest goes on.
set -u
. "$SRCDIR/matrix/tests/toy.sh"

source=$scratch/src
check 'the fixture has a configure' toy_source "$source"

# unit OUT CELL UNIT FILTER: of its unit.json
unit() {
    jq -r "$4" "$1/$2/units/$3/unit.json"
}

# ---- units that misbehave ----

# A name that a shell, a list or a file system may stumble over. Nothing may be run by it.
newline='
'
awkward="a b 'c' \"d\" \$(touch pwned) \`touch pwned\`; touch pwned & <x> *%s{unit}{dir}$newline-line two"
printf 'case has an awkward name\npush 2\npush 3\nmul\nexpect 6\n' >"$source/tests/$awkward.toy"
printf 'case begins like an option\npush 1\nexpect 1\n' >"$source/tests/--list.toy"

out=$scratch/units
check 'a run of every unit there is' exits 1 toy run --out "$out" --suite full --cell debug
junit=$out/junit.xml
check 'its JUnit is well-formed' xmllint --noout "$junit"
check 'every unit has a result' equals "$(find "$source/tests" -name '*.toy' -print0 | tr -cd '\0' |
    wc -c)" entries "$out/debug/units"
check 'the unit with an awkward name ran and passed' equals 1 xpath "$junit" \
    "count(//testcase[@name='has an awkward name'][not(*)])"
check 'it is recorded under its name' equals "$awkward" jq -rs \
    '.[].unit | select(contains("pwned"))' "$out"/debug/units/*/unit.json
check 'the unit that begins like an option ran and passed' equals 1 xpath "$junit" \
    "count(//testcase[@name='begins like an option'][not(*)])"
check 'no name was run as a command' equals '' find . "$scratch" -name pwned
check 'units can be asked for by such names' exits 0 toy run --out "$scratch/asked" --cell debug \
    --unit "$awkward"
rm -f "$source/tests/$awkward.toy" "$source/tests/--list.toy"

check 'a gigabyte of output: what is kept is bounded' \
    test "$(wc -c <"$out/debug/units/writes/output.txt")" -lt 20000000
check 'what is dropped is counted' \
    test "$(unit "$out" debug writes '.output_dropped')" -gt 900000000
check 'the end of it is kept' grep -q "x*end$" "$out/debug/units/writes/output.txt"
check 'and the unit passed' equals 1 xpath "$junit" \
    "count(//testcase[@classname='debug.writes'][not(*)])"

check 'what forks and leaves is killed, and counted' \
    equals 2 unit "$out" debug daemon .left_behind
check 'its unit was over at once' \
    equals true unit "$out" debug daemon '.timed_out == false and .seconds < 10'
check 'a unit that is deaf to signals is ended at its time limit' \
    equals true unit "$out" debug hangs .timed_out
check 'it is an error, with cell and unit' equals 1 xpath "$junit" \
    "count(//testcase[starts-with(@classname,'debug.hangs')]/error)"
check 'a unit that crashes is an error' equals 1 xpath "$junit" \
    "count(//testcase[starts-with(@classname,'debug.crashes')]/error)"
check 'no process of all this is left' gone "$scratch"

# ---- sources that do not build ----

source=$scratch/broken
cp -R "$scratch/src" "$source"
printf '#ifdef TOY_DEBUG\n#error this is not for debugging\n#endif\n' >>"$source/alloc.c"
out=$scratch/nobuild
check 'a source that does not build in one cell' \
    exits 3 toy run --out "$out" --suite quick --cell debug,asan
check 'names the cell, the step and the log' \
    has "$scratch/out" 'debug/build/make/output.txt'
check 'the log has the error' has "$out/debug/build/make/output.txt" 'this is not for debugging'
check 'the JUnit has it as an error' equals 1 xpath "$out/junit.xml" \
    "count(//testsuite[@name='debug']/testcase/error[contains(@message,'make: exit status 2')])"
check 'the other cell ran' equals 3 entries "$out/asan/units"
printf '#!/bin/sh\necho no luck today\nexit 7\n' >"$source/configure"
check 'a configure that fails' exits 3 toy run --out "$out" --suite quick --cell debug
check 'names its status and its log' has "$scratch/out" 'configure: exit status 7'
check 'the log has what it said' has "$out/debug/build/configure/output.txt" 'no luck today'
rm "$source/configure"
check 'no configure at all' exits 3 toy run --out "$out" --suite quick --cell debug
check 'names the file' has "$scratch/out" "$source/configure"
source=$scratch/nothing
check 'no source' exits 2 toy run --out "$out" --suite quick --cell debug
check 'names the folder' has "$scratch/out" "$scratch/nothing"
mkdir "$source"
check 'a source of something else' exits 2 toy run --out "$out" --suite quick --cell debug
check 'names the file that is missing' has "$scratch/out" "$scratch/nothing/version.h"
source=$scratch/src

# ---- cell files with mistakes ----

# mistake NAME LINE TEXT: a cell file with the text is an error that names file and line
mistake() {
    printf '%s\n' "$3" >"$scratch/cells/$1.conf"
    check "cell file: $1" exits 3 toy run --out "$scratch/mistakes" --suite quick --cell "debug,$1"
    check "cell file: $1: file and line are named" has "$scratch/out" "$scratch/cells/$1.conf:$2:"
    check "cell file: $1: the other cell ran" equals 3 entries "$scratch/mistakes/debug/units"
    rm "$scratch/cells/$1.conf"
}
mistake unknown-member 3 'summary = "x"
runtime toy {
	colour = "red"
}'
mistake not-closed 2 'summary = "x"
runtime toy {
	cflags = {"-O2"}'
mistake bad-number 2 'summary = "x"
time-factor = fast
runtime toy { }'
mistake bad-condition 3 'summary = "x"
runtime toy {
	when "=>3" { cflags = {"-O2"} }
}'
mistake skip-without-reason 3 'summary = "x"
runtime toy {
	skip arith { issue = "1" }
}'
printf 'default = maybe\n' >"$scratch/cells/unasked.conf"
check 'a mistake in the file of a cell that was not asked for does not matter' \
    exits 0 toy run --out "$scratch/mistakes" --suite quick --cell debug
rm "$scratch/cells/unasked.conf"
mistake unknown-control 3 'summary = "x"
runtime toy {
	control no-such { tool = "asan" kind = "x" category = "y" }
}'
check 'an unknown cell' exits 2 toy run --out "$scratch/mistakes" --cell no-such
check 'is named' has "$scratch/out" no-such

# ---- folders that cannot be written ----

: >"$scratch/file"
check 'a file in the place of the result folder' \
    exits 3 toy run --out "$scratch/file/below" --suite quick --cell debug
check 'is named' has "$scratch/out" "$scratch/file"
mkdir "$scratch/precious"
echo 'a thesis' >"$scratch/precious/thesis.tex"
check 'a result folder that holds something else' \
    exits 2 toy run --out "$scratch/precious" --suite quick --cell debug
check 'is named' has "$scratch/out" "$scratch/precious"
check 'and is left alone' has "$scratch/precious/thesis.tex" 'a thesis'

mounted=
unmount() {
    for folder in $mounted; do umount "$folder"; done
    mounted=
}
trap 'unmount; rm -rf "$scratch"' EXIT

# mounts OPTIONS FOLDER: a file system of its own, which only root can make
mounts() {
    mkdir -p "$2"
    [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o "$1" tmpfs "$2" 2>/dev/null && mounted="$mounted $2"
}

# with_cache FOLDER COMMAND...
with_cache() (
    XDG_CACHE_HOME=$1
    shift
    "$@"
)

if mounts ro "$scratch/readonly"; then
    check 'a result folder that cannot be written' \
        exits 3 toy run --out "$scratch/readonly/out" --suite quick --cell debug
    check 'is named' has "$scratch/out" "$scratch/readonly/out"
    check 'a cache that cannot be written' with_cache "$scratch/readonly" \
        exits 3 toy run --out "$scratch/ro" --suite quick --cell debug
    check 'is named' has "$scratch/out" "$scratch/readonly"
else
    skip 'a folder that cannot be written' 'only root can mount'
fi

if mounts size=3m "$scratch/small"; then
    check 'a disk that gets full: the run comes to its end' exits 3 toy run \
        --out "$scratch/small/out" --unit arith,writes,text --cell debug
    check 'the unit that filled it is named' grep -q 'writes.*No space left' "$scratch/out"
    check 'no process is left' gone "$scratch"
    rm -rf "$scratch/small/out"
    check 'with room again, all is well' exits 0 toy run \
        --out "$scratch/small/out" --unit arith,text --cell debug
    rm -rf "$scratch/small/out"
    mounts size=1m "$scratch/tiny"
    check 'a build that fills the disk' with_cache "$scratch/tiny" \
        exits 3 toy run --out "$scratch/full" --suite quick --cell asan,debug
    check 'names the cell and the step' grep -qE 'asan.*(make|configure)' "$scratch/out"
else
    skip 'a full disk' 'only root can mount'
fi

done_testing
