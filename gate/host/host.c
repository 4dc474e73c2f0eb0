#include "host/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "host/answer.h"
#include "host/retry.h"
#include "host/services.h"

/* A target that asked for silence. */
struct hold {
	const struct host_target *target;
	int64_t until_s;
};

struct host {
	struct http *http;
	unsigned most; /* in flight */
	size_t in_flight;
	struct post *posts;      /* under way */
	struct post *ended;      /* their results were not taken yet, */
	struct post **ended_end; /* oldest first */
	struct hold *holds;
	size_t hold_count, hold_cap;
};

struct host *
host_new(const struct host_limits *limits, struct err *err)
{
	struct http_limits http = {
		.connections = limits->in_flight ? limits->in_flight : 8,
		.connect_ms = limits->connect_ms ? limits->connect_ms : 10000,
		.total_ms = limits->total_ms ? limits->total_ms : 30000,
		.response_bytes = limits->response_bytes
					  ? limits->response_bytes
					  : (size_t)4 << 20,
	};
	struct host *host = mem_new(1, sizeof(*host));

	host->most = http.connections;
	host->ended_end = &host->ended;
	if (http_new(&host->http, &http, err) < 0) {
		free(host);
		return NULL;
	}
	return host;
}

static void
post_free(struct post *post)
{
	if (post->release)
		post->release(post->data);
	free(post);
}

static void
free_all(struct post *post)
{
	while (post) {
		struct post *next = post->next;

		post_free(post);
		post = next;
	}
}

void
host_free(struct host *host)
{
	if (!host)
		return;
	http_free(host->http);
	free_all(host->posts);
	free_all(host->ended);
	free(host->holds);
	free(host);
}

int
host_has_room(const struct host *host)
{
	return host->in_flight < host->most;
}

size_t
host_in_flight(const struct host *host)
{
	return host->in_flight;
}

int
host_run(struct host *host, int timeout_ms, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms(&clock_real);
	int64_t end_ms = now_ms + timeout_ms;

	while (!host->ended && host->in_flight > 0) {
		if (http_run(host->http, (int)(end_ms - now_ms), err) < 0)
			return ERR_SYSTEM;
		now_ms = clock_monotonic_ms(&clock_real);
		if (now_ms >= end_ms)
			break;
	}
	return 0;
}

int
host_take(struct host *host, struct host_result *result)
{
	struct post *post = host->ended;

	if (!post)
		return 0;
	host->ended = post->next;
	if (!host->ended)
		host->ended_end = &host->ended;
	*result = post->result;
	post_free(post);
	return 1;
}

struct post *
post_new(struct host *host, const struct host_target *target, const char *name,
	 unsigned tries, void *tag)
{
	struct post *post = mem_new(1, sizeof(*post));

	post->host = host;
	post->target = target;
	if (target) {
		post->service = service_of(target->service);
		name = post->service->name;
	}
	post->name = name;
	post->tries = tries;
	post->result.tag = tag;
	post->next = host->posts;
	if (host->posts)
		host->posts->previous = post;
	host->posts = post;
	host->in_flight++;
	return post;
}

static struct hold *
find_hold(struct host *host, const struct host_target *target)
{
	for (size_t i = 0; target && i < host->hold_count; i++)
		if (host->holds[i].target == target)
			return &host->holds[i];
	return NULL;
}

static void
hold_target(struct host *host, const struct host_target *target,
	    int64_t until_s)
{
	struct hold *hold = find_hold(host, target);

	if (!hold) {
		MEM_GROW(host->holds, host->hold_count, host->hold_cap);
		hold = &host->holds[host->hold_count++];
		*hold = (struct hold){ .target = target };
	}
	if (hold->until_s < until_s)
		hold->until_s = until_s;
}

int
post_is_held(struct post *post)
{
	const struct hold *hold = find_hold(post->host, post->target);
	int64_t now_s = clock_wall_s(&clock_real);
	struct err err = ERR_INIT;

	if (post->target && host_target_check(post->target, &err) < 0) {
		post_end_with(post, HOST_REFUSED, err.text,
			      "correct the configuration");
		return 1;
	}
	if (!hold || hold->until_s <= now_s)
		return 0;
	post->result.wait_s = hold->until_s - now_s;
	post_end_with(post, HOST_RETRY, "the service takes no more for now",
		      "");
	return 1;
}

static void
give_to_kind(void *data, struct http_answer *answer)
{
	struct post *post = data;

	post->heard(post, answer);
}

void
post_send(struct post *post, struct http_request *request)
{
	http_send(post->host->http, request, give_to_kind, post);
}

void
post_send_mail(struct post *post, struct http_mail *mail)
{
	http_send_mail(post->host->http, mail, give_to_kind, post);
}

enum host_outcome
post_judge(struct post *post, const struct http_answer *answer)
{
	struct retry retry = { .tries = post->tries,
			       .now_s = clock_wall_s(&clock_real) };
	int64_t pause_s = 0;

	/* A die that was not thrown spreads less, and does no harm. */
	if (getrandom(&retry.die, sizeof(retry.die), GRND_NONBLOCK) < 0)
		retry.die = 0;
	answer_judge(post->service, post->name, answer, &retry, &post->result);
	if (post->result.outcome == HOST_DELIVERED)
		pause_s = retry_pause(&retry, answer);
	else if (post->result.outcome == HOST_RETRY && retry_is_limit(answer))
		pause_s = post->result.wait_s;
	if (post->target && pause_s > 0)
		hold_target(post->host, post->target, retry.now_s + pause_s);
	return post->result.outcome;
}

void
post_end(struct post *post)
{
	struct host *host = post->host;

	if (post->previous)
		post->previous->next = post->next;
	else
		host->posts = post->next;
	if (post->next)
		post->next->previous = post->previous;
	host->in_flight--;
	post->next = post->previous = NULL;
	*host->ended_end = post;
	host->ended_end = &post->next;
}

void
post_end_with(struct post *post, enum host_outcome outcome, const char *why,
	      const char *advice)
{
	post->result.outcome = outcome;
	snprintf(post->result.why, sizeof(post->result.why), "%.500s", why);
	snprintf(post->result.advice, sizeof(post->result.advice), "%.500s",
		 advice);
	post_end(post);
}
