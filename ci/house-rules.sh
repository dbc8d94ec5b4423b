#!/bin/sh
# house-rules.sh [TREE]: what ARCHITECTURE.md asks for and no compiler checks. Prints FILE:LINE: RULE
# for what breaks a rule, and ends with 1 then.
set -u

cd "${1:-.}" || exit 2
list=$(mktemp -d)
trap 'rm -rf "$list"' EXIT

# the files that are ours: in a checkout what git knows of or would take, elsewhere all but what
# configure and make write
if [ -e .git ] && command -v git >/dev/null; then
    git -c safe.directory='*' ls-files --cached --others --exclude-standard
else
    find . -type f ! -path './.git/*' ! -path './build/*' ! -path './out/*' ! -name config.log \
        ! -name config.mk ! -name config.h ! -name toolchain.conf ! -path '*/__pycache__/*' |
        sed 's|^\./||'
fi | while read -r f; do [ ! -f "$f" ] || echo "$f"; done | sort >"$list/all"

# select PATTERN: files whose names match
select_files() {
    grep -E "$1" "$list/all" | grep -v -E '/fixtures/|\.re\.c$'
}

# forbid RULE PATTERN [EXCEPT]: prints the lines, of the files on standard input, that match
forbid() {
    rule=$1 pattern=$2 except=${3:-\$never}
    while read -r f; do
        grep -nE -e "$pattern" "$f" | grep -vE -e "^[0-9]*:$except" | sed "s|^\([0-9]*\):.*|$f:\1: $rule|"
    done
}

broken() {
    # arrows point down only
    select_files '^common/.*\.[ch]$' | forbid 'common includes only common' \
        '^#include "(reports|matrix|suppressions|shim|ci)/'
    select_files '^reports/.*\.[ch]$' | forbid 'reports includes only reports and common' \
        '^#include "(matrix|suppressions|shim|ci)/'
    select_files '^shim/.*\.[ch]$' | forbid 'shim stands alone' \
        '^#include "(common|reports|matrix|suppressions|ci)/'
    select_files '^suppressions/.*\.[ch]$' | sed 's/$/:1: suppressions holds data only/'
    select_files '^(common|reports|matrix)/[^/]*\.[ch]$' | forbid 'include from the top of the tree' \
        '^#include "([^/"c]|c[^/"o])[^/"]*"'

    # one runtime's name is known by its own files only; `exec --python' is what its users type
    select_files '^(common|matrix)/[^/]*\.c$' | forbid 'only matrix/runtimes knows a runtime' \
        '"c?python|Py_[A-Z]' '[[:space:]]*(/?[*]|[{] "python", required_argument)'

    # libraries return errors
    select_files '^(common|reports)/[^/]*\.c$' | grep -v -e '^common/error.c' -e '^common/mem.c' |
        forbid 'libraries neither exit nor print' \
        '(^|[^a-z_.>])(exit|_exit|abort|die|warn|printf|puts|perror)\('

    # no shell between us and a child, no unbounded copies
    select_files '^(common|reports|matrix|shim)/.*\.[ch]$' | grep -v -e /controls/ -e /tests/ |
        forbid 'banned function' \
        '(^|[^A-Za-z0-9_])(system|popen|strcpy|strcat|sprintf|vsprintf|gets|strtok|tmpnam|mktemp)\('
    select_files '^(common|reports|matrix)/[^/]*\.[ch]$' | forbid 'no shell' \
        '"(/bin/)?(ba|da)?sh", *"-c"'

    # finished, and at home anywhere
    select_files '\.(c|h|sh|py|t|conf|yml|mk)$|^configure$|^Makefile$' |
        grep -v -e '^ci/house-rules.sh$' -e '^ci/tests/house-rules.t$' -e '^ci/count-tests.sh$' |
        forbid 'unfinished' '(^|[^A-Za-z])(TODO|FIXME|XXX|HACK)([^A-Za-z]|$)'
    grep -v -e '^ci/house-rules.sh$' -e '^ci/tests/house-rules.t$' "$list/all" |
        forbid 'a place that others do not have' \
        '(^|[^A-Za-z0-9_.$}-])/(home|root)/[a-z]|(deb|security|snapshot|ftp|archive)\.(debian|ubuntu)\.'

    # shellcheck disable=SC2016
    select_files '\.(c|h|sh|t)$|^configure$|^Makefile$' | xargs awk '
        function finish() {
            if (lines > 500) print file ":" lines ": longer than 500 lines"
        }
        FNR == 1 { finish(); file = FILENAME; start = 0 }
        {
            lines = FNR
            column = 0
            n = split($0, part, "\t")
            for (i = 1; i <= n; i++) {
                column += length(part[i])
                if (i < n) column += 8 - column % 8
            }
            if (column > 110) print file ":" FNR ": longer than 110 columns"
        }
        /[ \t]$/ { print file ":" FNR ": blank at the end of a line" }
        file ~ /\.c$/ && /^\{/ { start = FNR }
        file ~ /\.c$/ && /^\}/ {
            if (start && FNR - start > 61) print file ":" start ": function longer than 60 lines"
            start = 0
        }
        END { finish() }'
    select_files '\.h$' | grep -v /controls/ | while read -r f; do
        grep -q '^#ifndef SM_\|^#ifndef POOLSHIM\|^#pragma once' "$f" || echo "$f:1: no include guard"
    done
    select_files '/tests/.*\.t$' | while read -r f; do
        [ -x "$f" ] || echo "$f:1: a test that cannot be executed"
    done
}

broken >"$list/broken"
cat "$list/broken"
[ ! -s "$list/broken" ]
