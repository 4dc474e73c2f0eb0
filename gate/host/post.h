#ifndef HOST_POST_H
#define HOST_POST_H

#include "host/host.h"
#include "host/http.h"

struct service;

/*
 * Inside host/: a post on its way. Each kind (status, comment, ...) is a file
 * that sends a request, hears the answer, and either sends the next one or
 * comes to the end.
 */
struct post {
	struct post *next, *previous;
	struct host *host;
	const struct host_target *target; /* NULL of webhooks and mail */
	const struct service *service;    /* the target's, or NULL */
	const char *name;                 /* of the other side, for people */
	unsigned tries;

	/* What comes next; the kind sets it. */
	void (*heard)(struct post *post, struct http_answer *answer);
	void (*release)(void *data);
	void *data; /* the kind's own */
	struct host_result result;
};

/* target may be NULL, name of its service otherwise. Ends in post_end(). */
struct post *post_new(struct host *host, const struct host_target *target,
		      const char *name, unsigned tries, void *tag);

/* Whether a target's posts have to wait, or cannot go at all; the post has then
 * come to its end. */
int post_is_held(struct post *post);

void post_send(struct post *post, struct http_request *request);
void post_send_mail(struct post *post, struct http_mail *mail);

/* Judge an answer into post->result; a rate limit holds the whole target. */
enum host_outcome post_judge(struct post *post,
			     const struct http_answer *answer);

/* The result is handed out, and the post is gone. */
void post_end(struct post *post);
void post_end_with(struct post *post, enum host_outcome outcome,
		   const char *why, const char *advice);

#endif
