#include "policy/trailer_value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "policy/trailer.h"

enum { MAX_VALUE = 4096, MAX_REASON = 400, MAX_PERCENT = 1000000 };

static const char no_test[] = "it names no test";
static const char no_bound[] = "it names no bound";

/* A copy without white space at the ends and with single blanks within. */
static char *
tidied(const char *text, size_t len)
{
	struct buf tidy = BUF_INIT;

	for (size_t i = 0; i < len; i++) {
		if (!isspace((unsigned char)text[i]))
			buf_addc(&tidy, text[i]);
		else if (tidy.len && tidy.data[tidy.len - 1] != ' ')
			buf_addc(&tidy, ' ');
	}
	if (tidy.len && tidy.data[tidy.len - 1] == ' ')
		tidy.data[--tidy.len] = '\0';
	return buf_take(&tidy);
}

/* Cut the last word off and return it; NULL when it is the only one. */
static char *
take_last_word(char *text)
{
	char *blank = strrchr(text, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

static int
take_operator(char *text, const char *operator)
{
	size_t len = strlen(text);

	if (len < 3 || strcmp(text + len - 2, operator) || text[len - 3] != ' ')
		return 0;
	text[len - 3] = '\0';
	return 1;
}

/* `<=+12%`; for what should be high, `>=-12%`. The sign alone says which. */
static const char *
parse_bound(char *text, const char *bound, double *ratio)
{
	int at_most = !strncmp(bound, "<=", 2);
	int at_least = !strncmp(bound, ">=", 2);
	double fraction = 0;

	if (at_most || at_least)
		bound += 2;
	else if (!(at_most = take_operator(text, "<=")))
		at_least = take_operator(text, ">=");
	if (units_parse_percent(bound, &fraction) < 0)
		return no_bound;
	if ((at_most && fraction < 0) || (at_least && fraction > 0) ||
	    fraction < -1)
		return "its bound says the opposite: <=+12% allows 12 % more, "
		       ">=-12% allows 12 % less";
	*ratio = 1 + fraction;
	return NULL;
}

/* `-20%`, `+20%`: nothing is guessed of one without a sign. */
static const char *
parse_claim(const char *claim, double *ratio)
{
	double fraction = 0;

	if ((*claim != '-' && *claim != '+') ||
	    units_parse_percent(claim, &fraction) < 0 || fraction <= -1)
		return "it names no change such as -20%";
	*ratio = 1 + fraction;
	return NULL;
}

/* TEST METRIC BOUND; from the end, as a test's name may hold blanks. */
static const char *
parse_change(struct trailer *trailer, char *text)
{
	char *bound = take_last_word(text), *metric;
	const char *wrong = no_bound;

	if (bound)
		wrong = trailer->kind == TRAILER_KIND_ACCEPT
				? parse_bound(text, bound, &trailer->bound)
				: parse_claim(bound, &trailer->bound);
	if (wrong)
		return wrong;
	metric = take_last_word(text);
	if (!metric)
		return "it names no metric (* for all of the test)";
	trailer->metric = mem_copy_text(metric);
	trailer->test = mem_copy_text(text);
	return NULL;
}

static const char *
parse_rename(struct trailer *trailer, const char *text)
{
	const char *arrow = strstr(text, "->");

	if (!arrow)
		return "it has no arrow";
	trailer->test = tidied(text, (size_t)(arrow - text));
	trailer->to = tidied(arrow + 2, strlen(arrow + 2));
	return *trailer->test && *trailer->to ? NULL : no_test;
}

static const char *
parse_subject(struct trailer *trailer, char *text)
{
	switch (trailer->kind) {
	case TRAILER_KIND_ACCEPT:
	case TRAILER_KIND_EXPECT:
		return parse_change(trailer, text);
	case TRAILER_KIND_RENAME:
		return parse_rename(trailer, text);
	case TRAILER_KIND_RESET:
		trailer->test = mem_copy_text(text);
		return *text ? NULL : no_test;
	case TRAILER_KIND_SKIP:
		return NULL;
	}
	return NULL;
}

/* Cut between characters of UTF-8. */
static void
shorten(char *text, size_t max)
{
	if (strlen(text) <= max)
		return;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	text[max] = '\0';
}

static int
wants_reason(enum trailer_kind kind)
{
	return kind == TRAILER_KIND_ACCEPT || kind == TRAILER_KIND_RESET ||
	       kind == TRAILER_KIND_SKIP;
}

const char *
trailer_parse_value(struct trailer *trailer, const char *value)
{
	const char *bar = strchr(value, '|'), *reason = bar ? bar + 1 : "";
	size_t len = bar ? (size_t)(bar - value) : strlen(value);
	const char *wrong;
	char *subject;

	if (strlen(value) > MAX_VALUE)
		return "it is too long";
	if (trailer->kind == TRAILER_KIND_SKIP)
		reason = value;
	subject = tidied(value, len);
	wrong = parse_subject(trailer, subject);
	free(subject);
	if (wrong)
		return wrong;
	trailer->reason = tidied(reason, strlen(reason));
	shorten(trailer->reason, MAX_REASON);
	if (!*trailer->reason && wants_reason(trailer->kind))
		return "it gives no reason";
	return NULL;
}

/* How far above 1 (or below, where high is better) the bound has to lie. A
 * wide interval must not become a blank cheque. */
static double
worst_change(enum better better, double ratio, double low, double high)
{
	double sign = better == BETTER_LOWER ? 1 : -1;
	double change = sign * (ratio - 1);
	double far = sign * ((better == BETTER_LOWER ? high : low) - 1);

	if (isnan(change))
		return 0;
	if (!isfinite(far) || far < change)
		far = change;
	return fmin(far, 2 * change);
}

void
trailer_format_accept(struct buf *buf, const char *test, const char *metric,
		      enum better better, double ratio, double low, double high)
{
	double percent = 100 * worst_change(better, ratio, low, high);

	/* What is a whole percent already must not be rounded to the next. */
	percent = fmin(ceil(percent - 1e-6), MAX_PERCENT);
	if (percent < 1)
		percent = 1;
	if (better == BETTER_HIGHER && percent > 100)
		percent = 100;
	buf_adds(buf, TRAILER_ACCEPT ": ");
	buf_add_clean(buf, test, strlen(test), 1000);
	buf_adds(buf, " ");
	buf_add_clean(buf, metric, strlen(metric), 200);
	buf_addf(buf, " %s%.0f%% | " TRAILER_WHY,
		 better == BETTER_LOWER ? "<=+" : ">=-", percent);
}
