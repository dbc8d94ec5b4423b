#!/bin/sh
# How fast logs are read, and in how much memory: `make bench-reports'. Needs BUILD, SRCDIR and
# SANMATRIX. SIZE: bytes of an input (64 MB); ROUNDS: of each command (5), of which the best counts;
# STREAM: bytes of the last check, which goes through a pipe (4 GB; 0: none).
#
# The inputs are made of the corpus ../shared/corpus/reports, or of our own samples where it is not
# there. MB are 10^6 bytes. The commands run in turn, one at a time, on one core.
set -eu

SIZE=${SIZE:-67108864} ROUNDS=${ROUNDS:-5} STREAM=${STREAM:-4294967296}
corpus=$SRCDIR/../shared/corpus/reports
bench=$BUILD/reports/bench/bench_reports
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

mkdir -p "$BUILD/reports/bench"
# shellcheck disable=SC2046 # the flags are words
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" -o "$bench" \
    "$SRCDIR/reports/bench/bench_reports.c" "$BUILD/library.a" \
    $(pkg-config --cflags --libs jansson libxxhash libxml-2.0)

# list TOOLS SUFFIX: the corpus's logs of these tools; both are regular expressions
list() {
	awk -F '\t' -v tools="^($1)\$" -v suffix="$2\$" \
	    'NR > 1 && $3 ~ tools && $1 ~ suffix { print $1 }' "$corpus/expectations.tsv"
}

if [ -r "$corpus/expectations.tsv" ]; then
	echo 'inputs made of ../shared/corpus/reports'
	from=$corpus
	list 'asan|lsan|ubsan|msan|tsan' '' >"$dir/sanitizers"
	list '.*' '[.]xml' >"$dir/xml"
	list '.*' '' >"$dir/mixed"
else
	echo 'no corpus at ../shared/corpus/reports: inputs made of our own samples'
	from=$SRCDIR/reports/tests/samples
	(cd "$from" && printf '%s\n' *san*.txt) >"$dir/sanitizers"
	(cd "$from" && printf '%s\n' *.xml) >"$dir/xml"
	(cd "$from" && printf '%s\n' *.txt *.xml) >"$dir/mixed"
fi

# make_input KIND SIZE LIST: on standard output. No name has a blank in it.
make_input() {
	# shellcheck disable=SC2046
	(cd "$from" && "$bench" "$1" "$2" $(cat "$dir/$3"))
}

cat >"$dir/iterparse.py" <<'END'
import sys
import xml.etree.ElementTree as ET

for _, element in ET.iterparse(sys.stdin.buffer):
    if element.tag == "error":
        element.clear()
END

# measure TITLE KIND LIST [-- NAME COMMAND...]...
measure() {
	printf '\n%s\n' "$1"
	make_input "$2" "$SIZE" "$3" >"$dir/input"
	shift 3
	"$bench" run "$ROUNDS" "$(wc -c <"$dir/input")" "$dir/input" \
	    sanmatrix "$SANMATRIX" report --json /dev/null - "$@"
	rm -f "$dir/input"
}

measure "sanitizers' text" text sanitizers -- 'grep -c ERROR' grep -c ERROR
set --
for tool in xmllint python3; do
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "no $tool to compare with"
	elif [ "$tool" = xmllint ]; then
		set -- "$@" -- 'xmllint --stream' xmllint --stream --noout -
	else
		set -- "$@" -- 'Python iterparse' python3 "$dir/iterparse.py"
	fi
done
measure "Valgrind's XML" xml xml "$@"
measure 'logs of all kinds' text mixed -- 'grep -c ERROR' grep -c ERROR

[ "$STREAM" -gt 0 ] || exit 0
printf '\n%s bytes through a pipe (the time has their making in it)\n' "$STREAM"
for kind in sanitizers mixed; do
	mkfifo "$dir/pipe"
	make_input text "$STREAM" "$kind" >"$dir/pipe" &
	"$bench" run 1 "$STREAM" "$dir/pipe" "$kind" "$SANMATRIX" report --json /dev/null -
	wait
	rm -f "$dir/pipe"
done
