/*
 * Between the files write_html*.c alone, each of which writes some sections of the page.
 *
 * The page is written in one pass from the results: a tree of it would be as large again as all
 * findings. Its style and script are embedded into the program (html/embed.sh).
 */
#ifndef SM_REPORTS_WRITE_HTML_H
#define SM_REPORTS_WRITE_HTML_H

#include "reports/guide.h"
#include "reports/html.h"
#include "reports/reports.h"

/*
 * A page of thousands of defects must still open at once, on a phone too: beyond that, cards show the
 * first frames only, and no report.
 */
enum { PAGE_BUDGET = 6 << 20, REPORT_SHOWN = 32768, FRAME_BYTES = 90 };

/* What one card of the page shows: a defect, or a finding where defects were not joined. */
struct card {
	const char *category, *status; /* static or borrowed */
	const struct finding *const *findings;
	size_t finding_count;
	int is_error;	 /* one of them is more than a warning */
	size_t cells, units; /* in so many it was seen */
	size_t place;	     /* in the results */
};

struct card_of {
	const struct finding *finding;
	size_t card;
};

struct page {
	const struct results *r;
	FILE *f;
	struct card *cards;
	size_t card_count;
	struct card_of *cards_of; /* sorted by the finding's address */
	const char **units;	  /* of all cells, sorted; borrowed */
	size_t unit_count;
	size_t cells;	      /* but for raw logs */
	size_t failed, flaky; /* tests without a finding: failed, passed when run again */
	size_t budget; /* bytes of reports and stacks that may still be shown whole */
};

/* How a unit ended in a cell, in rising order of how much it matters. */
enum square {
	SQUARE_NONE, /* it is not of this cell */
	SQUARE_PASSED,
	SQUARE_SKIPPED,
	SQUARE_KNOWN, /* the baseline names all that was found */
	SQUARE_FLAKY, /* it passed when it was run again */
	SQUARE_FAILED,
	SQUARE_FINDING,
	SQUARE_TIMEOUT,
	SQUARE_MISSING,
	SQUARE_COUNT
};
extern const char *const square_words[SQUARE_COUNT];
enum square square_of(const struct unit_result *u); /* U may be NULL */

/* Frees what page_make() made; R stays the caller's. */
void page_make(struct page *p, const struct results *r, FILE *f);
void page_release(struct page *p);

/* The index of F's card. */
size_t page_card(const struct page *p, const struct finding *f);
/* The id of a card, without '#'. */
void page_card_id(const struct page *p, size_t card);
/* data-cell, data-tool, data-category and data-status, for the page's filter. */
void page_card_data(const struct page *p, const struct card *c);
/* "new", "flaky", "known", "warning"; static. */
const char *page_card_status(const struct card *c);
/* The cells that saw it; borrowed names, each once, in order. */
void page_card_cells(const struct card *c, struct strv *cells);
/* U's case T failed for a reason of its own; missing units are told of elsewhere. */
int page_is_failed(const struct unit_result *u, const struct test_case *t);
/* The first failed attempt of T that no checker reported, or NULL. */
const struct failed_attempt *page_flaky(const struct test_case *t);
/* Is C a new error: one that the baseline does not name, in every attempt? */
int page_is_fresh(const struct card *c);

/* The commands that run a unit again; the first one alone unless WHOLE. */
void page_rerun(const struct page *p, const struct rerun *r, int whole);
/* What C's category means: a sentence, and a link to the rest. */
void page_about(const struct page *p, const struct card *c);

void page_head(const struct page *p);
void page_grid(const struct page *p);
void page_cards(struct page *p);
/* A column of a card; cut when the budget is spent: WHOLE is 0 then. */
void page_finding(const struct page *p, const struct finding *f, int whole);
void page_failed(const struct page *p);
/* The first MAX failed tests, for the head's list. */
void page_lead_tests(const struct page *p, size_t max);
void page_controls(const struct page *p);
void page_fixed(const struct page *p);
void page_times(const struct page *p);
void page_builds(const struct page *p);
void page_guide(const struct page *p);
void page_unparsed(const struct page *p);

/* Of the file that html/embed.sh makes. */
extern const char html_style[], html_style_hash[], html_script[], html_script_hash[];

#endif
