#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"
#include "reports/reader.h"
#include "reports/valgrind_error.h"

static int is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

static xmlNode *child(xmlNode *node, const char *name)
{
	for (xmlNode *c = node->children; c; c = c->next)
		if (is_element(c, name))
			return c;
	return NULL;
}

static char *node_text(xmlNode *node)
{
	xmlChar *content = xmlNodeGetContent(node);
	const char *s = content ? (const char *)content : "";

	s += strspn(s, " \t\r\n");
	size_t len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	char *text = xstrndup(s, len);
	xmlFree(content);
	return text;
}

char *xml_child_text(xmlNode *node, const char *name)
{
	xmlNode *found = child(node, name);

	return found ? node_text(found) : NULL;
}

/* The same as a string of F's. */
static const char *own_text(struct finding *f, xmlNode *node, const char *name)
{
	char *text = xml_child_text(node, name), *own = finding_strdup(f, text);

	free(text);
	return own;
}

static void take_frame(struct finding *f, struct frames *frames, struct buf *text, xmlNode *node)
{
	int first = frames->n == 0;
	struct frame *frame = frames_add(f, frames);
	char *dir = xml_child_text(node, "dir"), *line = xml_child_text(node, "line");
	char *ip = xml_child_text(node, "ip");

	frame->function = own_text(f, node, "fn");
	frame->module = own_text(f, node, "obj");
	frame->file = own_text(f, node, "file");
	frame->line = line ? atoi(line) : 0;
	buf_addf(text, "   %s %s: %s", first ? "at" : "by", ip ? ip : "?",
	        frame->function ? frame->function : "?\?\?");
	if (frame->file)
		buf_addf(text, " (%s:%d)\n", frame->file, frame->line);
	else
		buf_addf(text, " (in %s)\n", frame->module ? frame->module : "?");
	if (dir && frame->file && frame->file[0] != '/')
		frame->file = finding_printf(f, "%s/%s", dir, frame->file);
	free(dir);
	free(line);
	free(ip);
}

static void take_stack(struct finding *f, struct buf *text, xmlNode *node, int role)
{
	struct frames frames = { 0 };

	for (xmlNode *c = node->children; c && frames.n < REPORT_FRAMES_MAX; c = c->next)
		if (is_element(c, "frame"))
			take_frame(f, &frames, text, c);
	if (role >= 0 && f->stack_count < REPORT_STACKS_MAX)
		finding_stack(f, (enum role)role)->frames = frames;
}

/* What an auxiliary line says of the stack that follows it; -1: nothing that we keep. */
static int aux_role(const char *aux, int had)
{
	if (text_ends(aux, "free'd"))
		return ROLE_FREE;
	if (text_ends(aux, "alloc'd") || strstr(aux, "lock was alloc'd") ||
	        text_after(aux, "Block was alloc'd"))
		return ROLE_ALLOC;
	if (text_after(aux, "Uninitialised value was created"))
		return ROLE_ORIGIN;
	if (text_after(aux, "This conflicts with a previous"))
		return ROLE_OTHER_ACCESS;
	if (strstr(aux, "lock ") || strstr(aux, "Lock "))
		return ROLE_LOCK;
	return had;
}

static void take_address(struct finding *f, const char *aux)
{
	const char *address = text_after(aux, "Address ");

	if (address && !f->access.address)
		f->access.address = hex_dup(f, address);
}

/* <what>, or <xwhat><text>; the same for aux. NULL if NODE is neither. Owned by the caller. */
static char *prose(xmlNode *node, const char *plain, const char *rich)
{
	if (is_element(node, plain))
		return node_text(node);
	return is_element(node, rich) ? xml_child_text(node, "text") : NULL;
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

static void take_message(struct finding *f, struct buf *text, char *what)
{
	for (char *p = what; *p; p++)
		if (*p == '\n')
			*p = ' ';
	buf_addf(text, "%s\n", what);
	if (f->message)
		return;
	f->message = finding_strdup(f, what);
	valgrind_access(f);
}

static void take_children(struct finding *f, struct buf *text, xmlNode *error)
{
	int role = text_after(f->kind, "Leak_") ? ROLE_ALLOC : ROLE_ACCESS;

	for (xmlNode *c = error->children; c; c = c->next) {
		char *what = prose(c, "what", "xwhat"), *aux = prose(c, "auxwhat", "xauxwhat");
		if (what)
			take_message(f, text, what);
		free(what);
		if (aux) {
			buf_addf(text, " %s\n", aux);
			take_address(f, aux);
			if (f->stack_count)
				role = aux_role(aux, role);
			free(aux);
		}
		if (is_element(c, "stack")) {
			take_stack(f, text, c, role);
			role = -1;
		}
	}
}

static struct finding *fatal_signal(xmlNode *node, const char *tool, struct buf *text)
{
	struct finding *f = finding_new(tool, "fatal_signal");
	char *number = xml_child_text(node, "signo"), *name = xml_child_text(node, "signame");

	f->message = finding_printf(f, "Process terminating with default action of signal %s (%s)",
	        number ? number : "?", name ? name : "?");
	f->access.address = own_text(f, node, "siaddr");
	buf_addf(text, "%s\n", f->message);
	free(number);
	free(name);
	return f;
}

struct finding *valgrind_error(xmlNode *error, const char *tool, long pid, long line)
{
	struct buf text = { 0 };
	struct finding *f;

	if (is_element(error, "fatal_signal")) {
		f = fatal_signal(error, tool, &text);
	} else {
		char *kind = xml_child_text(error, "kind");
		if (!kind || !*kind) {
			free(kind);
			return NULL;
		}
		f = finding_new(tool, kind);
		free(kind);
	}
	take_children(f, &text, error);
	f->text = finding_strndup(f, text.data ? text.data : "", text.len);
	buf_release(&text);
	f->occurrences = xcalloc(1, sizeof *f->occurrences);
	f->occurrence_count = 1;
	f->occurrences->line = line;
	f->occurrences->pid = pid;
	return f;
}
