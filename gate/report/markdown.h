#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include <stddef.h>

struct buf;

/*
 * What strangers wrote, in the Markdown of hosting services: it makes no
 * markup, link, mention, reference, HTML or command of the service there, and
 * stays on its line. At most max bytes of the text are shown.
 */

/* As prose. */
void markdown_add_text(struct buf *buf, const char *text, size_t max);

/* As code, for use in a table too. */
void markdown_add_code(struct buf *buf, const char *text, size_t max);

#endif
