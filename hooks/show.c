#include "hooks/receive.h"

#include "base/buf.h"
#include "report/text.h"

/* A screen at most: the table, one line of verdict, what to do. */
enum { MAX_ROWS = 10 };

void
receive_show(struct receive *receive, struct update *update)
{
	const struct text_style style = { .rows = MAX_ROWS };
	struct buf text = BUF_INIT;

	/* A merge in a browser shows one line. */
	if (!receive->pusher.web) {
		buf_addc(&text, '\n');
		report_add_table(&text, &update->report, &style);
		buf_addc(&text, '\n');
	}
	buf_adds(&text, "pacegate: ");
	report_add_summary(&text, &update->report);
	buf_addc(&text, '\n');
	if (!receive->pusher.web)
		report_add_advice(&text, &update->report, &style);
	sideband_say(&receive->sideband, text.data);
	buf_release(&text);
}
