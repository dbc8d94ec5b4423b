/*
 * Some hundred small faults, each in a process of its own, and whether the checker that is there finds
 * them: one TAP line a kind and layout, and a table. What a checker cannot see by its nature is not
 * expected, and is counted apart.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"
#include "plain.h"

static const size_t sizes[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 48, 63, 64, 65, 96,
	100, 127, 128, 129, 200, 255, 256, 257, 300, 384, 511, 512 };
enum { SIZES = sizeof sizes / sizeof *sizes, OUTPUT = 1 << 16 };

enum kind {
	READ_OVER,
	WRITE_OVER,
	READ_UNDER,
	WRITE_UNDER,
	READ_FREED,
	WRITE_FREED,
	READ_FREED_LATER,    /* other blocks were freed since */
	READ_FREED_RELEASED, /* the allocator has the raw block again, nobody else has */
	READ_FRESH,
	FREE_TWICE,
	FREE_TWICE_LATER,
	FREE_TWICE_RELEASED,
	FREE_INSIDE,
	FREE_FOREIGN,
	FREE_WRONG_POOL,
	PLAIN_OVER,  /* by code without instrumentation */
	PLAIN_UNDER,
	KINDS
};

enum checker { NONE, ASAN, MSAN, TSAN, MEMCHECK, CHECKERS };
static const char *const checkers[] = { "none", "asan", "msan", "tsan", "memcheck" };

#define BIT(checker) (1u << (checker))
#define ALL (BIT(CHECKERS) - 1)
#define ACCESS (BIT(ASAN) | BIT(MEMCHECK))

static const struct {
	const char *name;
	unsigned seen_by;
	const char *kind; /* ASan's word */
} kinds[] = {
	[READ_OVER] = { "read behind the end", ACCESS | BIT(MSAN), "heap-buffer-overflow" },
	[WRITE_OVER] = { "write behind the end", ALL, "heap-buffer-overflow" },
	[READ_UNDER] = { "read before the start", ACCESS | BIT(MSAN), "heap-buffer-overflow" },
	[WRITE_UNDER] = { "write before the start", ALL, "heap-buffer-overflow" },
	[READ_FREED] = { "read after free", ACCESS | BIT(MSAN), "heap-use-after-free" },
	[WRITE_FREED] = { "write after free", ACCESS, "heap-use-after-free" },
	[READ_FREED_LATER] = { "read long after free", ACCESS | BIT(MSAN), "heap-use-after-free" },
	[READ_FREED_RELEASED] = { "read after release", ACCESS | BIT(MSAN), "heap-use-after-free" },
	[READ_FRESH] = { "read of fresh bytes", BIT(MEMCHECK) | BIT(MSAN), "" },
	[FREE_TWICE] = { "double free", ALL, "double-free" },
	[FREE_TWICE_LATER] = { "double free, later", ALL, "double-free" },
	[FREE_TWICE_RELEASED] = { "double free after release", ALL, "double-free" },
	[FREE_INSIDE] = { "free inside of a block", ALL, "bad-free" },
	[FREE_FOREIGN] = { "free of malloc's block", ALL, "bad-free" },
	[FREE_WRONG_POOL] = { "free in another pool", ALL, "alloc-dealloc-mismatch" },
	[PLAIN_OVER] = { "plain write behind the end", ALL, "heap-buffer-overflow" },
	[PLAIN_UNDER] = { "plain write before the start", ALL, "heap-buffer-overflow" },
};

struct fault {
	enum kind kind;
	enum poolshim_layout layout;
	size_t size;
	long offset;
};

static struct heap heap, other;
static volatile int sink;

/* Valgrind's count of errors so far; 0 natively. Its request needs no header of Valgrind's. */
static unsigned long valgrind_errors(void)
{
	unsigned long result = 0;
#if defined(__x86_64__)
	unsigned long args[6] = { 0x1201, 0, 0, 0, 0, 0 };

	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
	                 "xchgq %%rbx, %%rbx"
	                 : "+d"(result)
	                 : "a"(args)
	                 : "cc", "memory");
#endif
	return result;
}

static __attribute__((noinline)) void use(volatile unsigned char *p, long offset)
{
	if (p[offset] > 100)
		sink++;
}

static void churn(int n)
{
	for (int i = 0; i < n; i++) {
		void *p = heap_alloc(&heap, 40, 0);
		heap_free(&heap, p);
	}
}

/* Commits F on P, the middle one of three blocks of its size. */
static void commit(const struct fault *f, unsigned char *p, unsigned char *before)
{
	volatile unsigned char *v = p;

	switch (f->kind) {
	case READ_OVER:
	case READ_UNDER:
	case READ_FRESH:
		use(p, f->offset);
		return;
	case WRITE_OVER:
	case WRITE_UNDER:
		v[f->offset] ^= 0xa5;
		break;
	case PLAIN_OVER:
	case PLAIN_UNDER:
		plain_write(p, f->offset, 0xa5);
		break;
	case FREE_INSIDE:
		heap_free(&heap, p + f->offset);
		return;
	case FREE_FOREIGN:
		heap_free(&heap, malloc(f->size));
		return;
	case FREE_WRONG_POOL:
		heap_free(&other, p);
		return;
	default:
		break;
	}
	heap_free(&heap, p);
	if (f->kind == WRITE_UNDER || f->kind == PLAIN_UNDER)
		heap_free(&heap, before); /* a block with a tail has its record behind it */
	if (f->kind == WRITE_OVER || f->kind == WRITE_UNDER || f->kind >= PLAIN_OVER)
		return;
	if (f->kind == READ_FREED_LATER || f->kind == FREE_TWICE_LATER)
		churn(50);
	if (f->kind == READ_FREED_RELEASED || f->kind == FREE_TWICE_RELEASED)
		poolshim_flush(heap.pool);
	if (f->kind == WRITE_FREED)
		v[f->offset] ^= 0xa5;
	else if (f->kind >= FREE_TWICE && f->kind <= FREE_TWICE_RELEASED)
		heap_free(&heap, p);
	else
		use(p, f->offset);
}

