#include "report/mail.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "report/report.h"
#include "report/text.h"

enum { MAX_NAME = 100, MAX_SUBJECT = 200, MAX_ROWS = 20 };

static void
add_ref(struct buf *buf, const struct report *report)
{
	const char *ref = report->ref ? report->ref : "";

	if (!strncmp(ref, "refs/heads/", 11))
		ref += 11;
	buf_add_clean(buf, ref, strlen(ref), MAX_NAME);
}

void
report_add_subject(struct buf *buf, const struct mail_report *reports,
		   size_t count)
{
	const struct report *worst = reports[0].report;
	struct buf text = BUF_INIT;

	for (size_t i = 1; i < count; i++)
		if (verdict_worse(worst->verdict, reports[i].report->verdict) !=
		    worst->verdict)
			worst = reports[i].report;
	/* What a passing report is sent for. */
	for (size_t i = 0; i < count; i++) {
		const struct report *report = reports[i].report;

		if (verdict_is_regression(worst->verdict) ||
		    !report_drifts_news(&report->drifts))
			continue;
		worst = report;
		report_add_drift_news(&text, &report->drifts);
		break;
	}
	if (!text.len)
		report_add_summary(&text, worst);
	buf_adds(buf, "[pacegate] ");
	buf_add_clean(buf, buf_text(&text), text.len, MAX_SUBJECT);
	buf_adds(buf, " (");
	add_ref(buf, worst);
	if (count > 1)
		buf_addf(buf, " and %zu more", count - 1);
	buf_adds(buf, ")");
	buf_release(&text);
}

static void
add_line(struct buf *buf, const char *head, const char *text)
{
	if (!text)
		return;
	buf_addf(buf, "%-9s", head);
	buf_add_clean(buf, text, strlen(text), MAX_SUBJECT);
	buf_addc(buf, '\n');
}

static void
add_report(struct buf *buf, const struct mail_report *from)
{
	const struct text_style style = { .rows = MAX_ROWS };
	const struct report *report = from->report;
	char hex[OID_HEX + 1];

	report_add_summary(buf, report);
	buf_adds(buf, "\n\n");
	add_line(buf, "commit", oid_format(&report->commit, hex));
	add_line(buf, "subject", report->subject);
	add_line(buf, "author", report->author);
	add_line(buf, "ref", report->ref);
	add_line(buf, "machine", report->machine);
	add_line(buf, "page", from->page);
	buf_addc(buf, '\n');
	report_add_table(buf, report, &style);
	buf_addc(buf, '\n');
	report_add_advice(buf, report, &style);
	report_add_drifts(buf, &report->drifts);
}

void
report_add_mail(struct buf *buf, const struct mail_report *reports,
		size_t count, const char *pusher)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_adds(buf, "\n\n");
		add_report(buf, &reports[i]);
	}
	if (*pusher) {
		buf_adds(buf, "\npushed by ");
		buf_add_clean(buf, pusher, strlen(pusher), MAX_NAME);
		buf_addc(buf, '\n');
	}
}
