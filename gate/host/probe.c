#include "host/post.h"

#include <string.h>

#include "base/buf.h"
#include "host/answer.h"
#include "host/services.h"

/*
 * What doctor asks: first something harmless, which tells that an API is there
 * and mostly whether it takes the token; then a status for a commit that cannot
 * exist. A service looks at rights before it looks for the commit, so that "no
 * such commit" means yes, and nothing is left behind.
 */

static const struct oid no_commit; /* all zero */

/* What is not found: the commit, or the project? Only the message tells, since
 * the rest of an answer names both. Gitea and Forgejo keep to themselves why
 * they fail at it, and have looked at rights before. */
static int
is_missing_commit(const struct post *post, const struct http_answer *answer)
{
	enum host_service service = post->target->service;
	struct buf message = BUF_INIT;
	int is_it = answer->status == 422;

	if (answer->status == 500)
		is_it = service == HOST_GITEA || service == HOST_FORGEJO;
	answer_add_message(answer, &message);
	if (answer->status == 404 || answer->status == 400)
		is_it = strcasestr(buf_text(&message), "commit not found") ||
			strcasestr(buf_text(&message), "no commit found") ||
			strcasestr(buf_text(&message), "sha not found") ||
			strcasestr(buf_text(&message), "object does not exist");
	buf_release(&message);
	return is_it;
}

static void
heard_dry(struct post *post, struct http_answer *answer)
{
	if (post_judge(post, answer) != HOST_DELIVERED &&
	    answer->failure == HTTP_ANSWERED &&
	    is_missing_commit(post, answer)) {
		post->result.outcome = HOST_DELIVERED;
		post->result.why[0] = post->result.advice[0] = '\0';
	}
	post_end(post);
}

static void
send_dry(struct post *post)
{
	const struct host_status status = { .state = HOST_PENDING,
					    .title = "pacegate doctor" };
	const struct path_parts parts = { .target = post->target,
					  .commit = &no_commit };
	json_t *body = service_status(post->target, &status);
	struct http_request request;

	service_request(&request, "POST", post->service->status, &parts, 0,
			body);
	post->heard = heard_dry;
	post_send(post, &request);
	json_decref(body);
}

static void
heard_greeting(struct post *post, struct http_answer *answer)
{
	if (post_judge(post, answer) == HOST_DELIVERED &&
	    post->target->service != HOST_GERRIT)
		send_dry(post);
	else
		post_end(post);
}

void
host_probe(struct host *host, const struct host_target *target, void *tag)
{
	struct post *post = post_new(host, target, NULL, 0, tag);
	const struct path_parts parts = { .target = target };
	struct http_request request;

	if (post_is_held(post))
		return;
	if (!post->service->greet) {
		send_dry(post);
		return;
	}
	service_request(&request, "GET", post->service->greet, &parts, 0, NULL);
	post->heard = heard_greeting;
	post_send(post, &request);
}
