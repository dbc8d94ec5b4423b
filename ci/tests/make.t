#!/bin/sh
# What the Makefile hands to sanmatrix, which is replaced by a program that prints its arguments.
set -u
. "$SRCDIR/ci/tests/tap.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL CELLS SUITE UNITS OUT PARTITION JOBS RUNTIME RUNTIME_SRC IN

# A tree of its own: one main(), the shim, and scripts that make C of nothing.
tree=$scratch/tree
mkdir -p "$tree/matrix" "$tree/common"
ln -s "$SRCDIR/ci" "$SRCDIR/Makefile" "$SRCDIR/shim" "$tree/"
for folder in html ignore; do
    mkdir -p "$tree/reports/$folder"
    (cd "$SRCDIR/reports/$folder" && ls) | while read -r file; do : >"$tree/reports/$folder/$file"; done
    echo "echo 'int made_of_$folder;'" >"$tree/reports/$folder/embed.sh"
done
sed 's/^srcdir = .*/srcdir = ./' "$BUILD/../config.mk" >"$tree/config.mk"
: >"$tree/config.h"
echo 'int ground(void); int ground(void) { return 0; }' >"$tree/common/ground.c"
cat >"$tree/matrix/main.c" <<'EOF'
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	const char *status = getenv("STATUS");
	for (int i = 1; i < argc; i++)
		printf("<%s>", argv[i]);
	printf("[%s%s%s]\n", getenv("MAKEFLAGS") ? "MAKEFLAGS" : "", getenv("MFLAGS") ? "MFLAGS" : "",
		getenv("MAKELEVEL") ? "MAKELEVEL" : "");
	return status ? atoi(status) : 0;
}
EOF
make_it() {
    make -C "$tree" "$@"
}

check 'make builds' exits 0 make_it
check 'make again does nothing' exits 0 make_it
# shellcheck disable=SC2016
check 'make again: no compiler is called' sh -c '! grep -q main.c "$1"' - "$scratch/out"
rebuilds_lost_object() {
    rm "$tree/build/common/ground.o"
    make_it && [ -e "$tree/build/common/ground.o" ]
}
check 'a lost object is built again' rebuilds_lost_object
header_counts() {
    echo '#include "common/ground.h"' >>"$tree/common/ground.c"
    echo '/* one */' >"$tree/common/ground.h"
    make_it && make_it && touch -d '+1 minute' "$tree/common/ground.h" && make_it | grep 'ground.o'
}
check 'a changed header builds again what includes it' header_counts
check 'make matrix' exits 0 make_it matrix
check 'make matrix: the default folder, nothing else, no job server of make' \
    says '<run><--out><out>[]'
check 'make matrix with all variables' exits 0 make_it matrix CELLS=a,b SUITE=pr UNITS=x \
    OUT=there PARTITION=hash:1/4 JOBS=3 RUNTIME=toy RUNTIME_SRC=dir
check 'make matrix with all variables: each an option' \
    says "<run><--cell><a,b><--suite><pr><--unit><x><--out><there><--partition><hash:1/4><-j><3>\
<--runtime><toy><--runtime-src><dir>[]"
# shellcheck disable=SC2016
check 'values are no shell words, and no make variables' exits 0 make_it matrix \
    'UNITS=a b "c'\'' $(shell touch no) `touch no`; touch no; $HOME $$ \ # %'
# shellcheck disable=SC2016
check 'values arrive as they were given' \
    says '<--unit><a b "c'\'' $(shell touch no) `touch no`; touch no; $HOME $$ \ # %>'
check 'nothing in them was run' [ ! -e "$tree/no" ]
# shellcheck disable=SC2016
units_in_environment() {
    UNITS='$(x) y' make_it matrix
}
check 'values from the environment' exits 0 units_in_environment
# shellcheck disable=SC2016
check 'values from the environment arrive as they were given' says '<--unit><$(x) y>'
check 'make -j3 matrix' exits 0 make_it -j3 matrix
check 'make -j3 matrix: three jobs, no job server of make' says '<-j><3>[]'
check 'make -j3 JOBS=5: the variable wins' exits 0 make_it -j3 matrix JOBS=5
check 'make -j3 JOBS=5: five jobs' says '<-j><5>[]'
check 'make cell-NAME' exits 0 make_it cell-tsan PARTITION=hash:2/4
check 'make cell-NAME: that cell' says '<run><--cell><tsan><--out><out><--partition><hash:2/4>[]'
merged=$scratch/merged
check 'make merge' exits 0 make_it merge 'IN=one two' OUT="$merged"
check 'make merge: reports of both' \
    says "<report><--out><$merged><one><two>[]"
check 'make merge makes the folder' [ -d "$merged" ]

status() { # STATUS GOAL...
    wanted=$1
    shift
    STATUS=$wanted make -C "$tree" "$@"
}
in_folder() {
    (cd "$tree" && STATUS=1 exits 1 make matrix CELLS=a && STATUS=1 exits 1 make -s -k cell-asan)
}
check 'findings: make exits with 1' exits 1 status 1 matrix
check 'findings in one cell: make exits with 1' exits 1 status 1 cell-asan
check 'findings when merging: make exits with 1' exits 1 status 1 merge IN=x
check 'a failure: make exits with 2' exits 2 status 3 matrix
check 'a failure: make names the status' says 'Error 3'
check 'a failure of a cell' exits 2 status 3 cell-asan
check 'a failure of merging' exits 2 status 3 merge IN=x
check 'nothing selected is no success' exits 2 status 4 matrix
check 'findings: make exits with 1, told of jobs and variables' \
    exits 1 status 1 matrix -j2 --no-print-directory CELLS=a
check 'findings: make exits with 1, in another folder' in_folder
check 'beside another goal failures are told all the same' exits 2 status 1 all matrix
no_traces() {
    ls "$tree/build"
    [ -z "$(find "$tree/build" -name 'status.*')" ]
}
check 'no trace of this is left' no_traces

echo 'int main(void) { return syntax error; }' >"$tree/matrix/main.c"
touch -d '+1 minute' "$tree/matrix/main.c"
check 'make matrix builds first: a broken program is an error' exits 2 make_it matrix
dry_run() {
    make_it -n matrix && ! grep '^<run>' "$scratch/out"
}
check 'make -n matrix only prints' dry_run

done_testing
