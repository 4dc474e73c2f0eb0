#include "host/post.h"

#include <string.h>

#include "base/mem.h"
#include "host/answer.h"
#include "host/services.h"

/* A status: one request, and before it, where a service (Gerrit) keeps it with
 * a change, the one that finds the change. */
struct status {
	struct oid commit;
	json_t *body;
};

static void
release(void *data)
{
	struct status *status = data;

	json_decref(status->body);
	free(status);
}

static void
heard_status(struct post *post, struct http_answer *answer)
{
	post_judge(post, answer);
	post_end(post);
}

static void
send_status(struct post *post, int64_t number)
{
	struct status *status = post->data;
	const struct path_parts parts = { .target = post->target,
					  .commit = &status->commit,
					  .number = number };
	struct http_request request;

	service_request(&request, "POST", post->service->status, &parts, 0,
			status->body);
	post->heard = heard_status;
	post_send(post, &request);
}

static void
heard_number(struct post *post, struct http_answer *answer)
{
	int64_t number;

	if (post_judge(post, answer) != HOST_DELIVERED) {
		post_end(post);
		return;
	}
	number = answer_number(answer, post->service->number_field);
	if (number > 0)
		send_status(post, number);
	else
		post_end_with(post, HOST_NOWHERE,
			      "no change there holds this commit", "");
}

static void
find_number(struct post *post)
{
	struct status *status = post->data;
	const struct path_parts parts = { .target = post->target,
					  .commit = &status->commit };
	struct http_request request;

	service_request(&request, "GET", post->service->number_path, &parts, 0,
			NULL);
	post->heard = heard_number;
	post_send(post, &request);
}

void
host_post_status(struct host *host, const struct host_target *target,
		 const struct host_status *status, unsigned tries, void *tag)
{
	struct post *post = post_new(host, target, NULL, tries, tag);
	struct status *own;

	if (post_is_held(post))
		return;
	own = mem_new(1, sizeof(*own));
	own->commit = status->commit;
	own->body = service_status(target, status);
	post->data = own;
	post->release = release;
	if (target->service != HOST_GERRIT)
		send_status(post, 0);
	else if (status->state == HOST_PENDING)
		post_end_with(post, HOST_NOWHERE,
			      "a vote is cast when there is a verdict", "");
	else
		find_number(post);
}
