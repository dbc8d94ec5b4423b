/*
 * scan_dump FILE...: one line a finding, tab-separated: file, line, pid, tool, kind, category, access,
 * address, top frame, frames of the first stack, place of the top frame, roles, Python frames, count, fingerprint,
 * message; with "-p N" the log is fed in pieces of N bytes, with "-t" texts follow.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "reports/scan.h"

static int texts;

static void put(const char *s)
{
	for (; s && *s; s++)
		putchar(*s == '\t' || *s == '\n' ? ' ' : *s);
}

static void put_frames(const struct frames *frames)
{
	for (size_t i = 0; i < frames->n; i++) {
		put(frames->v[i].function ? frames->v[i].function : "?");
		putchar(';');
	}
}

static void put_place(const struct frame *frame)
{
	if (!frame || !frame->file)
		return;
	printf("%s:%d", frame->file, frame->line);
	if (frame->column)
		printf(":%d", frame->column);
}

static void finding(void *context, struct finding *f)
{
	const struct frame *top = finding_top(f);

	put(context);
	printf("\t%ld\t%ld\t%s\t", f->occurrences->line, f->occurrences->pid, f->tool);
	put(f->kind);
	printf("\t%s\t%s %zu\t%s\t", f->category, f->access.op ? f->access.op : "-", f->access.size,
	       f->access.address ? f->access.address : "-");
	put(top && top->function ? top->function : "-");
	putchar('\t');
	if (f->stack_count)
		put_frames(&f->stacks[0].frames);
	putchar('\t');
	put_place(top);
	putchar('\t');
	for (size_t i = 0; i < f->stack_count; i++)
		printf("%s:%zu;", role_names[f->stacks[i].role], f->stacks[i].frames.n);
	putchar('\t');
	put_frames(&f->python);
	printf("\t%zu\t%s\t", f->count, f->fingerprint);
	put(f->message);
	putchar('\n');
	if (texts)
		printf("----\n%s----\n", f->text ? f->text : "(no text)\n");
	finding_free(f);
}

static void unparsed(void *context, struct unparsed *u)
{
	fprintf(stderr, "%s:%ld: %s: %s\n", (char *)context, u->line, u->reason, u->text);
	free(u->log);
	free(u->text);
	free(u->reason);
	free(u);
}

int main(int argc, char **argv)
{
	size_t piece = 0;
	int opt;

	while ((opt = getopt(argc, argv, "p:t")) != -1) {
		if (opt == 'p')
			piece = strtoul(optarg, NULL, 10);
		else if (opt == 't')
			texts = 1;
		else
			return 2;
	}
	for (int i = optind; i < argc; i++) {
		struct buf b = {0};
		struct err e;
		struct sink sink = {finding, unparsed, argv[i]};
		if (file_read(argv[i], &b, 0, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
		struct scanner *s = scanner_new(argv[i], &sink);
		size_t step = piece ? piece : b.len;
		for (size_t at = 0; at < b.len; at += step)
			scanner_feed(s, b.data + at, b.len - at < step ? b.len - at : step);
		scanner_finish(s);
		buf_release(&b);
	}
	return 0;
}
