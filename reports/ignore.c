#include <fnmatch.h>
#include <string.h>

#include "reports/ignore.h"
#include "reports/memo.h"
#include "reports/symbol.h"

const char *const ignore_top[] = {
	/* checkers and their interceptors */
	"__interceptor_*",
	"___interceptor_*",
	"__interceptor_trampoline_*",
	"__asan_*",
	"__asan::*",
	"__lsan*",
	"__msan*",
	"__tsan*",
	"AnnotateIgnore*",
	"AnnotateRWLock*",
	"__ubsan*",
	"__sanitizer*",
	"__hwasan*",
	"_vgr*",
	"vg_replace_*",
	"_vgnU_*",
	"interception::*",
	/* what is intercepted without a mark in its name */
	"mem[a-z]*cpy",
	"memcpy*",
	"memmove*",
	"memset*",
	"memchr",
	"memrchr",
	"rawmemchr",
	"memcmp*",
	"bcmp",
	"bcopy",
	"bzero",
	"mempcpy",
	"memmem",
	"memccpy",
	"strlen",
	"strnlen",
	"strcpy",
	"stpcpy",
	"strncpy",
	"strcat",
	"strncat",
	"strcmp",
	"strncmp",
	"strcasecmp",
	"strncasecmp",
	"strchr",
	"strchrnul",
	"strrchr",
	"strstr",
	"strcasestr",
	"strspn",
	"strcspn",
	"strpbrk",
	"strdup",
	"strndup",
	"strtok*",
	"index",
	"wcslen",
	"wcsnlen",
	"wmemcpy",
	"wmemmove",
	"wmemcmp",
	"wcscpy",
	"__mem[a-z]*_chk",
	"__mem*_avx*",
	"__mem*_sse*",
	"__mem*_evex*",
	"__mem*_erms",
	"__str*_avx*",
	"__str*_sse*",
	"__str*_evex*",
	"__GI_mem*",
	"__GI_str*",
	"__strlen*",
	"__memcpy*",
	"__memmove*",
	"__memset*",
	"__memchr*",
	"__memcmp*",
	"__bcmp*",
	"printf_common",
	"scanf_common",
	"pthread_mutex_*",
	"pthread_create*",
	"pthread_join*",
	"pthread_cond_*",
	"pthread_rwlock_*",
	"pthread_spin_*",
	"sem_init*",
	"sem_destroy*",
	"sem_post*",
	"sem_wait*",
	"mutex_lock_WRK",
	"mutex_unlock_WRK",
	"mutex_destroy_WRK",
	"mythread_wrapper",
	/* allocators */
	"malloc",
	"calloc",
	"realloc",
	"reallocarray",
	"free",
	"cfree",
	"valloc",
	"pvalloc",
	"memalign",
	"posix_memalign",
	"aligned_alloc",
	"malloc_usable_size",
	"operator new*",
	"operator delete*",
	"_Zn[wa]*",
	"_Zd[la]*",
	"__libc_malloc",
	"__libc_free",
	"__libc_calloc",
	"__libc_realloc",
	"_int_malloc",
	"_int_free",
	"malloc_printerr",
	"malloc_consolidate",
	/* the way out */
	"abort",
	"__GI_abort",
	"raise",
	"__GI_raise",
	"gsignal",
	"pthread_kill*",
	"__pthread_kill*",
	"__assert_fail*",
	"__assert*",
	"__GI___assert*",
	"__libc_message*",
	"__fortify_fail*",
	"__stack_chk_fail*",
	"kill",
	"tgkill",
	/* a signal's delivery */
	"<signal handler called>",
	"<signal trampoline>",
	"__restore_rt",
	"__kernel_*sigreturn",
	"__libc_sigaction",
	"*CallUserSignalHandler*",
	NULL,
};

const char *const ignore_key[] = {
	"main",
	"_start",
	"(below main)",
	"__libc_start_*",
	"start_thread",
	"clone",
	"clone3",
	"__clone*",
	"thread_start",
	NULL,
};

const char *const ignore_modules[] = {
	"*/vgpreload_*",
	"*/libasan.so*",
	"*/libtsan.so*",
	"*/libubsan.so*",
	"*/liblsan.so*",
	"*/libclang_rt.*",
	NULL,
};

const char *const ignore_files[] = {
	"*/libsanitizer/*",
	"*/compiler-rt/lib/*",
	"*vg_replace_malloc.c",
	"*vg_replace_strmem.c",
	"*/sanitizer_common/*",
	"*sanitizer_common_interceptors*",
	"*asan_interceptors.c*",
	"*asan_malloc_linux.c*",
	"*asan_new_delete.c*",
	"*tsan_interceptors*",
	"*msan_interceptors.c*",
	"*hg_intercepts.c",
	"*drd_pthread_intercepts.c",
	NULL,
};

static int any_matches(const char *const *patterns, const char *s)
{
	for (; *patterns; patterns++) {
		/* nearly all begin with a letter: most of the time need not be spent in fnmatch */
		if (**patterns != *s && **patterns != '*')
			continue;
		if (!fnmatch(*patterns, s, 0))
			return 1;
	}
	return 0;
}

/* Without a name there: the trampoline of a signal, or libc's own way to or from something. */
static const char *const nameless_in[] = {
	"*/libc.so*",
	"*/libc-2*",
	"*/libpthread*",
	"*/ld-linux*",
	"*/ld-musl*",
	"libc.so*",
	NULL,
};

/* The bits of places: all that is there says nothing, or what has no name there. */
enum { PLACE_IGNORED = 1, PLACE_NAMELESS = 2 };

static void judge_file(const char *file, struct memo_value *value)
{
	value->flags = any_matches(ignore_files, file) ? PLACE_IGNORED : 0;
}

static void judge_module(const char *module, struct memo_value *value)
{
	value->flags = any_matches(ignore_modules, module) ? PLACE_IGNORED : 0;
	value->flags |= any_matches(nameless_in, module) ? PLACE_NAMELESS : 0;
}

unsigned ignored_function(const char *name)
{
	if (any_matches(ignore_top, name) || any_matches(ignore_cpython_top, name))
		return 1U << IGNORE_TOP | 1U << IGNORE_KEY;
	if (any_matches(ignore_key, name) || any_matches(ignore_cpython_key, name))
		return 1U << IGNORE_KEY;
	return 0;
}

int frame_ignored(const struct frame *frame, enum ignore_level level)
{
	static struct memo files = { .compute = judge_file }, modules = { .compute = judge_module };
	unsigned module = frame->module ? memo_get(&modules, frame->module)->flags : 0;

	if (!frame->function && !frame->file && (!frame->module || (module & PLACE_NAMELESS)))
		return 1;
	if (frame->file && (memo_get(&files, frame->file)->flags & PLACE_IGNORED))
		return 1;
	return (module & PLACE_IGNORED) || (symbol_ignored(frame->function) >> level & 1);
}
