/*
 * Keys that stay the same over runs, machines and compilers. "s1:" is strict: the tool, its
 * canonical kind, the kind of access and up to five frames without addresses, lines, arguments and
 * what is on the way to everything. "b1:" is coarse: the first frame only. A change of the rules
 * changes the number.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/buf.h"
#include "common/text.h"
#include "reports/ignore.h"
#include "reports/scan.h"
#include "reports/sites.h"

enum { STRICT_FRAMES = 5, RACE_FRAMES = 2, KNOWN_KEYS = 2048 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int frame_is_common(const struct frame *frame)
{
	return frame_ignored(frame, IGNORE_KEY);
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
		if (!frame_ignored(&stack->frames.v[i], IGNORE_TOP))
			return &stack->frames.v[i];
	return &stack->frames.v[0];
}

static void add_line(struct buf *b, const char *s)
{
	buf_add_line(b, s, strlen(s));
}

/* With all frames ignored, the lesser rules hold, and in the end the first frame. */
static void add_stack(struct buf *b, const struct frames *frames, size_t max)
{
	if (!sites_add(b, frames, max, IGNORE_KEY) && !sites_add(b, frames, max, IGNORE_TOP) &&
	        frames->n)
		site_add(b, &frames->v[0]);
}

/*
 * The sites of the stacks of these roles, sorted: which thread came first is chance. ONCE: how many
 * stacks have a site is chance too.
 */
static void add_sorted(struct buf *b, const struct finding *f, enum role one, enum role other,
        size_t max, int once)
{
	struct strv sites = { 0 };

	for (size_t i = 0; i < f->stack_count; i++) {
		struct buf key = { 0 };
		if (f->stacks[i].role != one && f->stacks[i].role != other)
			continue;
		add_stack(&key, &f->stacks[i].frames, max);
		if (once && key.data && strv_has(&sites, key.data))
			buf_release(&key);
		else
			strv_own(&sites, buf_detach(&key));
	}
	strv_sort(&sites);
	for (size_t i = 0; i < sites.n; i++)
		buf_addf(b, "{%s}\n", sites.v[i]);
	strv_release(&sites);
}

