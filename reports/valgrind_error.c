#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reports/reader.h"
#include "reports/valgrind_error.h"

enum where { AT_START, AT_END, ANYWHERE };

/* The first match counts. What says nothing of a stack goes on as before. */
static const struct {
	const char *text;
	enum where where;
	int role;
} lines[] = {
	{ "Address ", AT_START, -2 }, /* see valgrind_line() */
	{ "Block was alloc'd at", AT_START, ROLE_ALLOC },
	{ "Uninitialised value was created", AT_START, ROLE_ORIGIN },
	{ "This conflicts with a previous", AT_START, ROLE_OTHER_ACCESS },
	{ "but before", AT_START, ROLE_OTHER_ACCESS },
	{ "Conflicting wait call by thread", AT_START, ROLE_OTHER_ACCESS },
	{ "Other segment start", AT_START, ROLE_OTHER_ACCESS },
	{ "Other segment end", AT_START, ROLE_OTHER_ACCESS },
	{ "Allocation context:", ANYWHERE, ROLE_ALLOC },
	{ "Acquired at:", AT_START, ROLE_LOCK },
	{ "Previously closed", AT_START, ROLE_FREE },
	{ "Originally opened", AT_START, ROLE_ALLOC },
	{ "acquisition of lock at ", ANYWHERE, ROLE_LOCK },
	{ " was first observed", ANYWHERE, ROLE_LOCK },
	{ " free'd", AT_END, ROLE_FREE },
	{ " alloc'd", AT_END, ROLE_ALLOC },
};

static int is_line(size_t i, const char *text)
{
	if (lines[i].where == AT_START)
		return text_after(text, lines[i].text) != NULL;
	if (lines[i].where == AT_END)
		return text_ends(text, lines[i].text);
	return strstr(text, lines[i].text) != NULL;
}

/* "Address 0x5 is 0 bytes inside a block of size 8 alloc'd", and the other kinds of places */
static int address_line(struct finding *f, const char *text, int had)
{
	if (!f->access.address)
		f->access.address = hex_dup(f, text + strlen("Address "));
	if (text_ends(text, " free'd"))
		return ROLE_FREE;
	if (text_ends(text, " alloc'd") || text_ends(text, " client-defined"))
		return ROLE_ALLOC;
	if (strstr(text, "Allocation context:"))
		return ROLE_ALLOC;
	return strstr(text, " segment of ") ? -1 : had;
}

int valgrind_line(struct finding *f, const char *text, int had)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (!is_line(i, text))
			continue;
		return lines[i].role == -2 ? address_line(f, text, had) : lines[i].role;
	}
	const char *at = text_after_any(text, "mapped region at address ");
	if (at && !f->access.address)
		f->access.address = hex_dup(f, at);
	return had;
}

enum role valgrind_first_role(const char *kind)
{
	return text_after(kind, "Leak_") || !strcmp(kind, "FdNotClosed") ? ROLE_ALLOC : ROLE_ACCESS;
}

void valgrind_access(struct finding *f)
{
	const char *message = f->message ? f->message : "";

	if (!strcmp(f->kind, "InvalidRead") || !strcmp(f->kind, "InvalidWrite") ||
	        !strcmp(f->kind, "Race")) {
		access_parse(f, &f->access, message);
	} else if (!strcmp(f->kind, "ConflictingAccess")) {
		const char *at = text_after_any(message, " at 0x");
		const char *size = text_after_any(message, " size ");
		f->access.op = strstr(message, " load ") ? "read" : "write";
		f->access.address = at ? hex_dup(f, at - 2) : NULL;
		f->access.size = size ? strtoull(size, NULL, 10) : 0;
	}
}

const char *valgrind_tool_of(const char *kind)
{
	static const char *const helgrind[] = { "Race", "UnlockUnlocked", "UnlockForeign",
		"UnlockBogus", "PthAPIerror", "LockOrder", "Misc", "Dubious" };
	static const char *const drd[] = { "ConflictingAccess", "MutexErr", "CondErr",
		"CondDestrErr", "CondRaceErr", "CondWaitErr", "SemaphoreErr", "BarrierErr",
		"RwlockErr", "HoldtimeErr", "GenericErr", "InvalidThreadId", "UnimpHgClReq",
		"UnimpDrdClReq" };

	for (size_t i = 0; i < sizeof helgrind / sizeof *helgrind; i++)
		if (!strcmp(kind, helgrind[i]))
			return "helgrind";
	for (size_t i = 0; i < sizeof drd / sizeof *drd; i++)
		if (!strcmp(kind, drd[i]))
			return "drd";
	return "memcheck";
}

const char *valgrind_tool(const char *name)
{
	static const char *const names[] = { "helgrind", "drd", "memcheck" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return names[i];
	/* with --tool=none there are errors of file descriptors alone; the others are long gone */
	return !strcmp(name, "none") || text_after(name, "exp-") ? "memcheck" : NULL;
}
