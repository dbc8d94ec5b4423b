/*
 * Valgrind's XML: its elements, and documents that several writers, signals and programs have spoiled.
 * Whole logs are in samples/ (test_scan.c).
 */
#include "reports/tests/found.h"

/* The documents are laid out as such, which clang-format would undo. */
/* clang-format off */

#define HEAD "<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n<protocolversion>4</protocolversion>\n" \
	"<protocoltool>%s</protocoltool>\n\n<pid>7</pid>\n<ppid>6</ppid>\n<tool>memcheck</tool>\n\n"
#define FRAME(fn) "    <frame>\n      <ip>0x1</ip>\n      <obj>/x</obj>\n      <fn>" fn "</fn>\n" \
	"      <dir>/s</dir>\n      <file>a.c</file>\n      <line>3</line>\n    </frame>\n"
#define STACK(fn) "  <stack>\n" FRAME(fn) "  </stack>\n"
#define ERROR(unique, kind, rest) "<error>\n  <unique>" unique "</unique>\n  <tid>1</tid>\n" \
	"  <kind>" kind "</kind>\n" rest "</error>\n\n"
#define READ(unique, fn) ERROR(unique, "InvalidRead", \
	"  <what>Invalid read of size 4</what>\n" STACK(fn) \
	"  <auxwhat>Address 0x5 is 0 bytes inside a block of size 4 free'd</auxwhat>\n" STACK("free"))
#define TAIL "</valgrindoutput>\n"

static char *document(const char *tool, const char *rest)
{
	char *head = xasprintf(HEAD, tool), *all = xasprintf("%s%s", head, rest);

	free(head);
	return all;
}

static void scan_document(const char *tool, const char *rest)
{
	char *text = document(tool, rest);

	scan(text);
	free(text);
}

static void drd_elements(void **state)
{
	(void)state;
	scan_document("drd",
		ERROR("0x0", "HoldtimeErr",
		      "  <acquired_at>\n" STACK("take") "  </acquired_at>\n"
		      "  <what>Lock on mutex 0x1 was held during 8 ms (threshold: 5 ms).</what>\n"
		      STACK("give") "  <first_observed_at>\n    <what>mutex</what>\n"
		      "    <address>0x1</address>\n" STACK("init") "  </first_observed_at>\n")
		ERROR("0x1", "BarrierErr",
		      "  <what>Reinitialization: barrier 0x2</what>\n" STACK("again")
		      "  <confl_wait_call>\n  <what>Conflicting wait call by thread 2:</what>\n"
		      STACK("wait") "  </confl_wait_call>\n")
		"  <trace><text>[1] mutex_trylock</text>\n" STACK("traced") "  </trace>\n"
		ERROR("0x2", "ConflictingAccess",
		      "  <what>Conflicting load by thread 1 at 0x04a6c034 size 4</what>\n"
		      STACK("load") "  <auxwhat>Address 0x4 is at offset 4 from 0x0.</auxwhat>\n"
		      "  <allocation_context>\n" STACK("malloc") "  </allocation_context>\n"
		      "  <other_segment_start>\n" STACK("from") "  </other_segment_start>\n"
		      "  <other_segment_end>\n" STACK("to") "  </other_segment_end>\n")
		"<errorcounts>\n  <pair>\n    <count>5</count>\n    <unique>0x2</unique>\n  </pair>\n"
		"</errorcounts>\n\n" TAIL);
	assert_int_equal(found_count, 3);
	check_stacks(found[0], "access:give lock:take lock:init");
	assert_string_equal(found[0]->message,
			    "Lock on mutex 0x1 was held during 8 ms (threshold: 5 ms).");
	check_stacks(found[1], "access:again other-access:wait");
	check_stacks(found[2], "access:load alloc:malloc other-access:from other-access:to");
	assert_int_equal(found[2]->count, 5);
	assert_string_equal(found[2]->access.op, "read");
	assert_string_equal(found[2]->access.address, "0x04a6c034");
	assert_string_equal(found[2]->tool, "drd");
	assert_int_equal(told_count, 0);
}

static void helgrind_elements(void **state)
{
	(void)state;
	scan_document("helgrind",
		"<announcethread>\n  <hthreadid>1</hthreadid>\n  <isrootthread></isrootthread>\n"
		"</announcethread>\n\n"
		"<announcethread>\n  <hthreadid>2</hthreadid>\n" STACK("clone") "</announcethread>\n"
		ERROR("0x0", "PthAPIerror",
		      "  <xwhat>\n    <text>Thread #2's call to f failed</text>\n"
		      "    <hthreadid>2</hthreadid>\n  </xwhat>\n"
		      "  <what>with error code 16 (EBUSY)</what>\n" STACK("f")
		      "  <auxwhat>Lock at 0x5 was first observed</auxwhat>\n" STACK("first")
		      "  <suppression>\n    <sname>x</sname>\n    <sframe> <fun>f</fun> </sframe>\n"
		      "    <rawtext>\n<![CDATA[\n{\n   <insert_a_suppression_name_here>\n   H:M\n}\n]]>\n"
		      "    </rawtext>\n  </suppression>\n")
		TAIL);
	check_stacks(only(), "access:f lock:first thread:clone");
	assert_string_equal(only()->message, "Thread #2's call to f failed");
	assert_non_null(strstr(only()->text, "EBUSY"));
	assert_int_equal(told_count, 0);
}

