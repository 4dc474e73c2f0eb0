#ifndef CMD_SERVE_ANSWER_H
#define CMD_SERVE_ANSWER_H

#include <microhttpd.h>
#include <stddef.h>

#include "view.h"

enum {
	KEPT_PAGES = 64,
	MAX_KEPT_BYTES = 1 << 20,    /* of one */
	MAX_UNSENT_BYTES = 256 << 20 /* of all answers that clients take */
};

/* Pages by path, as long as what they are made of stays: a long history takes a
 * while to read, and is looked at again and again. Whoever asks gets the same
 * bytes, not a copy. */
struct kept {
	char *path;
	char stamp[VIEW_STAMP];
	struct MHD_Response *response;
};

struct answers {
	struct view view;
	const char *base; /* URL, or "" */
	struct kept kept[KEPT_PAGES];
	size_t next;         /* to be replaced */
	size_t unsent_bytes; /* held for clients and in kept */
};

/* Reads what the overview needs, so that nobody waits for it. */
void answers_init(struct answers *answers, struct gate *gate, const char *base);
void answers_release(struct answers *answers);

/* The daemon's access handler; data is the answers. */
enum MHD_Result answers_give(void *data, struct MHD_Connection *connection,
			     const char *url, const char *method,
			     const char *version, const char *body,
			     size_t *body_len, void **state);

#endif
