/*
 * Keys that stay the same over runs, machines and compilers. "s1:" is strict: the tool, its
 * canonical kind, the kind of access and up to five frames without addresses, lines, arguments and
 * what is on the way to everything. "b1:" is coarse: the first frame only. A change of the rules
 * changes the number.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/ignore.h"
#include "reports/scan.h"

enum { STRICT_FRAMES = 5, RACE_FRAMES = 2 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Takes every TEXT out of S. */
static void drop(char *s, const char *text)
{
	size_t len = strlen(text);

	for (char *p = s; (p = strstr(p, text));)
		memmove(p, p + len, strlen(p + len) + 1);
}

/* Where the arguments begin: the first parenthesis but those of "operator()". */
static size_t arguments(const char *s)
{
	const char *from = strstr(s, "operator()");
	size_t skip = from ? (size_t)(from - s) + strlen("operator()") : 0;

	return skip + strcspn(s + skip, "(");
}

/* A function's name without what compilers and libraries add; NULL for NULL. Owned by the caller.
 */
static char *normalise(const char *function)
{
	static const char *const marks[] = {
		".part.",
		".isra.",
		".constprop.",
		".cold",
		".lto_priv.",
		".llvm.",
		"@",
		"[abi:",
	};

	if (!function)
		return NULL;
	char *s = xstrdup(function);
	drop(s, "(anonymous namespace)::");
	drop(s, "{anonymous}::");
	if (*s != '(' && *s != '<')
		s[arguments(s)] = 0;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		char *mark = strstr(s, marks[i]);
		if (mark && mark > s)
			*mark = 0;
	}
	size_t len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		s[--len] = 0;
	return s;
}

static int ignored(const struct frame *frame, enum ignore_level level)
{
	char *function = normalise(frame->function);
	int yes = frame_ignored(frame, function, level);

	free(function);
	return yes;
}

int frame_is_common(const struct frame *frame)
{
	return ignored(frame, IGNORE_KEY);
}

static const struct stack *main_stack(const struct finding *f)
{
	const struct stack *stack = finding_find(f, ROLE_ACCESS);

	if (!stack)
		stack = finding_find(f, ROLE_LOCK);
	return stack || !f->stack_count ? stack : &f->stacks[0];
}

const struct frame *finding_top(const struct finding *f)
{
	const struct stack *stack = main_stack(f);

	if (!stack || !stack->frames.n)
		return NULL;
	for (size_t i = 0; i < stack->frames.n; i++)
		if (!ignored(&stack->frames.v[i], IGNORE_TOP))
			return &stack->frames.v[i];
	return &stack->frames.v[0];
}

/* One frame as a piece of a key. "?" marks what changes with the next build. */
static char *site(const struct frame *frame)
{
	if (frame->function)
		return normalise(frame->function);
	if (frame->file)
		return xasprintf("%s:%d", base_name(frame->file), frame->line);
	if (frame->module)
		return xasprintf(
		        "?%s+%s", base_name(frame->module), frame->offset ? frame->offset : "");
	return xstrdup("?");
}

static int has_line(const struct buf *b, size_t from, const char *s)
{
	char *line = xasprintf("%s\n", s);
	int found = b->data && strstr(b->data + from, line) != NULL;

	free(line);
	return found;
}

/* Up to MAX frames that level LEVEL lets through; a function is named once: recursion folds. */
static size_t add_frames(
        struct buf *b, const struct frames *frames, size_t max, enum ignore_level level)
{
	size_t from = b->len, added = 0;

	for (size_t i = 0; i < frames->n && added < max; i++) {
		if (ignored(&frames->v[i], level))
			continue;
		char *s = site(&frames->v[i]);
		if (!has_line(b, from, s)) {
			buf_addf(b, "%s\n", s);
			added++;
		}
		free(s);
	}
	return added;
}

