#!/bin/sh
# The house rules hold here; and each is noticed when it is broken.
set -u
. "$SRCDIR/ci/tests/tap.sh"

check 'the rules hold' sh "$SRCDIR/ci/house-rules.sh" "$SRCDIR"

tree=$scratch/tree
breaks() { # NAME FILE RULE, the file's text on standard input
    rm -rf "$tree"
    mkdir -p "$tree/$(dirname "$2")"
    cat >"$tree/$2"
    check "$1" found "$2" "$3"
}
found() {
    sh "$SRCDIR/ci/house-rules.sh" "$tree" >"$scratch/found" && return 1
    cat "$scratch/found"
    grep -q "^$1:[0-9]*: .*$2" "$scratch/found"
}
holds() {
    rm -rf "$tree"
    mkdir -p "$tree/$(dirname "$2")"
    cat >"$tree/$2"
    check "$1" sh "$SRCDIR/ci/house-rules.sh" "$tree"
}

breaks 'reports must not include matrix' reports/a.c 'reports includes only' <<'EOF'
#include "matrix/cell.h"
EOF
breaks 'nor do its tests' reports/tests/a.c 'reports includes only' <<'EOF'
#include "matrix/cell.h"
EOF
breaks 'common must not include reports' common/a.h 'common includes only' <<'EOF'
#include "reports/finding.h"
EOF
holds 'matrix may include both, and config.h' matrix/a.c <<'EOF'
#include "config.h"
#include "common/buf.h"
#include "reports/reports.h"
EOF
breaks 'shim stands alone' shim/a.c 'shim stands alone' <<'EOF'
#include "common/buf.h"
EOF
breaks 'no C in suppressions' suppressions/a.c 'data only' </dev/null
breaks 'include from the top' matrix/a.c 'from the top' <<'EOF'
#include "cell.h"
EOF
breaks 'one runtime is not known' matrix/a.c 'knows a runtime' <<'EOF'
static const char *name = "cpython";
EOF
holds 'but may be an example in a comment' matrix/a.c <<'EOF'
/* the series: "cpython-3.13" */
EOF
breaks 'libraries do not exit' reports/a.c 'neither exit' <<'EOF'
	exit(1);
EOF
breaks 'libraries do not print' common/a.c 'neither exit' <<'EOF'
	printf("x");
EOF
holds 'writing into a given file is fine' reports/a.c <<'EOF'
	fprintf(f, "x");
	err->exit(1);
EOF
breaks 'no system()' matrix/a.c 'banned' <<'EOF'
	system("ls");
EOF
breaks 'no sprintf()' common/a.c 'banned' <<'EOF'
	sprintf(s, "x");
EOF
holds 'snprintf() is fine' common/a.c <<'EOF'
	snprintf(s, n, "x");
EOF
breaks 'no sh -c' matrix/a.c 'no shell' <<'EOF'
	execl("/bin/sh", "sh", "-c", s, NULL);
EOF
text=$scratch/text
lines() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "" }'
}
echo '/* TODO: later */' >"$text"
breaks 'nothing unfinished' matrix/a.c unfinished <"$text"
printf 'cd /%s/x\n' home >"$text"
breaks 'no path of one machine' a.sh 'a place' <"$text"
printf 'http://deb.%s.org/\n' debian >"$text"
breaks 'no host of a mirror' a.md 'a place' <"$text"
lines 501 >"$text"
breaks 'no long file' matrix/a.c '500 lines' <"$text"
{ echo 'void f(void)'; echo '{'; lines 61; echo '}'; } >"$text"
breaks 'no long function' matrix/a.c '60 lines' <"$text"
awk 'BEGIN { printf "/*"; for (i = 0; i < 13; i++) printf "\t"; print "long */" }' >"$text"
breaks 'a tab is 8 columns' matrix/a.c '110 columns' <"$text"
printf 'int a; \n' >"$text"
breaks 'no blank at the end' matrix/a.c 'blank' <"$text"
breaks 'include guards' matrix/a.h 'include guard' <<'EOF'
int f(void);
EOF
breaks 'tests can be executed' ci/tests/a.t 'executed' </dev/null

done_testing
