#ifndef REPORT_COMMENT_H
#define REPORT_COMMENT_H

struct buf;
struct report;

/*
 * A report as a comment on a commit or a pull request, in Markdown: what
 * moved, how sure that is, how to see it again, and what to write if it is
 * wanted.
 */

/* Whether there is something to say that the status does not say: a test got
 * slower or faster, or its change is accepted. */
int report_has_news(const struct report *report);

/* page: URL of the commit's page, or NULL. */
void report_add_comment(struct buf *buf, const struct report *report,
			const char *page);

#endif