static void run(const struct fault *f)
{
	static char a[1 << 20] __attribute__((aligned(4096))), b[1 << 16] __attribute__((aligned(16)));
	unsigned char *blocks[3];

	heap_open(&heap, "faults", f->layout, POOLSHIM_SERIAL, heap_memory(sizeof a), sizeof a);
	heap_open(&other, "other", f->layout, POOLSHIM_SERIAL, heap_memory(sizeof b), sizeof b);
	for (int i = 0; i < 3; i++) {
		blocks[i] = heap_alloc(&heap, f->size, 0);
		if (f->kind != READ_FRESH)
			memset(blocks[i], 0x55, f->size);
	}
	unsigned long before = valgrind_errors();
	commit(f, blocks[1], blocks[0]);
	_exit(valgrind_errors() > before ? 99 : 0);
}

/* Runs F in a child; OUTPUT bytes of TEXT get what it printed. Returns its exit status. */
static int run_apart(const struct fault *f, char *text)
{
	int out[2], status;
	size_t n = 0;
	ssize_t got;

	fflush(stdout);
	if (pipe(out) < 0)
		exit(2);
	pid_t pid = fork();
	if (pid < 0)
		exit(2);
	if (!pid) {
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		run(f);
	}
	close(out[1]);
	while ((got = read(out[0], text + n, OUTPUT - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(out[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* ASan's word for F. */
static const char *kind_of(const struct fault *f)
{
	return f->kind < READ_FRESH && told_by_calls() ? "use-after-poison" : kinds[f->kind].kind;
}

/* Is TEXT a report on F as it should be: the right kind, the pool, the block's size? */
static int told(const struct fault *f, enum checker checker, const char *text)
{
	char kind[100], size[100];

	if (checker != ASAN)
		return 1;
	snprintf(kind, sizeof kind, "SUMMARY: AddressSanitizer: %s", kind_of(f));
	snprintf(size, sizeof size, " %zu-byte region", f->size);
	if (!strstr(text, kind))
		return 0;
	/* where a record behind a block was overwritten its size is not known any more */
	if (f->layout == POOLSHIM_TAIL && f->kind >= PLAIN_OVER)
		return strstr(text, "pool 'faults'") != NULL;
	return f->kind == FREE_FOREIGN || (strstr(text, size) && strstr(text, "pool 'faults'"));
}

static long offset_of(enum kind kind, size_t size, int turn)
{
	static const long beyond[] = { 0, 0, 1, 3, 7 }, before[] = { -1, -1, -2, -4, -8 };
	/* what is behind a block is ours to the next multiple of 16 at least */
	long pad = 16 - (long)(size % 16), past = beyond[turn % 5];

	switch (kind) {
	case READ_OVER:
	case WRITE_OVER:
	case PLAIN_OVER:
		return (long)size + (past < pad ? past : 0);
	case READ_UNDER:
	case WRITE_UNDER:
	case PLAIN_UNDER:
		return before[turn % 5];
	case FREE_INSIDE:
		return size > 16 ? 16 : size > 1 ? (long)size / 2 : 1;
	default: /* in the block; its first 8 bytes may be the allocator's again */
		return turn % 3 == 0 ? (long)size - 1 : turn % 3 == 1 ? (long)size / 2 : 0;
	}
}

static int is_expected(const struct fault *f, enum checker checker)
{
	if (!(kinds[f->kind].seen_by & BIT(checker)))
		return 0;
	/* documented: the first bytes are the allocator's own again */
	if (f->layout == POOLSHIM_TAIL && f->kind == READ_FREED_RELEASED && f->offset < 8)
		return 0;
	return 1;
}

int main(void)
{
	static char text[OUTPUT];
	const char *name = poolshim_checker();
	unsigned checker = 0, total = 0, expected_total = 0, test = 0;

	/* there a fork takes a tenth of a second */
	int step = getenv("FAULTS") ? 1 : 0;

	while (checker < CHECKERS && strcmp(checkers[checker], name ? name : ""))
		checker++;
	if (checker == CHECKERS) {
		printf("1..0 # SKIP no checker\n");
		return 0;
	}
	if (!step)
		step = checker == TSAN || checker == MEMCHECK ? 6 : 1;
	for (int kind = 0; kind < KINDS; kind++)
		for (int layout = 0; layout < 2; layout++) {
			unsigned expected = 0, found = 0, extra = 0, n = 0;
			for (int i = 0; i < SIZES; i += step) {
				struct fault f = { kind, layout, sizes[i],
					offset_of(kind, sizes[i], i) };
				int status = run_apart(&f, text);
				int seen = status != 0 && status < 256 && told(&f, checker, text);
				int due = is_expected(&f, checker);
				n++;
				expected += due;
				found += due && seen;
				extra += !due && seen;
				if (due && !seen)
					printf("# missed: size %zu, offset %ld: status %d\n%s\n",
					        f.size, f.offset, status, text[0] ? text : "#");
			}
			printf("%sok %u - %s: %s, %s: %u of %u", found == expected ? "" : "not ", ++test,
			        checkers[checker], kinds[kind].name, layout ? "tail" : "header", found,
			        expected);
			printf(" (%u tried, %u more seen)\n", n, extra);
			total += n;
			expected_total += expected;
		}
	printf("# %s: %u faults, %u within the limits\n1..%u\n", checkers[checker], total,
	        expected_total, test);
	return 0;
}
