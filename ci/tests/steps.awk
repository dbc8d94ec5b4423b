# The steps of one job of a workflow, in order, one file each: OUT/NN.run is what a `run:` says,
# OUT/NN.uses what a step uses with its inputs; OUT/NN.always exists where it runs after a failure too.
# Variables: job, out. Reads the small part of YAML that ci/github/workflow.yml is written in.
function flush_step() {
    if (kind != "") {
        file = sprintf("%s/%02d.%s", out, n, kind)
        printf "%s", text >file
        close(file)
        if (always) printf "" >sprintf("%s/%02d.always", out, n)
    }
    kind = text = ""
    always = block = 0
}
function value(s) {
    sub(/^[^:]*: */, "", s)
    return s
}
{
    match($0, /^ */)
    indent = RLENGTH
}
/^ *#/ || /^ *$/ {
    if (!block || /^ *#/ && indent < 10) next
}
indent == 2 { flush_step(); in_job = $1 == job ":"; in_steps = 0; next }
indent == 0 { flush_step(); in_job = in_steps = 0; next }
!in_job { next }
indent == 4 { in_steps = $1 == "steps:"; next }
!in_steps { next }
indent == 6 { flush_step(); n++; sub(/^ *- /, "        ") }
block && indent >= 10 { text = text substr($0, 11) "\n"; next }
{ block = 0 }
/^        run: \|$/ { kind = "run"; block = 1; next }
/^        run: / { kind = "run"; text = value($0) "\n"; next }
/^        uses: / { kind = "uses"; text = "uses=" value($0) "\n"; next }
/^        if: always/ { always = 1; next }
/^          [a-z-]*: / { sub(/^ */, ""); split($0, word, ":"); text = text word[1] "=" value($0) "\n" }
END { flush_step() }
