/* What one tool says of a defect: its words, its stacks, its report. */
#include <stdlib.h>
#include <string.h>

#include "reports/finding_text.h"
#include "reports/scan.h"
#include "reports/write_html.h"

enum { FRAMES_SHOWN = 40, FRAMES_BRIEF = 5 };

static const char *const role_headings[ROLE_COUNT] = {
	[ROLE_ACCESS] = "here it was noticed",
	[ROLE_FREE] = "freed here",
	[ROLE_ALLOC] = "allocated here",
	[ROLE_ORIGIN] = "the value comes from here",
	[ROLE_STORED] = "stored here",
	[ROLE_OTHER_ACCESS] = "the other access",
	[ROLE_LOCK] = "the lock was taken here",
	[ROLE_THREAD] = "the thread was started here",
	[ROLE_PYTHON] = "Python",
};

/* The last PARTS parts of a path: what is before them is the build's folder. */
static const char *short_path(const char *path, int parts)
{
	const char *end = path + strlen(path);

	for (int slashes = 0; end > path; end--)
		if (end[-1] == '/' && ++slashes == parts)
			break;
	return end;
}

static void write_frame(const struct page *p, const struct frame *frame, const char *class)
{
	if (*class)
		html(p->f, "<li class=\"%s\">", class);
	else
		html(p->f, "<li>");
	html(p->f, "<span>%s</span>", frame->function ? frame->function : "??");
	if (frame->file) {
		html(p->f, " <i>%s", short_path(frame->file, 2));
		if (frame->line)
			html(p->f, ":%d", frame->line);
		html(p->f, "</i>");
	} else if (frame->module) {
		html(p->f, " <i>%s%s%s</i>", short_path(frame->module, 1), frame->offset ? "+" : "",
		     frame->offset);
	}
	html(p->f, "</li>");
}

/* The first MAX of FRAMES; TOP is the index of the one that stands out. */
static void write_frames(const struct page *p, const struct frames *frames, size_t top, size_t max)
{
	html(p->f, "<ol class=\"stack\" start=\"0\">");
	for (size_t i = 0; i < frames->n && i < max; i++) {
		const struct frame *f = &frames->v[i];

		write_frame(p, f, i == top ? "top" : frame_is_common(f) ? "common" : "");
	}
	html(p->f, "</ol>\n");
	if (frames->n > max)
		html(p->f, "<p class=\"dim\">and %zu frames more</p>\n", frames->n - max);
}

/* The index of TOP in FRAMES, or one that is not there. */
static size_t place_of(const struct frames *frames, const struct frame *top)
{
	for (size_t i = 0; top && i < frames->n; i++)
		if (&frames->v[i] == top)
			return i;
	return frames->n;
}

/* So many of FRAMES that the one at TOP is among them, or where it is not, the first of interest. */
static size_t brief(const struct frames *frames, size_t top)
{
	size_t first = 0;

	if (top < frames->n && top < FRAMES_SHOWN)
		return top + FRAMES_BRIEF;
	while (first < frames->n && first < FRAMES_SHOWN && frame_is_common(&frames->v[first]))
		first++;
	return first + 2;
}

static void write_stacks(const struct page *p, const struct finding *f, int whole)
{
	const struct frame *top = finding_top(f);

	html(p->f, "<div class=\"stacks\">\n");
	for (size_t i = 0; i < f->stack_count; i++) {
		const struct stack *s = &f->stacks[i];
		size_t place = place_of(&s->frames, top);

		if (!s->frames.n)
			continue;
		html(p->f, "<div><h5><b>%s</b> %s</h5>\n", role_names[s->role], role_headings[s->role]);
		write_frames(p, &s->frames, place, whole ? FRAMES_SHOWN : brief(&s->frames, place));
		if (s->python.n) {
			html(p->f, "<p class=\"dim\">in Python</p>\n");
			write_frames(p, &s->python, s->python.n, whole ? FRAMES_SHOWN : FRAMES_BRIEF);
		}
		html(p->f, "</div>\n");
	}
	if (f->python.n) {
		html(p->f, "<div><h5><b>python</b> what the interpreter was running</h5>\n");
		write_frames(p, &f->python, f->stack_count ? f->python.n : 0,
			     whole ? FRAMES_SHOWN : FRAMES_BRIEF);
		html(p->f, "</div>\n");
	}
	html(p->f, "</div>\n");
}

static void write_access(const struct page *p, const struct access *a)
{
	if (!a->op)
		return;
	html(p->f, " <span class=\"dim\">%s", a->op);
	if (a->size)
		html(p->f, " of %zu byte%s", a->size, a->size == 1 ? "" : "s");
	html(p->f, "</span>");
}

void page_finding(const struct page *p, const struct finding *f, int whole)
{
	struct rerun again;

	html(p->f, "<section class=\"tool\">\n<h4>%s <span>%s</span>", f->tool, f->kind);
	write_access(p, &f->access);
	html(p->f, "</h4>\n");
	if (f->message && strcmp(f->message, f->kind) != 0)
		html(p->f, "<p class=\"message\">%s</p>\n", f->message);
	write_stacks(p, f, whole);
	if (whole && f->text && *f->text) {
		html(p->f, "<details class=\"report\"><summary>the whole report</summary><pre>");
		html_text(p->f, f->text, REPORT_SHOWN);
		html(p->f, "</pre></details>\n");
	}
	if (!rerun_find(&again, p->r, f, NULL))
		page_rerun(p, &again, whole);
	rerun_release(&again);
	html(p->f, "<p class=\"keys\"><span>fingerprint</span> <code>%s</code></p>\n</section>\n",
	     f->fingerprint);
}
