# logs.awk FOUND EXPECTATIONS: FOUND is what scan_dump prints, EXPECTATIONS the corpus' own table.
# A row's column is right when it agrees with what was found; the rest is listed, row by row.

function note(what) { print "# " what }

# N of TOTAL, in percent, must reach LEAST.
function verdict(number, name, n, total, least,    ok) {
	ok = total && 100 * n / total >= least
	printf "%sok %d - %s: %d of %d logs, %.2f %% (at least %s %%)\n", ok ? "" : "not ", number, \
		name, n, total, total ? 100 * n / total : 0, least
}

# A name of the expectations as our functions spell it: one of alternatives, anywhere in what we have.
# Where we have no name, they have "???", "<missing>" or the module.
function has(frame, wanted,    alternatives, i, n) {
	if (frame ~ /^[^ ]*\+(0x[0-9a-f]*)?$|^\?$/ && wanted ~ /^\?\?\?$|^<missing>$|\/|\+0x/)
		return 1
	gsub(/< >/, "<", wanted)
	n = split(wanted, alternatives, "|")
	for (i = 1; i <= n; i++)
		if (index(frame, alternatives[i]))
			return 1
	return 0
}

# All frames of one finding, in the log's order, into NAMES and PLACES from 0. Returns how many, and
# sets FIRST_COUNT to those of the first stack.
function unfold(stacks, names, places,    list, frames, i, k, n, m, count, at) {
	count = first_count = 0
	n = split(stacks, list, "\036")
	for (i = 1; i < n; i++) {
		m = split(list[i], frames, "\037")
		for (k = 1; k < m; k++) {
			match(frames[k], /@[^@]*$/)
			names[count] = substr(frames[k], 1, RSTART - 1)
			places[count++] = substr(frames[k], RSTART + 1)
		}
		if (i == 1)
			first_count = count
	}
	return count
}

