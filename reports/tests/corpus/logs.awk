# logs.awk FOUND EXPECTATIONS: FOUND is what scan_dump prints, EXPECTATIONS the corpus' own table.

function note(what) { print "# " what }

# N of TOTAL, in percent, must reach LEAST.
function verdict(number, name, n, total, least) {
	ok = total && 100 * n / total >= least
	printf "%sok %d - %s: %d of %d logs (at least %s %%)\n", ok ? "" : "not ", number, name, \
		n, total, least
}

# A name of the expectations as our functions spell it: one of alternatives, anywhere in what we have.
# Where we have no name, they have "???", "<missing>" or the module.
function has(frame, wanted,    alternatives, i, n) {
	if (frame == "?" && wanted ~ /^\?\?\?$|^<missing>$|\/|\+0x/)
		return 1
	n = split(wanted, alternatives, "|")
	for (i = 1; i <= n; i++)
		if (index(frame, alternatives[i]))
			return 1
	return 0
}

# Do the frames of one finding agree with what is expected? "len=" and the last frame are of peers
# that join all stacks into one.
function agree(frames, top, place, wanted,    have, want, i, n, count, number, name, bare) {
	count = split(frames, have, ";")
	n = split(wanted, want, ";")
	bare = 0
	for (i = 1; i <= n; i++) {
		name = want[i]
		if (name ~ /^len=/ || name ~ /^-1=/)
			continue
		if (name ~ /^@/) {
			# the tool's summary may name its own interceptor, which we never do
			if (name !~ /compiler-rt\/lib\// && !index(place, substr(name, 2)))
				return 0
			continue
		}
		number = bare
		if (match(name, /^[0-9]+=/)) {
			number = substr(name, 1, RLENGTH - 1) + 0
			name = substr(name, RLENGTH + 1)
		} else
			bare++
		if (number == 0 && has(top, name))
			continue
		if (number < count - 1 && !has(have[number + 1], name))
			return 0
	}
	return 1
}

FILENAME != ARGV[ARGC - 1] {
	if ($3 == "unparsed")
		next
	n = ++found[$1]
	tool[$1, n] = $4
	kind[$1, n] = $5
	top[$1, n] = $9
	frames[$1, n] = $10
	place[$1, n] = $11
	if ($4 == "cpython" && $13 != "")
		frames[$1, n] = $13
	if ($5 == "fatal_signal")
		fatal[$1]++
	next
}

FNR == 1 { next }

$4 != "-" {
	counts++
	n = found[$1] + 0
	if (n == $4 || n - fatal[$1] == $4)
		right_count++
	else
		note($1 ": " n " findings, not " $4)
}

# only expectations in the tools' own words are comparable: what peers call a kind is not
$5 ~ /^[A-Za-z_-]+=[0-9]+(;|$)/ && $5 !~ /undefined-behavior|UBSAN|leaked/ {
	kinds++
	bad = ""
	n = split($5, list, ";")
	for (i = 1; i <= n; i++) {
		split(list[i], pair, "=")
		seen = 0
		for (k = 1; k <= found[$1]; k++)
			seen += kind[$1, k] == pair[1]
		if (seen != pair[2])
			bad = bad " " list[i] " is " seen
	}
	for (k = 1; k <= found[$1]; k++)
		if (tool[$1, k] != $3 && !($3 ~ /^[alu]san$/ && tool[$1, k] ~ /^[alu]san$/))
			bad = bad " tool " tool[$1, k]
	if (bad == "")
		right_kind++
	else
		note($1 ":" bad)
}

$6 != "-" && found[$1] {
	stacks++
	ok = 0
	for (k = 1; k <= found[$1] && !ok; k++)
		ok = agree(frames[$1, k], top[$1, k], place[$1, k], $6)
	if (ok)
		right_stack++
	else
		note($1 ": frames " $6 ", not " frames[$1, 1] " " place[$1, 1])
}

END {
	verdict(1, "number of findings", right_count, counts, 99)
	verdict(2, "tool and kind", right_kind, kinds, 95)
	verdict(3, "frames", right_stack, stacks, 93)
}
