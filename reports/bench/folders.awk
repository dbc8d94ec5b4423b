# folders.awk -v out=DIR -v folders=N: N result folders of 1,000 test cases each, as a fan-out of four
# cells leaves them: a partition of one cell, ten units, a report in one unit of five.
# Prints nothing; the folders' own directories have to be there (mkdir is the caller's).

function put(path, text) {
	printf "%s", text >path
	close(path)
}

function cases(unit,    s, i) {
	s = "<?xml version=\"1.0\"?>\n<testsuites><testsuite name=\"" unit "\" tests=\"100\">\n"
	for (i = 0; i < 100; i++) {
		s = s "<testcase name=\"test.test_" unit ".TestCase" int(i / 20) ".test_something_" i \
			"\" status=\"run\" result=\"completed\" time=\"0.00" i % 10 "123\""
		if (i % 50 == 7)
			s = s "><skipped>requires the 'network' resource</skipped></testcase>\n"
		else
			s = s "/>\n"
	}
	return s "</testsuite></testsuites>\n"
}

function report(pid, bug) {
	return "==" pid "==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc " \
		"0x55 bp 0x7f sp 0x7e\nREAD of size 8 at 0x602000000010 thread T0\n" \
		"    #0 0x55 in function_" bug " /src/a.c:3:5\n    #1 0x56 in caller_" bug \
		" /src/a.c:9:2\n    #2 0x57 in main /src/a.c:19:2\n\nSUMMARY: AddressSanitizer: " \
		"heap-use-after-free /src/a.c:3:5 in function_" bug "\n==" pid "==ABORTING\n"
}

BEGIN {
	split("debug asan valgrind tsan", names, " ")
	per_cell = int((folders + 3) / 4)
	for (f = 0; f < folders; f++) {
		cell = names[f % 4 + 1]
		dir = out "/" f
		units = ""
		for (u = 0; u < 10; u++) {
			unit = "test_" f "_" u
			at = dir "/" cell "/units/" unit "/"
			units = units (u ? ", " : "") "\"" unit "\""
			put(at "unit.json", "{\"schema\": \"sanmatrix-unit/1\", \"cell\": \"" cell \
				"\", \"unit\": \"" unit "\", \"started\": \"2026-11-20T06:" \
				sprintf("%02d:%02d", f % 60, u) "\", \"seconds\": 1.5, \"user_seconds\": 1.25," \
				" \"max_rss\": " 1000000 + f * 10 + u ", \"exit_code\": 0, \"attempt\": 1}\n")
			put(at "junit.xml", cases(f "_" u))
			put(at "output.txt", "test_one (test.test_" f "_" u ".TestCase0.test_one) ... ok\n")
			if (u % 5 == 3)
				put(at "asan." f * 10 + u, report(f * 10 + u, (f * 10 + u) % 97))
		}
		put(dir "/" cell "/cell.json", "{\"schema\": \"sanmatrix-cell/1\", \"cell\": \"" cell \
			"\", \"state\": \"ready\", \"requested\": true, \"seconds\": 2.5, \"rerun\": " \
			"{\"alone\": [\"toy\", \"{unit}\"], \"debugger\": [\"gdb\", \"--args\"]}, " \
			"\"controls\": [{\"name\": \"leak\", \"seen\": true, \"found\": [], " \
			"\"seconds\": 0." f ", \"expected\": {\"tool\": \"lsan\", \"kind\": \"leak\", " \
			"\"category\": \"leak\"}}], \"properties\": {\"flags\": \"-g\"}}\n")
		put(dir "/run.json", "{\"schema\": \"sanmatrix-run/1\", \"runtime\": \"toy-1\", " \
			"\"version\": \"1.0\", \"started\": \"2026-11-20T06:00:00\", \"hostname\": \"h\", " \
			"\"partition\": \"hash:" int(f / 4) + 1 "/" per_cell "\", \"cells\": [{\"name\": \"" \
			cell "\", \"requested\": true, \"units\": [" units "]}]}\n")
	}
}
