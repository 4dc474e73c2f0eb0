#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "hooks/receive.h"
#include "report/text.h"

enum {
	KEEP_END = 4,   /* two refusals, the budget, what was not shown */
	KEEP_BAD = 8,   /* for an update that is refused, behind others */
	KEEP_TEXT = 13, /* verdict, advice, trailers: all below the table */
	MAX_ROWS = 10,
	MAX_TOLD = 5,
	MAX_REFS = 3, /* named in one line of refusals */
	MAX_REF = 60
};

size_t
receive_keep(const struct receive *receive, int is_bad)
{
	int is_last = receive->current + 1 >= receive->count;

	return is_bad || is_last ? KEEP_END : KEEP_END + KEEP_BAD;
}

void
receive_say(struct receive *receive, size_t keep, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	buf_adds(&text, "pacegate: ");
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	screen_add(&receive->screen, buf_text(&text), keep);
	log_event(LOG_INFO, "%s", buf_text(&text) + 10);
	buf_release(&text);
}

void
receive_show_problems(struct receive *receive, const struct problems *problems)
{
	size_t keep = receive_keep(receive, 0);

	for (size_t i = 0; i < problems->count && i < MAX_TOLD; i++) {
		struct buf text = BUF_INIT;
		const struct problem *problem = &problems->items[i];

		buf_add_clean(&text, problem->where, strlen(problem->where),
			      120);
		buf_adds(&text, ": ");
		buf_add_clean(&text, problem->what, strlen(problem->what), 300);
		receive_say(receive, keep, "%s", buf_text(&text));
		buf_release(&text);
	}
	if (problems->count > MAX_TOLD)
		receive_say(receive, keep, "and %zu more like these",
			    problems->count - MAX_TOLD);
}

/* The table takes what the words below it leave. */
static size_t
rows_of_table(size_t room)
{
	size_t rows = room > KEEP_TEXT ? room - KEEP_TEXT : 0;

	return rows < 2 ? 2 : rows > MAX_ROWS ? MAX_ROWS : rows;
}

void
receive_show(struct receive *receive, const struct update *update)
{
	const struct report *report = &update->report;
	size_t keep = receive_keep(receive, report->verdict >= VERDICT_FAILURE);
	size_t room = screen_room(&receive->screen, keep);
	struct text_style style = { .rows = rows_of_table(room) };
	struct buf text = BUF_INIT;

	if (room > KEEP_TEXT / 2) {
		buf_addc(&text, '\n');
		report_add_table(&text, report, &style);
		buf_addc(&text, '\n');
	}
	buf_adds(&text, "pacegate: ");
	report_add_summary(&text, report);
	buf_addc(&text, '\n');
	report_add_advice(&text, report, &style);
	screen_add(&receive->screen, buf_text(&text), keep);
	buf_release(&text);
}

static const char *
why_unused(const struct update *update, const struct trailer *trailer)
{
	const char *test = trailer->kind == TRAILER_KIND_RENAME ? trailer->to
								: trailer->test;

	if (!gather_find(&update->gather, test))
		return "there is no test of that name";
	/* The worker will see. */
	if (update->gather.outcome == GATHER_WEIGH && !update->has_report)
		return NULL;
	switch (trailer->kind) {
	case TRAILER_KIND_ACCEPT:
		return "no regression of it was found";
	case TRAILER_KIND_EXPECT:
		return "no such metric of it was compared";
	case TRAILER_KIND_RENAME:
	case TRAILER_KIND_RESET:
	case TRAILER_KIND_SKIP:
		break;
	}
	return "it was not weighed";
}

/* A trailer that did nothing is a typo, or the past: its author should know. */
void
receive_show_unused(struct receive *receive, const struct update *update)
{
	const struct trailers *trailers = &update->gather.trailers;

	for (size_t i = 0; i < trailers->count; i++) {
		const struct trailer *trailer = &trailers->items[i];
		struct buf text = BUF_INIT;
		const char *why;

		if (trailer->used || trailer->narrow ||
		    trailer->kind == TRAILER_KIND_SKIP)
			continue;
		why = why_unused(update, trailer);
		if (!why)
			continue;
		buf_addf(&text, "perf.%s for ",
			 trailer_kind_name(trailer->kind));
		buf_add_clean(&text, trailer->test, strlen(trailer->test), 80);
		buf_addf(&text, " did nothing: %s", why);
		receive_say(receive, receive_keep(receive, 0), "%s",
			    buf_text(&text));
		buf_release(&text);
	}
}

/* One line for all that are refused for the same reason. */
static void
show_refused(struct receive *receive, size_t first)
{
	const char *why = receive->updates[first].refusal;
	struct buf text = BUF_INIT;
	size_t count = 0;

	for (size_t i = first; i < receive->count; i++) {
		const struct update *update = &receive->updates[i];
		const char *ref = update->line->ref;

		if (!update->refusal || strcmp(update->refusal, why) ||
		    count++ >= MAX_REFS)
			continue;
		buf_adds(&text, count > 1 ? ", " : "");
		buf_add_clean(&text, ref, strlen(ref), MAX_REF);
	}
	if (count > MAX_REFS)
		buf_addf(&text, " and %zu more", count - MAX_REFS);
	receive_say(receive, 1, "%s %s refused: %s", buf_text(&text),
		    count > 1 ? "are" : "is", why);
	buf_release(&text);
}

/* All that a browser shows of a merge or an edit: why it is refused. */
static void
show_web(struct receive *receive)
{
	const struct update *update = receive->updates;
	const struct update *end = update + receive->count;
	struct buf text = BUF_INIT;

	while (update < end && !update->refusal)
		update++;
	if (update == end)
		return;
	buf_addf(&text, "%spacegate: ", receive->pusher.web_mark);
	buf_add_clean(&text, update->line->ref, strlen(update->line->ref),
		      MAX_REF);
	buf_adds(&text, " is refused: ");
	if (update->has_report && !update->late)
		report_add_summary(&text, &update->report);
	else
		buf_adds(&text, update->refusal);
	sideband_say(&receive->screen.sideband, buf_text(&text));
	log_event(LOG_INFO, "%s", buf_text(&text));
	buf_release(&text);
}

/* Of a push of very many refs. */
static void
show_left_out(struct receive *receive)
{
	const struct push_line *line = receive->left_out_line;
	struct buf text = BUF_INIT;

	if (!receive->left_out)
		return;
	buf_addf(&text, "%zu refs are too many to weigh with the %zu before",
		 receive->left_out, receive->count);
	if (receive->left_out_refused) {
		buf_adds(&text, "; ");
		buf_add_clean(&text, line->ref, strlen(line->ref), MAX_REF);
		buf_addf(&text, " is refused: %s", receive->left_out_refused);
	} else {
		buf_adds(&text, ": let through unweighed");
	}
	receive_say(receive, 1, "%s", buf_text(&text));
	buf_release(&text);
}

void
receive_show_end(struct receive *receive)
{
	if (receive->pusher.web) {
		show_web(receive);
		return;
	}
	for (size_t i = 0; i < receive->count; i++) {
		const char *why = receive->updates[i].refusal;
		int told = 0;

		for (size_t j = 0; why && j < i; j++)
			told |= receive->updates[j].refusal &&
				!strcmp(receive->updates[j].refusal, why);
		if (why && !told)
			show_refused(receive, i);
	}
	show_left_out(receive);
	if (receive->screen.hidden)
		receive_say(receive, 0,
			    "%zu more lines did not fit the screen: `pacegate "
			    "show` on the server has the verdicts",
			    receive->screen.hidden);
}
