#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "matrix/machine.h"

#define GIB (1024.0 * 1024 * 1024)

/* Takes VALUE and NOTE. */
static void add(struct settings *s, const char *name, char *value, char *note)
{
	s->v = xrealloc(s->v, (s->n + 1) * sizeof *s->v);
	s->v[s->n++] = (struct setting){ xstrdup(name), value, note };
}

/* The first line of ROOT/PATH; "unknown" if it cannot be read; owned. */
static char *first_line(const char *root, const char *path)
{
	char *whole = xasprintf("%s%s", root, path), *line = NULL;
	struct buf text = { 0 };

	if (file_read(whole, &text, 65536, NULL) == 0 && text.data)
		line = xstrndup(text.data, strcspn(text.data, "\n"));
	buf_release(&text);
	free(whole);
	return line ? line : xstrdup("unknown");
}

static void add_sysctl(struct settings *s, const char *root)
{
	char *bits = first_line(root, "/proc/sys/vm/mmap_rnd_bits");
	char *scope = first_line(root, "/proc/sys/kernel/yama/ptrace_scope");
	char *core = first_line(root, "/proc/sys/kernel/core_pattern");

	add(s, "vm.mmap_rnd_bits", bits, atoi(bits) > 28 ?
		xstrdup("above 28, which breaks the ThreadSanitizer of gcc 13, clang 17 and older; "
			"`sysctl vm.mmap_rnd_bits=28`, or a newer compiler") : NULL);
	add(s, "kernel.yama.ptrace_scope", scope, atoi(scope) > 1 ?
		xstrdup("above 1: no stacks by attaching a debugger, and LeakSanitizer cannot stop "
			"the threads of its process; `sysctl kernel.yama.ptrace_scope=1`") : NULL);
	add(s, "kernel.core_pattern", core, *core == '|' ?
		xstrdup("crashes go through a program; units set their core limit to 0") : NULL);
}

/* The value in bytes of "NAME:   123 kB" in /proc/meminfo; 0 when it is not there. */
static double meminfo(const char *root, const char *name)
{
	char *path = xasprintf("%s/proc/meminfo", root);
	struct buf text = { 0 };
	double bytes = 0;

	if (file_read(path, &text, 65536, NULL) == 0 && text.data) {
		const char *found = strstr(text.data, name);
		bytes = found ? strtod(found + strlen(name) + 1, NULL) * 1024 : 0;
	}
	buf_release(&text);
	free(path);
	return bytes;
}

static void add_memory(struct settings *s, const char *root)
{
	double total = meminfo(root, "MemTotal"), available = meminfo(root, "MemAvailable");

	add(s, "memory",
		xasprintf("%.1f GiB, %.1f GiB of it available", total / GIB, available / GIB),
		available < 2 * GIB ?
		xstrdup("less than 2 GiB available: few units will run at once") : NULL);
}

static void add_disk(struct settings *s, const char *cache)
{
	struct statvfs st;

	if (statvfs(cache, &st) < 0) {
		add(s, "cache", xstrdup(cache), xstrdup("this folder cannot be used"));
		return;
	}
	double free_bytes = (double)st.f_bavail * (double)st.f_frsize;
	add(s, "cache", xasprintf("%s, %.1f GiB free", cache, free_bytes / GIB),
		access(cache, W_OK) < 0	 ? xstrdup("this folder cannot be written to") :
		free_bytes < 5 * GIB ? xstrdup("less than 5 GiB free: four cells of a large "
					       "runtime need about 3 GiB") : NULL);
}

void machine_settings(struct settings *s, const char *root, const char *cache)
{
	struct utsname u;

	if (uname(&u) == 0)
		add(s, "kernel", xasprintf("%s %s %s", u.sysname, u.release, u.machine), NULL);
	add(s, "cores", xasprintf("%ld", sysconf(_SC_NPROCESSORS_ONLN)), NULL);
	add_memory(s, root);
	add_disk(s, cache);
	add_sysctl(s, root);
}

void settings_release(struct settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].value);
		free(s->v[i].note);
	}
	free(s->v);
	*s = (struct settings){ 0 };
}
