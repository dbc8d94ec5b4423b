#!/bin/sh
# count-tests.sh FOLDER: sums what ci/run-tests.sh kept: names what failed, and closes with the line
# "N passed, N failed[, N skipped]". A test program that died, or printed another number of tests
# than it planned, counts as one more failure.
# count-tests.sh --skip FOLDER REASON: notes a suite that cannot run here.
set -eu

if [ "$1" = --skip ]; then
    mkdir -p "$2"
    printf '1..0 # SKIP %s\n# exit status 0\n' "$3" >"$2/suite.tap"
    echo "skipped: $3"
    exit 0
fi

list=$(mktemp)
trap 'rm -f "$list"' EXIT
find "$1" -name '*.tap' | sort >"$list"
awk '
function finish() {
    if (file == "")
        return
    if (!planned || (plan != seen && !skipped_all) || bailed || (status != "0" && !bad)) {
        failed++
        why = "planned " (planned ? plan : "nothing") ", ran " seen
        if (bailed)
            why = "bailed out"
        if (status != "0")
            why = "exit status " status
        print "failed: " file ": " why
    }
}
{
    finish()
    file = $0
    planned = plan = seen = skipped_all = bailed = bad = 0
    status = "none"
    while ((getline line < file) > 0) {
        if (line ~ /^1\.\.[0-9]+/) {
            planned = 1
            plan = substr(line, 4) + 0
            if (plan == 0) {
                skipped_all = 1
                skipped++
            }
        } else if (line ~ /^not ok/ && line !~ /# *TODO/) {
            seen++; bad++; failed++
            print "failed: " file ": " line
        } else if (line ~ /^(not )?ok/) {
            seen++
            if (line ~ /# *[Ss][Kk][Ii][Pp]/) skipped++; else passed++
        } else if (line ~ /^Bail out!/) {
            bailed = 1
        } else if (line ~ /^# exit status /) {
            split(line, word, /[ ,]+/)
            status = word[4]
        }
    }
    close(file)
}
END {
    finish()
    printf "%d passed, %d failed", passed, failed
    if (skipped) printf ", %d skipped", skipped
    print ""
    exit failed > 0 || passed + skipped == 0
}' "$list"
