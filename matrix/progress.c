#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "matrix/progress.h"
#include "matrix/queue.h"

static const double REDRAW = 0.1; /* seconds between two bars: thousands of units cost nothing */

struct progress {
	enum progress_mode mode;
	int colour;
	int done, total;
	double remaining, left_at; /* seconds, and when that was said */
	double drawn;
	int shown; /* a bar is on the terminal */
	const struct task **running;
	size_t count, cap;
};

int progress_parse(const char *mode)
{
	static const char *const names[] = { "auto", "bar", "plain", "none" };

	for (int i = 0; i < 4; i++)
		if (strcmp(mode, names[i]) == 0)
			return i;
	return -1;
}

/* https://no-color.org and https://bixense.com/clicolors: set and not empty, set and not "0". */
int colour_for(int wanted, FILE *f)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (wanted >= 0)
		return wanted;
	if (no && *no)
		return 0;
	if (force && *force && strcmp(force, "0") != 0)
		return 1;
	return isatty(fileno(f)) && !(term && strcmp(term, "dumb") == 0);
}

static enum progress_mode find_mode(void)
{
	const char *term = getenv("TERM");

	return isatty(2) && term && strcmp(term, "dumb") != 0 ? PROGRESS_BAR : PROGRESS_PLAIN;
}

struct progress *progress_new(enum progress_mode mode, int colour)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->mode = mode == PROGRESS_AUTO ? find_mode() : mode;
	p->colour = colour_for(colour, stderr);
	return p;
}

static void wipe(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = 0;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	wipe(p);
	fflush(stderr);
	free(p->running);
	free(p);
}

/* Names come from files and logs: nothing of them may steer the terminal. */
static void add_clean(struct buf *b, const char *s)
{
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];
		if (c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0))
			buf_addf(b, "[0x%02X]", c == 0xc2 ? next : c);
		else
			buf_addch(b, *s);
		s += c == 0xc2 && next >= 0x80 && next < 0xa0;
	}
}

static void add_name(struct buf *b, const struct task *t)
{
	if (t->cell && *t->cell) {
		add_clean(b, t->cell);
		buf_addch(b, ':');
	}
	add_clean(b, t->name ? t->name : t->kind);
}

static void add_time(struct buf *b, double seconds)
{
	long s = (long)(seconds + 0.5);

	if (s >= 3600)
		buf_addf(b, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		buf_addf(b, "%ld:%02ld", s / 60, s % 60);
}

/* Cuts to COLUMNS characters, never within one. */
static void cut(struct buf *b, size_t columns)
{
	size_t i = 0, n = 0;

	for (; i < b->len; i++) {
		if (((unsigned char)b->data[i] & 0xc0) == 0x80)
			continue;
		if (n++ == columns)
			break;
	}
	b->len = i;
	if (b->data)
		b->data[i] = 0;
}

static size_t columns(void)
{
	struct winsize w = { 0 };

	return ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 10 ? w.ws_col - 1u : 79;
}

static void draw(struct progress *p, int now)
{
	struct buf b = { 0 };
	double t = clock_now(), left = p->remaining - (t - p->left_at);

	if (p->mode != PROGRESS_BAR || (!now && t - p->drawn < REDRAW))
		return;
	p->drawn = t;
	buf_addf(&b, "[%d/%d] ", p->done, p->total);
	add_time(&b, left > 0 ? left : 0);
	buf_addstr(&b, " left");
	for (size_t i = 0; i < p->count; i++) {
		buf_addstr(&b, i ? ", " : " | ");
		add_name(&b, p->running[i]);
	}
	cut(&b, columns());
	fprintf(stderr, "\r%s\033[K", b.data);
	fflush(stderr);
	p->shown = 1;
	buf_release(&b);
}

void progress_start(struct progress *p, const struct task *t)
{
	if (!p)
		return;
	if (p->count == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 8;
		p->running = xrealloc(p->running, p->cap * sizeof *p->running);
	}
	p->running[p->count++] = t;
	draw(p, 0);
}

static void forget(struct progress *p, const struct task *t)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->running[i] == t) {
			memmove(p->running + i, p->running + i + 1,
				(p->count - i - 1) * sizeof *p->running);
			p->count--;
			return;
		}
}

void progress_end(struct progress *p, const struct task *t, const char *verdict, int bad,
	double seconds)
{
	struct buf b = { 0 };

	if (!p)
		return;
	forget(p, t);
	/* On a terminal only what somebody has to look at stays. */
	if (p->mode == PROGRESS_PLAIN || (p->mode == PROGRESS_BAR && bad)) {
		wipe(p);
		if (p->mode == PROGRESS_PLAIN)
			buf_addf(&b, "[%d/%d] ", p->done, p->total);
		add_name(&b, t);
		buf_addf(&b, " %s", p->colour ? bad ? "\033[31m" : "\033[32m" : "");
		add_clean(&b, verdict);
		buf_addf(&b, "%s (%.1f s)", p->colour ? "\033[0m" : "", seconds);
		fprintf(stderr, "%s\n", b.data);
		buf_release(&b);
	}
	draw(p, p->mode == PROGRESS_BAR && bad);
}

void progress_update(struct progress *p, int done, int total, double remaining)
{
	if (!p)
		return;
	p->done = done;
	p->total = total;
	p->remaining = remaining;
	p->left_at = clock_now();
	draw(p, 0);
}

int progress_tick(struct progress *p)
{
	if (!p || p->mode != PROGRESS_BAR)
		return 0;
	draw(p, 0);
	return 1;
}

int progress_runs(const struct progress *p, const struct task *t)
{
	for (size_t i = 0; p && i < p->count; i++)
		if (p->running[i] == t)
			return 1;
	return 0;
}

void progress_say(struct progress *p, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	struct buf b = { 0 };

	if (p && p->mode == PROGRESS_NONE)
		return;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return;
	add_clean(&b, text);
	if (p)
		wipe(p);
	fprintf(stderr, "%s\n", b.data ? b.data : "");
	if (p)
		draw(p, 1);
	buf_release(&b);
	free(text);
}
