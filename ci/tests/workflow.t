#!/bin/sh
# The steps of the GitHub workflow, in order and as they stand, on the fixture runtime; the two kinds of
# steps that are GitHub's own, for artifacts, are copies here. Then once more with an artifact missing.
set -u
. "$SRCDIR/ci/tests/tap.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD

command -v autoconf >/dev/null || {
    echo '1..0 # SKIP no autoconf'
    exit 0
}

workflow=$SRCDIR/ci/github/workflow.yml
work=$scratch/work
artifacts=$scratch/artifacts
mkdir "$work" "$artifacts"
(cd "$SRCDIR" && cp -R configure Makefile ci common reports matrix shim suppressions "$work/")
cp -R "$SRCDIR/matrix/tests/fixtures/toy" "$scratch/toy"
(cd "$scratch/toy" && autoconf)

# the only settings that are the test's own
export SANMATRIX_RUNTIMES="$SRCDIR/matrix/tests/fixtures/runtimes"
export RUNTIME=toy RUNTIME_SRC="$scratch/toy" SUITE=quick XDG_CACHE_HOME="$scratch/cache"
export GITHUB_STEP_SUMMARY="$scratch/step-summary" CI=true

steps_of() { # JOB: a folder with its steps
    mkdir -p "$scratch/steps/$1"
    awk -v job="$1" -v out="$scratch/steps/$1" -f "$SRCDIR/ci/tests/steps.awk" "$workflow"
}
field() { # FILE NAME
    sed -n "s/^$2=//p" "$1" | sed "s/\${{ matrix.cell }}/$CELL/g"
}

github_step() { # FILE
    case $(field "$1" uses) in
    actions/checkout@*) ;;
    actions/upload-artifact@*)
        cp -R "$work/$(field "$1" path)" "$artifacts/$(field "$1" name)"
        ;;
    actions/download-artifact@*)
        mkdir -p "$work/$(field "$1" path)"
        cp -R "$artifacts"/* "$work/$(field "$1" path)/"
        ;;
    *)
        echo "unknown step: $(cat "$1")"
        return 1
        ;;
    esac
}

run_job() { # JOB: as GitHub does: after a failure only the steps that run always
    rm -rf "$work/results" "$work/merged"
    result=0
    for step in "$scratch/steps/$1"/*.run "$scratch/steps/$1"/*.uses; do
        echo "$step"
    done | sort >"$scratch/order"
    while read -r step; do
        [ $result -eq 0 ] || [ -e "${step%.*}.always" ] || continue
        case $step in
        *.run) (cd "$work" && sh -e "$step" </dev/null) || result=1 ;;
        *.uses) github_step "$step" || result=1 ;;
        esac
    done <"$scratch/order"
    return $result
}

cells=$(sed -n 's/^ *cell: \[\(.*\)\]$/\1/p' "$workflow" | tr -d ,)
CELL=
export CELL
steps_of cell
steps_of merge

check 'the workflow has cells' [ -n "$cells" ]
for CELL in $cells; do
    check "cell $CELL: its job passes" exits 0 run_job cell
    check "cell $CELL: it leaves an artifact" [ -s "$artifacts/$CELL/run.json" ]
done
CELL=
check 'merge: its job passes' exits 0 run_job merge
check 'merge: one JUnit XML, well-formed' xmllint --noout "$work/merged/junit.xml"
for cell in $cells; do
    check "merge: it has test cases of $cell" has "$work/merged/junit.xml" "classname=\"$cell."
done
check 'merge: findings' has "$work/merged/findings.json" sanmatrix-findings/1
check 'merge: the summary of the job' has "$GITHUB_STEP_SUMMARY" passed

last=${cells##* }
rm -rf "${artifacts:?}/$last" "${artifacts:?}/merged"
: >"$GITHUB_STEP_SUMMARY"
check "without the artifact of $last: the merge job fails" exits 1 run_job merge
check "without the artifact of $last: for that reason" says 'Error 3'
check "without the artifact of $last: it is named" has "$work/merged/junit.xml" "$last"
check "without the artifact of $last: a summary all the same" has "$GITHUB_STEP_SUMMARY" passed

done_testing
