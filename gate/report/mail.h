#ifndef REPORT_MAIL_H
#define REPORT_MAIL_H

#include <stddef.h>

struct buf;
struct report;

/* What a push brought, as one mail in plain text. */
struct mail_report {
	const struct report *report; /* of the tip of a ref */
	const char *page;            /* its URL, or NULL */
};

/* `[pacegate] severe: perf/sort: cpu is 30.1 % slower ... (main)`. */
void report_add_subject(struct buf *buf, const struct mail_report *reports,
			size_t count);

/* pusher may be "". */
void report_add_mail(struct buf *buf, const struct mail_report *reports,
		     size_t count, const char *pusher);

#endif