# The place of a report is that of the frame of interest, or of the first frame that has one, frame 0
# apart, which may be the tool's own; the tool's summary may name its own interceptor.
function located(place, wanted, places, count,    i) {
	if (wanted ~ /compiler-rt\/lib\// || index(place, wanted))
		return 1
	for (i = 0; i < count && i < first_count; i++) {
		if (index(places[i], wanted))
			return 1
		if (i && places[i] !~ /:0$/)
			return 0
	}
	return 0
}

# Exchanges the first two stacks.
function swapped(stacks,    list, i, n, s) {
	n = split(stacks, list, "\036")
	if (n < 3)
		return stacks
	s = list[2] "\036" list[1] "\036"
	for (i = 3; i < n; i++)
		s = s list[i] "\036"
	return s
}

# Do the frames of finding K agree with what is expected? FuzzManager numbers the frames of all
# stacks in one go; its "len=" and last frame ("-1=") are of all that it took for one.
function agree(log_name, k, all, wanted,    want, names, places, i, n, count, number, name, bare) {
	count = unfold(all, names, places)
	n = split(wanted, want, ";")
	bare = 0
	for (i = 1; i <= n; i++) {
		name = want[i]
		if (name ~ /^len=/) {
			number = substr(name, 5) + 0
			if (number != first_count && number != count && n == 1)
				return 0
			continue
		}
		if (name ~ /^-1=/)
			continue
		if (name ~ /^@/) {
			if (!located(place[log_name, k], substr(name, 2), places, count))
				return 0
			continue
		}
		number = bare
		if (match(name, /^[0-9]+=/)) {
			number = substr(name, 1, RLENGTH - 1) + 0
			name = substr(name, RLENGTH + 1)
		} else
			bare++
		# the tool's summary, and some peers, leave out interceptors
		if (number == 0 && has(top[log_name, k], name))
			continue
		if (number >= count || !has(names[number], name))
			return 0
	}
	return 1
}

# Of rows with a place for each finding, each must be that of one.
function agree_places(log_name, wanted,    want, i, k, n, seen) {
	n = split(wanted, want, ";")
	for (i = 1; i <= n; i++) {
		if (want[i] !~ /^@/)
			return 0
		seen = 0
		for (k = 1; k <= found[log_name] && !seen; k++)
			seen = index(place[log_name, k], substr(want[i], 2))
		if (!seen)
			return 0
	}
	return n > 1
}

# Peers' names of kinds, where they are not the tools' own: our kind must match the pattern.
BEGIN {
	peer["undefined-behavior"] = peer["UBSAN_WARNING"] = "."
	peer["leaked references"] = "^refleak$"
	peer["leaked file descriptors"] = "^fdleak$"
	peer["leaked memory blocks"] = "^blockleak$"
	peer["UndefinedBehaviorSanitizer.enum"] = "^invalid-enum-load$"
	peer["UndefinedBehaviorSanitizer.bool"] = "^invalid-bool-load$"
	peer["UndefinedBehaviorSanitizer"] = "."
	peer["AddressSanitizer.generic-error"] = peer["LeakSanitizer"] = "."
	peer["Fatal Python error: _PyObject_AssertFailed"] = "^(assertion|negative-refcount)$"
	peer["MemorySanitizer"] = peer["ThreadSanitizer"] = "."
}

function is_kind(log_name, k, wanted) {
	if (wanted in peer)
		return kind[log_name, k] ~ peer[wanted]
	sub(/^UndefinedBehaviorSanitizer\./, "", wanted)
	return kind[log_name, k] == wanted || message[log_name, k] == wanted
}

# Prose: each of its words is in what we say of the finding. What stands in "[@ ...]" is a frame.
function is_prose(log_name, k, wanted,    ours, words, frame, i, n) {
	frame = ""
	if (match(wanted, /\[@ [^]]*\]/))
		frame = substr(wanted, RSTART + 3, RLENGTH - 4)
	sub(/ ?\[@ .*/, "", wanted)
	if (wanted == "")
		return category[log_name, k] ~ /crash|out-of-bounds/ && (frame == "??" || \
			index(stacks[log_name, k], frame))
	if (wanted ~ /^Assertion failure: /) # the program's own
		return 1
	ours = toolname[tool[log_name, k]] ": " kind[log_name, k] ": " place[log_name, k] \
		": runtime error: " message[log_name, k]
	n = split(wanted, words, / +/)
	for (i = 1; i <= n; i++)
		if (!index(ours, words[i]))
			return 0
	return 1
}

BEGIN {
	toolname["asan"] = "AddressSanitizer"
	toolname["lsan"] = "LeakSanitizer"
	toolname["msan"] = "MemorySanitizer"
	toolname["tsan"] = "ThreadSanitizer"
	toolname["ubsan"] = "UndefinedBehaviorSanitizer"
	toolname["memcheck"] = "Valgrind"
	toolname["cpython"] = "Fatal Python error"
}

# What is wrong with the kinds of a log, or "".
function wrong_kinds(log_name, wanted,    list, number, total, any, i, k, n, seen, bad) {
	bad = ""
	if (wanted == "(none)")
		return found[log_name] ? " " found[log_name] " findings" : ""
	if (wanted !~ /^[^;]*=[0-9]+(;|$)/) {
		n = wanted ~ /^UndefinedBehaviorSanitizer\./ ? split(wanted, list, ";") : 1
		if (n == 1)
			list[1] = wanted
		for (i = 1; i <= n; i++) {
			number = 0
			for (k = 1; k <= found[log_name] && !number; k++)
				number = is_kind(log_name, k, list[i]) || \
					is_prose(log_name, k, list[i])
			if (!number)
				bad = bad " no " list[i] ", but " kind[log_name, 1]
		}
		return bad
	}
	n = split(wanted, list, ";")
	total = any = 0
	for (i = 1; i <= n; i++) {
		match(list[i], /=[0-9]+$/)
		number = substr(list[i], RSTART + 1) + 0
		list[i] = substr(list[i], 1, RSTART - 1)
		total += number
		any += (list[i] in peer) && peer[list[i]] == "."
		seen[i] = -number
		for (k = 1; k <= found[log_name]; k++)
			seen[i] += is_kind(log_name, k, list[i])
	}
	# where one of the names stands for any kind, the others are among it
	for (i = 1; i <= n; i++)
		if (any ? seen[i] < 0 : seen[i])
			bad = bad " " list[i] ": " seen[i]
	return any && found[log_name] != total ? bad " " found[log_name] " in all" : bad
}

# Leaks found by ASan, and what UBSan says in a program under ASan, are of other tools than the row's.
function wrong_tools(log_name, wanted,    k, t) {
	for (k = 1; k <= found[log_name]; k++) {
		t = tool[log_name, k]
		if (t != wanted && !(wanted ~ /^[alu]san$/ && t ~ /^[alu]san$/))
			return " tool " t
	}
	return ""
}

function wrong_access(log_name, wanted,    words, n, k, op, size) {
	n = split(tolower(wanted), words, " ")
	size = words[n] ~ /^[0-9]+$/ ? words[n--] : ""
	op = words[n]
	for (k = 1; k <= found[log_name]; k++)
		if (access[log_name, k] ~ "^" op " " size)
			return ""
	return " access " wanted ", not " access[log_name, 1]
}

function wrong_address(log_name, wanted,    k, ours) {
	sub(/^0x0*/, "", wanted)
	for (k = 1; k <= found[log_name]; k++) {
		ours = tolower(address[log_name, k])
		sub(/^0x0*/, "", ours)
		if (ours == tolower(wanted))
			return ""
	}
	return " address " wanted ", not " address[log_name, 1]
}

FILENAME != ARGV[ARGC - 1] {
	if ($3 == "unparsed")
		next
	n = ++found[$1]
	tool[$1, n] = $4
	kind[$1, n] = $5
	category[$1, n] = $6
	access[$1, n] = $7
	address[$1, n] = $8
	top[$1, n] = $9
	place[$1, n] = $11
	message[$1, n] = $16
	if (!(($1, $15) in known)) {
		known[$1, $15] = 1
		distinct[$1]++
	}
	stacks[$1, n] = $17
	if ($4 == "cpython" && $13 != "") {
		stacks[$1, n] = $13
		gsub(/;/, "@\037", stacks[$1, n])
		stacks[$1, n] = stacks[$1, n] "\036"
	}
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

$5 != "-" && $5 !~ /^\(not / {
	kinds++
	bad = wrong_kinds($1, $5) wrong_tools($1, $3)
	if (bad == "")
		right_kind++
	else
		note($1 ":" bad)
}

$6 != "-" && (found[$1] || $6 !~ /^len=0$/) {
	frames++
	ok = agree_places($1, $6)
	for (k = 1; k <= found[$1] && !ok; k++)
		ok = agree($1, k, stacks[$1, k], $6) || (tool[$1, k] == "tsan" && \
			agree($1, k, swapped(stacks[$1, k]), $6)) # FuzzManager sorts a race's stacks
	if (ok)
		right_frames++
	else {
		shown = substr(stacks[$1, 1], 1, 200)
		gsub(/[\036\037]/, ";", shown)
		note($1 ": frames " $6 ", not " top[$1, 1] ": " shown)
	}
}

$7 != "-" || $8 != "-" {
	accesses++
	bad = ($7 != "-" ? wrong_access($1, $7) : "") ($8 != "-" ? wrong_address($1, $8) : "")
	if (bad == "")
		right_access++
	else
		note($1 ":" bad)
}

match($9, /unique=[0-9]+/) {
	folded++
	n = substr($9, RSTART + 7, RLENGTH - 7) + 0
	if (distinct[$1] == n)
		right_folded++
	else
		note($1 ": folded to " distinct[$1] ", not " n)
}

END {
	verdict(1, "number of findings", right_count, counts, 99.5)
	verdict(2, "tool and kind", right_kind, kinds, 99.5)
	verdict(3, "frames", right_frames, frames, 99)
	verdict(4, "access and address", right_access, accesses, 99)
	verdict(5, "distinct bugs after folding", right_folded, folded, 98)
}
