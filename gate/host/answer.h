#ifndef HOST_ANSWER_H
#define HOST_ANSWER_H

#include <stdint.h>

#include "base/json.h"
#include "host/host.h"

struct buf;
struct http_answer;
struct retry;
struct service;

/*
 * What the services' answers mean. Pure; every byte of an answer is hostile.
 */

/*
 * Fill outcome, wait, status, why and advice of a result. service is NULL for
 * webhooks and mail, whose answers need not be JSON; name is what people call
 * the other side.
 */
void answer_judge(const struct service *service, const char *name,
		  const struct http_answer *answer, const struct retry *retry,
		  struct host_result *result);

/* The answer's JSON, an object or an array; NULL for anything else. The caller
 * json_decref()s. */
json_t *answer_json(const struct http_answer *answer);

/* `message` of an answer in whatever way the service writes it, cleaned. */
void answer_add_message(const struct http_answer *answer, struct buf *buf);

/* The id of the comment that an answer holds; "" for none. */
void answer_comment_id(const struct http_answer *answer, char id[HOST_MAX_ID]);

/* A whole number of an object, or of the first one of an array; 0: none. */
int64_t answer_number(const struct http_answer *answer, const char *field);

/* Our earlier comments among those of a list. */
struct own_comments {
	char same[HOST_MAX_ID];   /* bears this very key */
	char latest[HOST_MAX_ID]; /* the last that bears the marker */
	int has_same, has_latest; /* ids may be unknown, and are then "" */
};

/*
 * Add what one page of a list holds. Ours are those whose last line is our
 * hidden one: what somebody quotes and goes on from is not. Returns how many
 * entries the page had, or -1 when it is no list. *has_more is whether another
 * page follows.
 */
int answer_find_comments(const struct service *service,
			 const struct http_answer *answer, const char *field,
			 const char *marker, const char *key,
			 struct own_comments *own, int *has_more);

#endif
