#ifndef WEB_HISTORY_H
#define WEB_HISTORY_H

#include <jansson.h>
#include <stddef.h>

struct buf;

/* at: which history of the document it is. */
void web_history_plot(struct buf *buf, const json_t *doc, const json_t *history,
		      size_t at);

#endif
