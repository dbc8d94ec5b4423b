#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/defect_key.h"
#include "reports/scan.h"

/* Below it an address is a null pointer and an offset into what it should point to. */
enum { NULL_PAGE = 0x10000, LEAK_FRAMES = 3 };

static int is_tool(const struct finding *f, const char *list)
{
	const char *at = strstr(list, f->tool);
	size_t n = strlen(f->tool);

	return at && (at == list || at[-1] == ' ') && (!at[n] || at[n] == ' ');
}

static int is_null_access(const struct finding *f)
{
	return f->access.address && strtoull(f->access.address, NULL, 16) < NULL_PAGE;
}

static int is_memcheck_access(const struct finding *f)
{
	return !strcmp(f->tool, "memcheck") &&
	       (!strcmp(f->kind, "InvalidRead") || !strcmp(f->kind, "InvalidWrite"));
}

/* The word that all tools have for it; NULL: it is not joined by a key. */
static const char *class_of(const struct finding *f)
{
	if (!strcmp(f->category, "use-after-free"))
		return is_tool(f, "asan memcheck tsan") ? "use-after-free" : NULL;
	if (!strcmp(f->category, "out-of-bounds") && is_tool(f, "asan memcheck")) {
		/* neither on the heap nor anywhere else that it knows of */
		if (is_memcheck_access(f) && !finding_find(f, ROLE_ALLOC))
			return "crash";
		return strncmp(f->kind, "stack", 5) && strncmp(f->kind, "global", 6)
			       ? "out-of-bounds" : "out-of-bounds of a variable";
	}
	if (!strcmp(f->category, "crash")) {
		if (!is_tool(f, "asan ubsan msan tsan lsan memcheck gdb") ||
		    !strcmp(f->kind, "stack-overflow"))
			return NULL;
		return !f->access.address ? NULL : is_null_access(f) ? "null" : "crash";
	}
	if (!strcmp(f->category, "invalid-free"))
		return is_tool(f, "asan memcheck") ? "invalid-free" : NULL;
	if (!strcmp(f->category, "uninitialised"))
		return is_tool(f, "msan memcheck") ? "uninitialised" : NULL;
	if (!strcmp(f->category, "leak"))
		return is_tool(f, "asan lsan memcheck") ? "leak" : NULL;
	if (!strcmp(f->category, "race"))
		return is_tool(f, "tsan helgrind") ? "race" : NULL;
	if (!strcmp(f->category, "deadlock"))
		return is_tool(f, "tsan helgrind") ? "deadlock" : NULL;
	return NULL;
}

/* The functions of STACK that count, a line each; NULL: it has none with a name. Owned. */
static char *functions(const struct stack *stack, size_t max)
{
	struct buf b = { 0 };

	if (stack)
		key_functions(&b, &stack->frames, max);
	char *lines = b.len ? buf_detach(&b) : NULL;
	buf_release(&b);
	return lines;
}

static int add_part(struct buf *b, const char *role, char *part)
{
	if (part)
		buf_addf(b, "%s:\n%s", role, part);
	free(part);
	return part != NULL;
}

/* The sites of a race or of a lock order, sorted, each once; how many stacks have one. */
static size_t add_sites(struct buf *b, const struct finding *f, enum role one, enum role other,
			size_t max)
{
	struct strv sites = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < f->stack_count; i++) {
		const struct stack *s = &f->stacks[i];
		char *site = s->role == one || s->role == other ? functions(s, max) : NULL;

		n += site != NULL;
		if (site && !strv_has(&sites, site))
			strv_push(&sites, site);
		free(site);
	}
	strv_sort(&sites);
	for (size_t i = 0; i < sites.n; i++)
		buf_addf(b, "site:\n%s", sites.v[i]);
	strv_release(&sites);
	return n;
}

static const struct stack *first_of(const struct finding *f, enum role one, enum role other)
{
	const struct stack *s = finding_find(f, one);

	return s ? s : finding_find(f, other);
}

/* The access, and what makes it wrong: nonzero if F knows both. */
static int add_memory(struct buf *b, const struct finding *f, const char *class, size_t max)
{
	const struct stack *freed = first_of(f, ROLE_FREE, ROLE_OTHER_ACCESS);

	if (!add_part(b, "access", functions(finding_find(f, ROLE_ACCESS), max)))
		return 0;
	if (!strcmp(class, "use-after-free")) /* a variable's end has no stack */
		return add_part(b, "freed", functions(freed, max)) ||
		       !strncmp(f->kind, "stack", 5);
	if (!strcmp(class, "out-of-bounds"))
		return add_part(b, "allocated", functions(finding_find(f, ROLE_ALLOC), max));
	if (!strcmp(class, "invalid-free"))
		add_part(b, "freed", functions(finding_find(f, ROLE_FREE), max));
	return 1;
}