static void protocols_5_and_6(void **state)
{
	(void)state;
	scan_document("memcheck",
		"<error>\n  <unique>0x0</unique>\n  <tid>1</tid>\n  <kind>FdBadClose</kind>\n"
		"  <fd>3</fd>\n  <path>/tmp/x</path>\n"
		"  <what>File descriptor 3: <unknown> is already closed</what>\n" STACK("close")
		"  <auxwhat>Previously closed</auxwhat>\n" STACK("fclose")
		"  <auxwhat>Originally opened</auxwhat>\n" STACK("open") "</error>\n"
		"<error_summary>\n <errors>1</errors>\n</error_summary>\n"
		"<leak_summary>\n <definitely_lost>\n  <bytes>48</bytes>\n </definitely_lost>\n"
		"</leak_summary>\n<all_heap_blocks_freed>false</all_heap_blocks_freed>\n" TAIL);
	check_stacks(only(), "access:close free:fclose alloc:open");
	assert_string_equal(only()->message, "File descriptor 3: <unknown> is already closed");
	assert_int_equal(told_count, 0);
}

/* The same document, spoiled: N findings with REASON (NULL: nothing) told. */
static void check_spoiled(const char *text, size_t n, const char *reason)
{
	scan(text);
	assert_int_equal(found_count, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(found[i]->kind, "InvalidRead");
	if (reason) {
		assert_true(told_count > 0);
		assert_string_equal(told[0]->reason, reason);
	} else {
		assert_int_equal(told_count, 0);
	}
}

static void spoiled(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *reason;
	} rows[] = {
		{ READ("0x0", "f") READ("0x1", "g") TAIL, 2, NULL },
		{ READ("0x0", "f") READ("0x1", "g"), 2,
		  "the document has no end: the process was killed" },
		/* a program's own output, at the beginning of a line and before a tag */
		{ "a < b && c\n" READ("0x0", "f") "out\377put" READ("0x1", "g") TAIL, 2, NULL },
		/* what no XML may have */
		{ READ("0x0", "o\001ps && <lambda>::x\377") READ("0x1", "g") TAIL, 2, NULL },
		/* an end where none is expected, and one that is missing */
		{ READ("0x0", "f") TAIL READ("0x1", "g") TAIL, 2, NULL },
		{ "<error>\n  <unique>0x5</unique>\n  <kind>InvalidRead</kind>\n  <stack>\n"
		  READ("0x1", "g") TAIL, 2, "the element has no end" },
		{ "<error>\n  <unique>0x5</unique>\n  <kind>InvalidRead</kind>\n x</error>y\n"
		  READ("0x1", "g") TAIL, 2, NULL },
		{ STACK("lost") "</error>\n" READ("0x1", "g") TAIL, 1,
		  "a part of an element whose beginning is missing" },
		/* one line */
		{ "<error><unique>0x1</unique><kind>InvalidRead</kind></error><error><unique>0x2"
		  "</unique><kind>InvalidRead</kind></error></valgrindoutput>", 2, NULL },
		{ "<error>\r\n<unique>0x1</unique>\r\n<kind>InvalidRead</kind>\r\n</error>\r\n" TAIL,
		  1, NULL },
		{ "<error>\n<unique>0x1</unique>\n</error>\n" TAIL, 0, "an error without a kind" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = document("memcheck", rows[i].text);
		check_spoiled(text, rows[i].n, rows[i].reason);
		free(text);
	}
}

/* A document that was cut at its beginning, and an <error> that is of something else. */
static void headless(void **state)
{
	(void)state;
	scan("n>\n</stack>\n</error>\n" READ("0x1", "g") TAIL);
	check_stacks(only(), "access:g free:free");
	assert_string_equal(only()->tool, "memcheck");
	/* two at once: the first is read, and none is lost without a word */
	scan("<error>\n<kind>InvalidRead</kind>\n</stack></error><error>\n"
	     "<kind>UninitValue</kind>\n</error>\n" READ("0x1", "g"));
	assert_true(found_count >= 2 && told_count > 0);
	scan("<testsuite>\n<error>\n no \n</error>\n</testsuite>\n");
	assert_int_equal(found_count, 0);
	assert_int_equal(told_count, 0);
}

/* Lines of others in the midst of an element are seen by their readers. */
static void amid_other_logs(void **state)
{
	(void)state;
	scan_document("memcheck",
		"a.c:3:4: runtime error: division by zero\n"
		"<error>\n  <unique>0x5</unique>\n  <kind>InvalidRead</kind>\n"
		"==9== Invalid write of size 1\n"
		"==9==    at 0x1: other (a.c:1)\n"
		"  <what>Invalid read of size 4</what>\n" STACK("f")
		"==9== \n"
		"</error>\n" TAIL
		"<unknown>:0: runtime error: left shift of negative value -1\n");
	assert_int_equal(found_count, 4);
	size_t tools[3] = { 0 };
	for (size_t i = 0; i < found_count; i++) {
		tools[0] += !strcmp(found[i]->tool, "ubsan");
		tools[1] += !strcmp(found[i]->kind, "InvalidRead");
		tools[2] += !strcmp(found[i]->kind, "InvalidWrite");
	}
	assert_int_equal(tools[0], 2);
	assert_int_equal(tools[1], 1);
	assert_int_equal(tools[2], 1);
	assert_int_equal(told_count, 0);
}

/* Any size of pieces gives the same; no cut loses an error that came before it. */
static void pieces_and_cuts(void **state)
{
	char *text = document("memcheck", READ("0x0", "f") "out\n" READ("0x1", "g") READ("0x2", "h")
			      "<errorcounts>\n  <pair>\n    <count>3</count>\n"
			      "    <unique>0x1</unique>\n  </pair>\n</errorcounts>\n" TAIL);
	size_t len = strlen(text);
	const char *end;

	(void)state;
	for (size_t piece = 1; piece < 60; piece++) {
		scan_pieces(text, len, piece);
		assert_int_equal(found_count, 3);
		assert_int_equal(found[1]->count, 3);
		assert_int_equal(told_count, 0);
	}
	for (size_t cut = 0; cut < len; cut += 7) {
		size_t whole = 0;
		for (end = text; (end = strstr(end, "</error>")) && end + 8 <= text + cut; end++)
			whole++;
		scan_pieces(text, cut, 1 << 16);
		assert_in_range(found_count, whole, whole + 1);
		assert_true(cut < 40 || told_count > 0);
	}
	free(text);
}

static void endless_element(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_addf(&b, HEAD, "memcheck");
	buf_addstr(&b, "<error>\n  <unique>0x1</unique>\n  <kind>InvalidRead</kind>\n  <stack>\n");
	for (int i = 0; i < 10000; i++)
		buf_addstr(&b, FRAME("f"));
	buf_addstr(&b, "  </stack>\n</error>\n" READ("0x2", "g") TAIL);
	scan(b.data);
	buf_release(&b);
	assert_int_equal(found_count, 2);
	assert_int_equal(found[0]->stacks[0].frames.n, 256);
	check_stacks(found[1], "access:g free:free");
	assert_int_equal(told_count, 1);
	assert_string_equal(told[0]->reason, "the element is too long");
}

/* What was overwritten may stand where a number was: it is then unknown, and never negative. */
static void numbers(void **state)
{
	(void)state;
	scan("<valgrindoutput>\n<pid>-368</pid>\n<tool>memcheck</tool>\n"
	     ERROR("0x1", "InvalidRead", "  <what>Invalid read of size 4</what>\n  <stack>\n"
		   "    <frame>\n<ip>0x1</ip><fn>f</fn><line>74555555555555555555</line>\n</frame>\n"
		   "    <frame>\n<ip>0x1</ip><fn>g</fn><line>-3</line>\n</frame>\n"
		   "    <frame>\n<ip>0x1</ip><fn>h</fn><line> 3</line>\n</frame>\n  </stack>\n")
	     READ("0x2", "f")
	     "<errorcounts>\n<pair>\n<count>-5</count>\n<unique>0x1</unique>\n</pair>\n"
	     "<pair>\n<count>18446744073709551615</count>\n<unique>0x2</unique>\n</pair>\n"
	     "</errorcounts>\n" TAIL);
	assert_int_equal(found_count, 2);
	assert_int_equal(found[0]->occurrences->pid, 0);
	assert_int_equal(found[0]->stacks[0].frames.v[0].line, 0);
	assert_int_equal(found[0]->stacks[0].frames.v[1].line, 0);
	assert_int_equal(found[0]->stacks[0].frames.v[2].line, 3);
	assert_int_equal(found[0]->count, 1);
	assert_int_equal(found[1]->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(drd_elements),
		TEST(helgrind_elements),
		TEST(protocols_5_and_6),
		TEST(spoiled),
		TEST(headless),
		TEST(amid_other_logs),
		TEST(pieces_and_cuts),
		TEST(endless_element),
		TEST(numbers),
	};

	return cmocka_run_group_tests(tests, no_symbols, NULL);
}
