#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "reports/buildid.h"

enum { NOTES_MAX = 1 << 16, HEADERS_MAX = 512, SECTIONS_MAX = 4096, ID_MAX = 64 };

/* Notes are padded to 4 bytes, and so is what is in them. */
static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static char *hex(const unsigned char *bytes, size_t n)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%02x", bytes[i]);
	return buf_detach(&b);
}

static char *find_note(const char *notes, size_t len)
{
	Elf64_Nhdr note; /* the same as Elf32_Nhdr */

	while (len >= sizeof note) {
		memcpy(&note, notes, sizeof note);
		notes += sizeof note;
		len -= sizeof note;
		if (note.n_namesz > len || note.n_descsz > len)
			return NULL;
		size_t name = padded(note.n_namesz), all = name + padded(note.n_descsz);
		if (name + note.n_descsz > len)
			return NULL;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		        note.n_descsz <= ID_MAX && note.n_descsz && !memcmp(notes, "GNU", 4))
			return hex((const unsigned char *)notes + name, note.n_descsz);
		notes += all < len ? all : len;
		len -= all < len ? all : len;
	}
	return NULL;
}

static char *read_notes(int fd, const Elf64_Phdr *header)
{
	size_t len = header->p_filesz < NOTES_MAX ? header->p_filesz : NOTES_MAX;
	char *notes = xcalloc(1, len + 1), *id = NULL;
	ssize_t n = pread(fd, notes, len, (off_t)header->p_offset);

	if (n > 0)
		id = find_note(notes, (size_t)n);
	free(notes);
	return id;
}

static char *read_id(int fd, const Elf64_Ehdr *file)
{
	char *id = NULL;

	if (file->e_ident[EI_CLASS] != ELFCLASS64 || file->e_phentsize != sizeof(Elf64_Phdr))
		return NULL;
	for (size_t i = 0; i < file->e_phnum && i < HEADERS_MAX && !id; i++) {
		Elf64_Phdr header;
		off_t at = (off_t)(file->e_phoff + i * sizeof header);

		if (pread(fd, &header, sizeof header, at) != (ssize_t)sizeof header)
			break;
		if (header.p_type == PT_NOTE)
			id = read_notes(fd, &header);
	}
	return id;
}

static int has_symbols(int fd, const Elf64_Ehdr *file)
{
	size_t n = file->e_shnum < SECTIONS_MAX ? file->e_shnum : SECTIONS_MAX;
	int found = 0;

	if (file->e_ident[EI_CLASS] != ELFCLASS64 || file->e_shentsize != sizeof(Elf64_Shdr))
		return 1; /* not known */
	Elf64_Shdr *sections = xcalloc(n ? n : 1, sizeof *sections);
	ssize_t len = pread(fd, sections, n * sizeof *sections, (off_t)file->e_shoff);
	for (size_t i = 0; len > 0 && i < (size_t)len / sizeof *sections && !found; i++)
		found = sections[i].sh_type == SHT_SYMTAB;
	free(sections);
	return found;
}

/* As distributions install it: debug information by build id. */
static int has_debug_file(const char *id)
{
	if (!id || strlen(id) < 3)
		return 0;
	char *path = xasprintf("/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
	int there = !access(path, R_OK);
	free(path);
	return there;
}

int buildid_read(const char *path, char **id, int *symbols)
{
	struct stat st;
	Elf64_Ehdr file = { 0 };
	int fd, is_elf = 0;

	*id = NULL;
	*symbols = 0;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return 0;
	ssize_t n = pread(fd, &file, sizeof file, 0);
	if (n >= SELFMAG && !memcmp(file.e_ident, ELFMAG, SELFMAG)) {
		is_elf = *symbols = 1; /* as far as we know */
		if (n == (ssize_t)sizeof file) {
			*id = read_id(fd, &file);
			*symbols = has_symbols(fd, &file) || has_debug_file(*id);
		}
	}
	close(fd);
	return is_elf;
}
