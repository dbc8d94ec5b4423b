/*
 * Where the Python program is, for the stacks of allocation and free: the code objects of the innermost
 * Python frames and how far each has come, as numbers. Names are looked up when a report needs them.
 *
 * Reads the interpreter's structures without its headers. Offsets, in bytes: 3.8 to 3.11 from those
 * versions' Include/cpython/{pystate,frameobject,code}.h and Include/internal/pycore_frame.h; 3.13 tells
 * its own (_Py_DebugOffsets, Include/internal/pycore_runtime.h). In others there are no Python frames.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "cpython.h"

struct offsets {
	unsigned cframe;  /* in the thread state, of what the frame is in; 0: of the frame itself */
	unsigned current; /* in that, of the innermost frame */
	unsigned previous, code, instruction; /* in a frame */
	unsigned unit;		 /* INSTRUCTION is a number of units of so many bytes; 0: a pointer */
	unsigned filename, name, first_line; /* in a code object */
	unsigned bytecode; /* in a code object, of the first instruction */
};

/* struct _ts, PyFrameObject and PyCodeObject */
static const struct offsets old_offsets[] = {
	[8] = { 0, 24, 24, 32, 104, 1, 104, 112, 40, 0 },
	[9] = { 0, 24, 24, 32, 104, 1, 104, 112, 40, 0 },
	[10] = { 0, 24, 24, 32, 96, 2, 104, 112, 40, 0 },
	/* _PyCFrame, _PyInterpreterFrame */
	[11] = { 56, 8, 48, 32, 56, 0, 112, 128, 72, 184 },
};

/* The head of 3.13's table, as far as it is used: one word each. */
enum {
	TABLE_COOKIE = 0,
	TABLE_VERSION = 1,
	TABLE_CURRENT = 3 + 3 + 13 + 4,
	TABLE_FRAME = 3 + 3 + 13 + 9,	   /* size, previous, executable, instr_ptr, ... */
	TABLE_CODE = TABLE_FRAME + 6, /* size, filename, name, qualname, linetable, firstlineno */
};

static struct offsets at;

static uint64_t table(unsigned i)
{
	uint64_t word;

	memcpy(&word, py.runtime + 8 * i, sizeof word);
	return word;
}

static int read_table(void)
{
	if (!py.runtime || memcmp(py.runtime, "xdebugpy", 8) != 0 ||
	        table(TABLE_VERSION) >> 16 != 0x030d)
		return -1;
	at = (struct offsets){
		.current = (unsigned)table(TABLE_CURRENT),
		.previous = (unsigned)table(TABLE_FRAME + 1),
		.code = (unsigned)table(TABLE_FRAME + 2),
		.instruction = (unsigned)table(TABLE_FRAME + 3),
		.filename = (unsigned)table(TABLE_CODE + 1),
		.name = (unsigned)table(TABLE_CODE + 3),
		.first_line = (unsigned)table(TABLE_CODE + 5),
		.bytecode = (unsigned)table(TABLE_CODE + 9),
	};
	return 0;
}

static inline const char *pointer(const char *object, unsigned offset)
{
	const char *p;

	memcpy(&p, object + offset, sizeof p);
	return p;
}

static inline int number(const char *object, unsigned offset)
{
	int n;

	memcpy(&n, object + offset, sizeof n);
	return n;
}

/* Every object: reference count, type. Free-threaded ones have two counts. */
static inline const void *type_of(const char *object)
{
	return pointer(object, py.free_threaded ? 24 : 8);
}

/*
 * A word: 43 bits of the code object's address, 13 of the offset (in 2 bytes), and 8 by which a code
 * object that took the place of another is told from it.
 */
enum { OFFSET_BITS = 13, MARK_BITS = 8 };

static unsigned mark_of(const char *code)
{
	uintptr_t name = ps_address(pointer(code, at.name)) >> 4;

	return (unsigned)(name ^ name >> 8 ^ (unsigned)number(code, at.first_line)) &
	       ((1 << MARK_BITS) - 1);
}

static inline uintptr_t word_of(const char *frame, const char *code)
{
	size_t offset;

	if (at.unit)
		offset = (size_t)(unsigned)number(frame, at.instruction) * at.unit;
	else
		offset = (size_t)(pointer(frame, at.instruction) - (code + at.bytecode));
	offset /= 2;
	if (offset >> OFFSET_BITS)
		offset = 0;
	return (ps_address(code) >> 4) << (OFFSET_BITS + MARK_BITS) | offset << MARK_BITS |
	       mark_of(code);
}

static unsigned capture(uintptr_t *words, unsigned max)
{
	const char *state = py_state ? py_state : py_thread_state(), *frame;
	unsigned n = 0;

	/* before 3.12 it may be another thread's: with the GIL it is not */
	if (!state || (py.minor < 12 && !py.holds_gil()))
		return 0;
	if (at.cframe && !(state = pointer(state, at.cframe)))
		return 0;
	frame = pointer(state, at.current);
	for (unsigned steps = 0; frame && n < max && steps < 2 * max; steps++) {
		const char *code = pointer(frame, at.code);
		/* frames that only stand for a call from C have none */
		if (code && type_of(code) == py.code_type)
			words[n++] = word_of(frame, code);
		frame = pointer(frame, at.previous);
	}
	return n;
}

static int describe(uintptr_t word, char *text, size_t size)
{
	uintptr_t address = word >> (OFFSET_BITS + MARK_BITS) << 4;
	const char *code = (const char *)address;
	size_t offset = (word >> MARK_BITS & ((1 << OFFSET_BITS) - 1)) * 2;

	/* frozen modules' code is part of the program, all other is an object as long as it lives */
	if (!py_is_object(code) || type_of(code) != py.code_type ||
	        mark_of(code) != (word & ((1 << MARK_BITS) - 1)))
		return -1;
	py_depth++;
	const char *file = py.utf8((void *)pointer(code, at.filename));
	const char *name = py.utf8((void *)pointer(code, at.name));
	int line = py.code_line((void *)code, (int)offset);
	py_depth--;
	if (!file || !name)
		return -1;
	snprintf(text, size, "File \"%s\", line %d in %s", file, line, name);
	return 0;
}

void py_frames_start(void)
{
	struct poolshim_frame_hook hook = { .capture = capture, .describe = describe };
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;
	int known = py.minor < (int)(sizeof old_offsets / sizeof *old_offsets) ? py.minor : 0;

	if (!py.code_line || !py.utf8 || !py.code_type)
		return;
	if (known)
		at = old_offsets[known];
	else if (read_table())
		return;
	if (py.loop && dladdr1(py.loop, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol) {
		hook.loop = py.loop;
		hook.loop_size = symbol->st_size;
	}
	poolshim_set_frame_hook(&hook);
}