/* A message without what changes from run to run: addresses and numbers. */
static void add_message(struct buf *b, const char *s, size_t len)
{
	for (const char *end = s ? s + len : NULL; s < end;) {
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

/* How much of a message is the same in each run: an exception's type, a warning's words. */
static size_t telling_length(const struct finding *f)
{
	static const char *const statistics[] = { "dumprefs", "mallocstats", "showrefcount" };
	const char *s = f->message, *object;

	for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++)
		if (text_is(f->kind, statistics[i]))
			return 0;
	if (text_is(f->kind, "unraisable") || text_ends(f->kind, "-exception"))
		return strcspn(s, ":");
	if (text_ends(f->kind, "leak") && (object = strstr(s, " leaked [")))
		return (size_t)(object - s);
	if (!text_is(f->kind, "ResourceWarning") && !text_is(f->kind, "never-awaited"))
		return strlen(s);
	size_t n = strcspn(s, "<"); /* of "<_io.FileIO name='/tmp/x'>", what it is */
	return n + strcspn(s + n, " ");
}

static void add_runtime(struct buf *b, const struct finding *f, size_t max)
{
	const struct stack *stack = finding_find(f, ROLE_ACCESS);
	const struct stack *made = finding_find(f, ROLE_ALLOC);

	if (made && text_is(f->kind, "ResourceWarning"))
		stack = made;
	if (!text_after(f->kind, "SIG") || text_is(f->tool, "process"))
		add_message(b, f->message, f->message ? telling_length(f) : 0);
	if (stack && stack->frames.n && stack->frames.v[0].file)
		add_line(b, base_name(stack->frames.v[0].file));
	if (stack)
		add_stack(b, &stack->frames, max);
	for (size_t i = 0; i < f->python.n && i < max; i++)
		buf_addf(b, "%s %s\n", base_name(f->python.v[i].file ? f->python.v[i].file : ""),
		        f->python.v[i].function ? f->python.v[i].function : "");
}

/* Direct or indirect is chance, and so is which of two reads saw the undefined bits. */
static const char *canonical_kind(const struct finding *f)
{
	if (text_is(f->category, "leak"))
		return "leak";
	return text_after(f->kind, "data race") ? "data race" : f->kind;
}

static void add_key(struct buf *b, const struct finding *f, size_t max)
{
	/* the category tells a read of a freed block from one beyond a block, which Memcheck does
	 * not */
	add_line(b, f->tool);
	add_line(b, canonical_kind(f));
	add_line(b, f->category);
	if (text_is(f->category, "race")) {
		/* DRD knows between which two calls the other access was, and not where: that is chance */
		int known = !text_is(f->tool, "drd");
		add_sorted(b, f, ROLE_ACCESS, known ? ROLE_OTHER_ACCESS : ROLE_ACCESS,
		        max > 1 ? RACE_FRAMES : 1, 0);
		return;
	}
	if (text_is(f->category, "deadlock")) {
		add_sorted(b, f, ROLE_LOCK, ROLE_ACCESS, max > 1 ? RACE_FRAMES : 1, 1);
		return;
	}
	/* UBSan tells of one expression as an access to a member and as a store to it */
	if (f->access.op && !text_is(f->tool, "ubsan"))
		add_line(b, f->access.op);
	const struct stack *stack = main_stack(f);
	if (text_is(f->tool, "cpython") || text_is(f->tool, "process")) {
		add_runtime(b, f, max);
	} else if (stack && stack->frames.n) {
		const struct frame *first = &stack->frames.v[0];
		int one = text_is(f->tool, "ubsan") && !text_is(f->category, "crash");
		if (one && first->file)
			add_line(b, base_name(first->file));
		add_stack(b, &stack->frames, one ? 1 : max);
	} else {
		add_message(b, f->message, f->message ? strlen(f->message) : 0);
	}
}

static char *add_hex(char *out, uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[value >> shift & 15];
	return out;
}

/* Is a site in the key that begins with '?': a place in a module? */
static int has_place(const struct buf *b)
{
	const char *p = b->data, *end = p + b->len;

	while ((p = memchr(p, '?', (size_t)(end - p)))) {
		if (p > b->data && (p[-1] == '\n' || p[-1] == '{'))
			return 1;
		p++;
	}
	return 0;
}

/*
 * PREFIX, of three bytes, and a hash of the key with MAX frames. A '?' after it says that the key
 * has a place in a module in it, and changes with the next build. B is room for it.
 */
static const char *hash(struct buf *b, const char *prefix, struct finding *f, size_t max)
{
	char text[3 + 32 + 1] = { 0 };
	size_t len = sizeof text - 1;

	buf_reset(b);
	add_key(b, f, max);
	XXH128_hash_t h = XXH3_128bits(b->data, b->len);
	memcpy(text, prefix, 3);
	add_hex(add_hex(text + 3, h.high64), h.low64);
	if (has_place(b))
		text[len++] = '?';
	return finding_strndup(f, text, len);
}

static const char *key(const char *prefix, struct finding *f, size_t max)
{
	struct buf b = { 0 };

	buf_room(&b, 1000); /* for most keys, at once */
	const char *k = hash(&b, prefix, f, max);
	buf_release(&b);
	return k;
}

static void add_exact(struct buf *b, const char *s)
{
	size_t len = s ? strlen(s) : 0, mark = s ? len : SIZE_MAX;
	char *p = buf_room(b, sizeof mark + len);

	memcpy(p, &mark, sizeof mark);
	if (len)
		memcpy(p + sizeof mark, s, len);
	b->len += sizeof mark + len;
}

static void add_exact_stack(struct buf *b, const struct stack *stack)
{
	buf_addch(b, (char)('a' + stack->role));
	for (size_t i = 0; i < stack->frames.n; i++) {
		const struct frame *frame = &stack->frames.v[i];

		add_exact(b, frame->function);
		add_exact(b, frame->file);
		add_exact(b, frame->module);
		add_exact(b, frame->function ? NULL : frame->offset);
		buf_add(b, &frame->line, sizeof frame->line);
	}
}

/* All that the strict key of F is made of, as it is; 0 where there is more than names and stacks. */
static int add_exact_key(struct buf *b, const struct finding *f)
{
	int many = text_is(f->category, "race") || text_is(f->category, "deadlock");
	const struct stack *stack = main_stack(f);

	if (!stack || !stack->frames.n || text_is(f->tool, "cpython") || text_is(f->tool, "process"))
		return 0;
	add_exact(b, f->tool);
	add_exact(b, f->kind);
	add_exact(b, f->category);
	add_exact(b, f->access.op);
	for (size_t i = 0; i < f->stack_count && many; i++)
		add_exact_stack(b, &f->stacks[i]);
	if (!many)
		add_exact_stack(b, stack);
	return 1;
}

/*
 * The same stacks come again and again, and to hash them as they are costs less than to make their
 * keys. Bounded: a newer key takes the place of an older one.
 */
static const char *remembered_key(struct finding *f)
{
	static struct {
		XXH128_hash_t exact;
		char key[3 + 32 + 1 + 1];
	} known[KNOWN_KEYS];
	struct buf b = { 0 };
	const char *k;

	buf_room(&b, 2000); /* for most keys, at once */
	if (add_exact_key(&b, f)) {
		XXH128_hash_t exact = XXH3_128bits(b.data, b.len);
		size_t i = exact.low64 % KNOWN_KEYS;

		if (!known[i].key[0] || !XXH128_isEqual(known[i].exact, exact)) {
			known[i].exact = exact;
			snprintf(known[i].key, sizeof known[i].key, "%s",
			         hash(&b, "s1:", f, STRICT_FRAMES));
		}
		k = finding_strdup(f, known[i].key);
	} else {
		k = hash(&b, "s1:", f, STRICT_FRAMES);
	}
	buf_release(&b);
	return k;
}

void fingerprint_strict(struct finding *f)
{
	f->fingerprint = remembered_key(f);
	f->bucket = NULL;
}

void fingerprint_bucket(struct finding *f)
{
	if (!f->bucket)
		f->bucket = key("b1:", f, 1);
}

void fingerprint(struct finding *f)
{
	fingerprint_strict(f);
	fingerprint_bucket(f);
}

void key_functions(struct buf *b, const struct frames *frames, size_t max)
{
	size_t from = b->len;

	if (sites_add(b, frames, max, IGNORE_KEY) || sites_add(b, frames, max, IGNORE_TOP)) {
		/* one that changes with the next build is no ground to join by */
		if (b->data[from] == '?')
			b->len = from;
	}
}
