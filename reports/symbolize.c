#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/mem.h"
#include "common/text.h"
#include "reports/buildid.h"
#include "reports/reader.h"
#include "reports/symbolize.h"
#include "reports/symbolizer.h"

/* What was looked up is remembered, until that is too much: then all is forgotten. */
enum { PLACES_MAX = 8192, SLOTS = 2 * PLACES_MAX, MODULES_MAX = 256 };

struct place {
	const char *module;
	unsigned long long offset;
	struct frames frames; /* empty: it has no name */
};

struct module {
	char *path, *id; /* ID: of the file that is here, or NULL */
	int here;        /* it is an ELF file that may be asked about */
};

static struct {
	struct finding *names; /* owns what the places hold */
	struct place *places;
	size_t place_count;
	unsigned short *slots; /* index into places, plus 1; 0: free */
	struct module modules[MODULES_MAX];
	size_t module_count;
} known;

static void forget_places(void)
{
	finding_free(known.names);
	free(known.places);
	free(known.slots);
	known.names = NULL;
	known.places = NULL;
	known.slots = NULL;
	known.place_count = 0;
}

static void forget_modules(void)
{
	while (known.module_count) {
		struct module *m = &known.modules[--known.module_count];

		free(m->path);
		free(m->id);
	}
}

void symbolize_end(void)
{
	forget_places();
	forget_modules();
	symbolizer_end();
}

/* What the kernel shows there are no files, even if they look like some. */
static int may_be_module(const char *path)
{
	static const char *const never[] = { "/proc/", "/sys/", "/dev/", "/run/" };

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (text_after(path, never[i]))
			return 0;
	return *path == '/' && !strstr(path, "/../");
}

static const struct module *module_of(const char *path)
{
	int symbols = 0;

	for (size_t i = 0; i < known.module_count; i++)
		if (!strcmp(known.modules[i].path, path))
			return &known.modules[i];
	if (known.module_count == MODULES_MAX)
		forget_modules();
	struct module *m = &known.modules[known.module_count++];
	m->path = xstrdup(path);
	m->id = NULL;
	/* where there are but exported names, the checker had all that there is */
	m->here = may_be_module(path) && buildid_read(path, &m->id, &symbols) && symbols;
	return m;
}

/* Such paths are the same on every machine, and what they name is not. */
static int of_the_system(const char *path)
{
	static const char *const places[] = { "/lib", "/usr/lib", "/bin/", "/usr/bin/", "/sbin/",
		"/usr/sbin/", "/usr/libexec/" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (text_after(path, places[i]))
			return 1;
	return 0;
}

static int needs_name(const struct frame *frame)
{
	return !frame->function && !frame->file && frame->module && frame->offset;
}

/*
 * Is what is here under that path the build that the log is of? If the log has its id, that says
 * it. A path that is of no system is taken at its word, and then this is the machine of the log,
 * and its system's libraries are as well the same.
 */
static int is_same(const struct frame *frame, int local)
{
	const struct module *m = module_of(frame->module);

	if (!m->here)
		return 0;
	if (frame->build_id)
		return m->id && !strcasecmp(m->id, frame->build_id);
	return local || !of_the_system(frame->module);
}

static int is_local(const struct finding *f)
{
	for (size_t i = 0; i < f->stack_count; i++)
		for (size_t k = 0; k < f->stacks[i].frames.n; k++) {
			const struct frame *frame = &f->stacks[i].frames.v[k];
			if (needs_name(frame) && is_same(frame, 0))
				return 1;
		}
	return 0;
}

static const struct place *place_of(const char *module, unsigned long long offset)
{
	size_t slot = XXH3_64bits_withSeed(module, strlen(module), offset) % SLOTS;

	if (known.place_count == PLACES_MAX)
		forget_places();
	if (!known.names) {
		known.names = finding_new("", "");
		known.places = xcalloc(PLACES_MAX, sizeof *known.places);
		known.slots = xcalloc(SLOTS, sizeof *known.slots);
	}
	for (; known.slots[slot]; slot = (slot + 1) % SLOTS) {
		const struct place *p = &known.places[known.slots[slot] - 1];
		if (p->offset == offset && !strcmp(p->module, module))
			return p;
	}
	struct place *p = &known.places[known.place_count++];
	known.slots[slot] = (unsigned short)known.place_count;
	p->module = finding_strdup(known.names, module);
	p->offset = offset;
	symbolizer_ask(module, offset, known.names, &p->frames);
	return p;
}

/* FRAME's names at the end of TO, one for each function that was inlined; or FRAME as it is. */
static void add_named(struct finding *f, struct frames *to, const struct frame *frame, int local)
{
	const struct place *p = NULL;
	size_t from = to->n;

	if (needs_name(frame) && is_same(frame, local))
		p = place_of(frame->module, strtoull(frame->offset, NULL, 16));
	if (!p || !p->frames.n) {
		*frames_add(f, to) = *frame;
		return;
	}
	frames_copy(f, to, &p->frames);
	for (size_t i = from; i < to->n; i++) {
		to->v[i].module = frame->module;
		to->v[i].offset = frame->offset;
		to->v[i].build_id = frame->build_id;
	}
}

static void name_stack(struct finding *f, struct frames *frames, int local)
{
	struct frames named = { 0 };
	size_t i = 0;

	while (i < frames->n && !needs_name(&frames->v[i]))
		i++;
	if (i == frames->n)
		return;
	for (i = 0; i < frames->n && named.n < REPORT_FRAMES_MAX; i++)
		add_named(f, &named, &frames->v[i], local);
	*frames = named;
}

/* "/path/NAME" if F's text has that with an offset: TSan's summary does, its frames do not. */
static const char *full_path(struct finding *f, const char *name)
{
	char *tail = xasprintf("/%s+0x", name);
	const char *end = f->text ? strstr(f->text, tail) : NULL, *from = end;

	while (from && from > f->text && !strchr("( \n", from[-1]))
		from--;
	const char *path = end && *from == '/' ? finding_strndup(f, from,
	                                                 (size_t)(end - from) + 1 + strlen(name))
	                                       : NULL;
	free(tail);
	return path;
}

static void complete_paths(struct finding *f)
{
	const char *name = NULL, *path = NULL;

	for (size_t i = 0; i < f->stack_count; i++)
		for (size_t k = 0; k < f->stacks[i].frames.n; k++) {
			struct frame *frame = &f->stacks[i].frames.v[k];
			if (!needs_name(frame) || strchr(frame->module, '/'))
				continue;
			if (!name || strcmp(name, frame->module) != 0) {
				name = frame->module;
				path = full_path(f, name);
			}
			frame->module = path ? path : frame->module;
		}
}

void symbolize_finding(struct finding *f)
{
	int needed = 0;

	for (size_t i = 0; i < f->stack_count; i++)
		for (size_t k = 0; k < f->stacks[i].frames.n && !needed; k++)
			needed = needs_name(&f->stacks[i].frames.v[k]);
	if (!needed)
		return;
	complete_paths(f);
	int local = is_local(f);
	for (size_t i = 0; i < f->stack_count; i++)
		name_stack(f, &f->stacks[i].frames, local);
}
