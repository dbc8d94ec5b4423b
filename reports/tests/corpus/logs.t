#!/bin/sh
# The readers against a corpus of logs with known contents: how many have the right number of
# findings, the right tool and kind, and the right frames. What is not reached is a failure.
set -u

corpus=$SRCDIR/../shared/corpus/reports
if [ ! -f "$corpus/expectations.tsv" ]; then
	echo "1..0 # SKIP no corpus of logs at ../shared/corpus/reports"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 1..5
# shellcheck disable=SC2046 # words are wanted
if ! ${CC:-cc} -std=c11 -D_GNU_SOURCE -I"$SRCDIR" $(xml2-config --cflags 2>/dev/null) \
	-o "$work/scan_dump" "$SRCDIR/reports/tests/scan_dump.c" "$BUILD/library.a" \
	-lxml2 -ljansson -lxxhash; then
	echo "Bail out! scan_dump does not build"
	exit 1
fi

cd "$corpus" || exit 1
cut -f1 expectations.tsv | sed 1d | tr '\n' '\0' | xargs -0 "$work/scan_dump" >"$work/found"
LC_ALL=C awk -F'\t' -f "$SRCDIR/reports/tests/corpus/logs.awk" "$work/found" expectations.tsv
