/*
 * scan_dump [-p SIZE] FILE...: what a scanner finds in each log, one line a finding (see dump.h,
 * and after that all its stacks) after the log's name; SIZE: the log is fed in pieces. scan_dump -c
 * COUNT FILE...: cuts each log at COUNT places, and only sees that nothing breaks.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "reports/tests/dump.h"

/* All stacks: in each "FUNCTION@PLACE" and a unit separator a frame, after it a record separator.
 */
static void dump_stacks(struct buf *out, const struct finding *f)
{
	for (size_t i = 0; i < f->stack_count; i++) {
		const struct frames *frames = &f->stacks[i].frames;
		for (size_t k = 0; k < frames->n; k++) {
			const struct frame *frame = &frames->v[k];
			if (frame->function)
				dump_text(out, frame->function);
			else
				buf_addf(out, "%s+%s", frame->module ? frame->module : "?",
				        frame->offset ? frame->offset : "");
			buf_addf(out, frame->column ? "@%s:%d:%d\037" : "@%s:%d\037",
			        frame->file ? frame->file : "", frame->line, frame->column);
		}
		buf_addch(out, '\036');
	}
}

static void on_finding(void *context, struct finding *f)
{
	struct buf *out = context;

	dump_finding(out, f);
	out->len--; /* the line feed */
	buf_addch(out, '\t');
	dump_stacks(out, f);
	buf_addch(out, '\n');
	finding_free(f);
}

static void put(const char *name, char *lines)
{
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		printf("%s\t%s\n", name, line);
}

static void cut(const struct buf *log, long count)
{
	for (long i = 0; i < count && log->len; i++) {
		struct buf out = { 0 };
		size_t from = i % 2 ? (size_t)random() % log->len : 0;
		dump_scan(&out, log->data + from, (size_t)random() % (log->len - from) + 1, 0);
		buf_release(&out);
	}
}

int main(int argc, char **argv)
{
	long piece = 0, cuts = 0;
	int opt;

	while ((opt = getopt(argc, argv, "p:c:")) != -1) {
		if (opt == 'p')
			piece = strtol(optarg, NULL, 10);
		else if (opt == 'c')
			cuts = strtol(optarg, NULL, 10);
		else
			return 2;
	}
	for (int i = optind; i < argc; i++) {
		struct buf log = { 0 }, out = { 0 };
		struct err e;
		if (file_read(argv[i], &log, 0, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
		cut(&log, cuts);
		if (!cuts)
			dump_scan_with(&out, log.data, log.len, piece, on_finding);
		if (out.data)
			put(argv[i], out.data);
		buf_release(&log);
		buf_release(&out);
	}
	return 0;
}