/* With all frames ignored, the lesser rules hold, and in the end the first frame. */
static void add_stack(struct buf *b, const struct frames *frames, size_t max)
{
	if (add_frames(b, frames, max, IGNORE_KEY) || add_frames(b, frames, max, IGNORE_TOP))
		return;
	if (frames->n) {
		char *s = site(&frames->v[0]);
		buf_addf(b, "%s\n", s);
		free(s);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The sites of the stacks of roles A and B, sorted: which thread came first is chance. */
static void add_sorted(
        struct buf *b, const struct finding *f, enum role one, enum role other, size_t max)
{
	struct strv sites = { 0 };

	for (size_t i = 0; i < f->stack_count; i++) {
		struct buf key = { 0 };
		if (f->stacks[i].role != one && f->stacks[i].role != other)
			continue;
		add_stack(&key, &f->stacks[i].frames, max);
		strv_own(&sites, buf_detach(&key));
	}
	if (sites.n)
		qsort(sites.v, sites.n, sizeof *sites.v, compare);
	for (size_t i = 0; i < sites.n; i++)
		buf_addf(b, "{%s}\n", sites.v[i]);
	strv_release(&sites);
}

/* A message without what changes from run to run: addresses and numbers. */
static void add_message(struct buf *b, const char *s)
{
	while (s && *s) {
		if (s[0] == '0' && s[1] == 'x') {
			for (s += 2; isxdigit((unsigned char)*s);)
				s++;
			buf_addch(b, '#');
		} else if (isdigit((unsigned char)*s)) {
			while (isdigit((unsigned char)*s))
				s++;
			buf_addch(b, '#');
		} else {
			buf_addch(b, *s++);
		}
	}
	buf_addch(b, '\n');
}

static void add_runtime(struct buf *b, const struct finding *f, size_t max)
{
	const struct stack *stack = finding_find(f, ROLE_ACCESS);

	if (!text_after(f->kind, "SIG") || !strcmp(f->tool, "process"))
		add_message(b, f->message);
	if (stack && stack->frames.n && stack->frames.v[0].file)
		buf_addf(b, "%s\n", base_name(stack->frames.v[0].file));
	if (stack)
		add_stack(b, &stack->frames, max);
	for (size_t i = 0; i < f->python.n && i < max; i++)
		buf_addf(b, "%s %s\n", base_name(f->python.v[i].file ? f->python.v[i].file : ""),
		        f->python.v[i].function ? f->python.v[i].function : "");
}

/* Direct or indirect is chance, and so is which of two reads saw the undefined bits. */
static const char *canonical_kind(const struct finding *f)
{
	if (!strcmp(f->category, "leak"))
		return "leak";
	return text_after(f->kind, "data race") ? "data race" : f->kind;
}

static void add_key(struct buf *b, const struct finding *f, size_t max)
{
	/* the category tells a read of a freed block from one beyond a block, which Memcheck does
	 * not */
	buf_addf(b, "%s\n%s\n%s\n", f->tool, canonical_kind(f), f->category);
	if (!strcmp(f->category, "race")) {
		add_sorted(b, f, ROLE_ACCESS, ROLE_OTHER_ACCESS, max > 1 ? RACE_FRAMES : 1);
		return;
	}
	if (!strcmp(f->category, "deadlock")) {
		add_sorted(b, f, ROLE_LOCK, ROLE_ACCESS, max > 1 ? RACE_FRAMES : 1);
		return;
	}
	if (f->access.op)
		buf_addf(b, "%s\n", f->access.op);
	const struct stack *stack = main_stack(f);
	if (!strcmp(f->tool, "cpython") || !strcmp(f->tool, "process")) {
		add_runtime(b, f, max);
	} else if (stack && stack->frames.n) {
		const struct frame *first = &stack->frames.v[0];
		int one = !strcmp(f->tool, "ubsan") && strcmp(f->category, "crash") != 0;
		if (one && first->file)
			buf_addf(b, "%s\n", base_name(first->file));
		add_stack(b, &stack->frames, one ? 1 : max);
	} else {
		add_message(b, f->message);
	}
}

static const char *hash(const char *prefix, struct finding *f, size_t max)
{
	struct buf b = { 0 };

	add_key(&b, f, max);
	XXH128_hash_t h = XXH3_128bits(b.data, b.len);
	buf_release(&b);
	return finding_printf(f, "%s:%016llx%016llx", prefix, (unsigned long long)h.high64,
	        (unsigned long long)h.low64);
}

void fingerprint(struct finding *f)
{
	f->fingerprint = hash("s1", f, STRICT_FRAMES);
	f->bucket = hash("b1", f, 1);
}