char *defect_key(const struct finding *f, size_t frames)
{
	const char *class = class_of(f);
	struct buf b = { 0 };
	int enough;

	if (!class)
		return NULL;
	buf_addf(&b, "%s\n", class);
	if (!strcmp(class, "race"))
		enough = add_sites(&b, f, ROLE_ACCESS, ROLE_OTHER_ACCESS, frames) >= 2;
	else if (!strcmp(class, "deadlock"))
		enough = add_sites(&b, f, ROLE_LOCK, ROLE_ACCESS, frames) >= 2;
	else if (!strcmp(class, "leak"))
		enough = add_part(&b, "allocated",
				  functions(first_of(f, ROLE_ALLOC, ROLE_ACCESS),
					    frames > 1 ? frames + LEAK_FRAMES : LEAK_FRAMES));
	else
		enough = add_memory(&b, f, class, frames);
	if (enough)
		return buf_detach(&b);
	buf_release(&b);
	return NULL;
}

/* --- hints --- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_line_hint(struct strv *hints, const char *class, const struct finding *f)
{
	const struct frame *top = finding_top(f);

	if (top && top->file && top->line)
		strv_pushf(hints, "line %s %s:%d", class, base_name(top->file), top->line);
}

/* Each site of a race alone: DRD knows only one of the two. */
static void add_site_hints(struct strv *hints, const struct finding *f)
{
	for (size_t i = 0; i < f->stack_count; i++) {
		const struct stack *s = &f->stacks[i];
		char *site = s->role == ROLE_ACCESS || s->role == ROLE_OTHER_ACCESS
				     ? functions(s, 1) : NULL;

		if (site)
			strv_pushf(hints, "site %s", site);
		free(site);
	}
}

/* Where F was seen, as sure as LEVEL says. */
enum level { LEVEL_TEST, LEVEL_PYTHON, LEVEL_UNIT, LEVEL_COUNT };

static void add_place_hints(struct strv *hints, const char *class, const struct finding *f,
			    enum level level)
{
	const struct frame *python = f->python.n ? &f->python.v[0] : NULL;

	if (level == LEVEL_PYTHON && python && python->function && python->file)
		strv_pushf(hints, "python %s %s %s", class, base_name(python->file),
			   python->function);
	for (size_t i = 0; level != LEVEL_PYTHON && i < f->occurrence_count; i++) {
		const struct occurrence *o = &f->occurrences[i];

		if (level == LEVEL_UNIT && o->unit)
			strv_pushf(hints, "unit %s %s", class, o->unit);
		else if (level == LEVEL_TEST && o->unit && o->test)
			strv_pushf(hints, "test %s %s %s", class, o->unit, o->test);
	}
}

/* What the debug allocator complains of, and as what other tools may have seen it. */
static void want_allocator(struct strv *hints, const struct finding *f)
{
	int bounds = !strcmp(f->category, "out-of-bounds");
	int freed = !strcmp(f->category, "invalid-free");

	for (int level = 0; level < LEVEL_COUNT; level++) {
		if (bounds)
			add_place_hints(hints, "out-of-bounds", f, (enum level)level);
		if (freed)
			add_place_hints(hints, "use-after-free", f, (enum level)level);
		if (freed)
			add_place_hints(hints, "invalid-free", f, (enum level)level);
	}
}

static void want(struct strv *hints, const struct finding *f)
{
	if (!strcmp(f->kind, "debug-allocator")) {
		want_allocator(hints, f);
	} else if (!strcmp(f->kind, "null-pointer-use")) {
		add_line_hint(hints, "null", f);
	} else if (!strcmp(f->kind, "out-of-bounds-index")) {
		add_line_hint(hints, "out-of-bounds", f);
	} else if (!strcmp(f->tool, "drd") && !strcmp(f->category, "race")) {
		add_site_hints(hints, f);
	} else if (!strcmp(f->category, "crash") && finding_find(f, ROLE_ACCESS)) {
		add_line_hint(hints, "null", f); /* which address it was is not said */
		add_line_hint(hints, "crash", f);
	}
}

static void give(struct strv *hints, const struct finding *f)
{
	const char *class = class_of(f);

	if (!class)
		return;
	if (!strcmp(class, "race"))
		add_site_hints(hints, f);
	else if (text_after(class, "out-of-bounds"))
		add_line_hint(hints, "out-of-bounds", f);
	else
		add_line_hint(hints, class, f);
	if (!strcmp(class, "out-of-bounds") || !strcmp(class, "use-after-free") ||
	    !strcmp(class, "invalid-free"))
		for (int level = 0; level < LEVEL_COUNT; level++)
			add_place_hints(hints, class, f, (enum level)level);
}

void defect_hints(const struct finding *f, enum hint_kind kind, struct strv *hints)
{
	if (kind == HINT_GIVEN)
		give(hints, f);
	else
		want(hints, f);
}

int defect_hint_is_vague(const char *hint)
{
	return text_after(hint, "unit ") != NULL || text_after(hint, "python ") != NULL;
}
