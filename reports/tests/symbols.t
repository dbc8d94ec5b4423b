#!/bin/sh
# Frames without names, of programs that are here, get them: a program is built with
# AddressSanitizer, run without a symbolizer, and its report read.
set -u
. "$SRCDIR/ci/tests/tap.sh"

# lines: of read(), inlined in middle(), inlined in outer(); of free() and of malloc()
cat >"$scratch/prog.c" <<'END'
#include <stdlib.h>
static inline __attribute__((always_inline)) int get(char *p, int i)
{
	return p[i];
}
static inline __attribute__((always_inline)) int middle(char *p, int i)
{
	return get(p, i) + 1;
}
__attribute__((noinline)) int outer(char *p, int i)
{
	return middle(p, i) * 2;
}
int main(int argc, char **argv)
{
	char *p = malloc(10);
	(void)argv;
	free(p);
	return outer(p, argc) + 1;
}
END

# stacks FILE: "ROLE: FUNCTION LINE, ..." for each stack of the first finding
stacks() {
	python3 - "$1" <<'END'
import json, sys
for s in json.load(open(sys.argv[1]))["findings"][0]["stacks"]:
    frames = [f"{f.get('function')} {f.get('line', 0)}" for f in s["frames"]]
    print(s["role"] + ": " + ", ".join(frames))
END
}

named() {
	"$SANMATRIX" report --json "$scratch/named.json" "$1" && return 1
	stacks "$scratch/named.json" >"$scratch/stacks"
	cat "$scratch/stacks"
	grep -q '^access: get 4, middle 8, outer 12, main 19' "$scratch/stacks" &&
		grep -q '^free: .*main 18' "$scratch/stacks" &&
		grep -q '^alloc: .*main 16' "$scratch/stacks" &&
		grep -q '"file": *"[^"]*/prog.c"' "$scratch/named.json"
}

nameless() {
	exits 1 "$SANMATRIX" report --json "$scratch/none.json" "$scratch/log" &&
		says 'frames without names stay so' && says '1 finding' &&
		! grep -q '"outer"' "$scratch/none.json" &&
		[ "$(grep -c 'stay so' "$scratch/out")" -eq 1 ]
}

# the same report of another build: the file that is here cannot tell
another_build() {
	sed 's/(BuildId: [0-9a-f]*)/(BuildId: 0123456789abcdef)/' "$scratch/log" >"$scratch/other"
	"$SANMATRIX" report --json "$scratch/other.json" "$scratch/other"
	! grep -q '"outer"' "$scratch/other.json"
}

cat >"$scratch/race.c" <<'END'
#include <pthread.h>
int shared;
static inline __attribute__((always_inline)) void bump(void)
{
	shared++;
}
void *thread(void *x)
{
	bump();
	return x;
}
int main(void)
{
	pthread_t t;
	pthread_create(&t, 0, thread, 0);
	bump();
	pthread_join(t, 0);
	return 0;
}
END

# its frames name modules without their path, which is in the summary
race_named() {
	"$SANMATRIX" report --json "$scratch/race.json" "$1" && return 1
	stacks "$scratch/race.json" >"$scratch/stacks"
	cat "$scratch/stacks"
	grep -q 'access: bump 5, main 1[67]' "$scratch/stacks" &&
		grep -q 'access: bump 5, thread 9' "$scratch/stacks"
}

compilers=$CC
[ "${SANITIZING_CC:-$CC}" = "$CC" ] || compilers="$CC $SANITIZING_CC"
export LLVM_SYMBOLIZER="${SYMBOLIZER-}"
for cc in $compilers; do
	if [ -z "$LLVM_SYMBOLIZER" ] || ! command -v python3 >/dev/null; then
		skip "names by $cc" "no llvm-symbolizer, or no python3"
		continue
	fi
	if ! $cc -g -O1 -fsanitize=address -o "$scratch/prog" "$scratch/prog.c" 2>"$scratch/cc.log"; then
		skip "names by $cc" "$cc has no AddressSanitizer"
		continue
	fi
	ASAN_OPTIONS=symbolize=0 "$scratch/prog" >"$scratch/log" 2>&1
	check "$cc: names, lines and inlined frames" named "$scratch/log"
	if grep -q BuildId: "$scratch/log"; then
		check "$cc: another build is not asked" another_build
	else
		skip "$cc: another build is not asked" "its reports do not say which build they are of"
	fi
	if $cc -g -O1 -fsanitize=thread -o "$scratch/race" "$scratch/race.c" -pthread 2>"$scratch/cc.log" &&
		! TSAN_OPTIONS=symbolize=0 "$scratch/race" >"$scratch/tsan" 2>&1 &&
		grep -q 'data race' "$scratch/tsan"; then
		check "$cc: names of a race" race_named "$scratch/tsan"
	else
		skip "$cc: names of a race" "ThreadSanitizer does not work here"
	fi
	LLVM_SYMBOLIZER=/nonexistent check "$cc: without a symbolizer, told once" nameless
done
done_testing
