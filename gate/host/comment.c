#include "host/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/answer.h"
#include "host/services.h"

/*
 * How a comment comes to its place. The number of the request is looked up
 * where the service has comments on requests alone. Then the earlier comment is
 * looked for in the list, page by page; it is edited, or a new one is made. An
 * id that the caller knows saves the looking. What cannot be edited any more
 * (somebody deleted it, or it is somebody else's) is followed by a new one.
 */
struct comment {
	struct oid commit;
	int64_t number;
	char *body, *marker, *key; /* key: may be NULL */
	char id[HOST_MAX_ID];
	int fresh;
	const struct comment_place *place;
	int in_threads; /* the second list is being read */
	int page;
	struct own_comments own;
};

enum {
	MAX_PAGES = 20,
	LIST_TRIES = 2 /* that failed before it goes without the list */
};

static void
release(void *data)
{
	struct comment *comment = data;

	free(comment->body);
	free(comment->marker);
	free(comment->key);
	free(comment);
}

static void
send_request(struct post *post, const char *method, const char *path, int page,
	     const json_t *body,
	     void (*heard)(struct post *post, struct http_answer *answer))
{
	struct comment *comment = post->data;
	const struct path_parts parts = { .target = post->target,
					  .commit = &comment->commit,
					  .number = comment->number,
					  .id = comment->id };
	struct http_request request;

	service_request(&request, method, path, &parts, page, body);
	post->heard = heard;
	post_send(post, &request);
}

static void
heard_created(struct post *post, struct http_answer *answer)
{
	const struct comment *comment = post->data;

	/* A commit's comment at GitLab says nothing of its id. */
	if (post_judge(post, answer) == HOST_DELIVERED &&
	    !comment->place->threads)
		answer_comment_id(answer, post->result.id);
	post_end(post);
}

static void
create(struct post *post)
{
	struct comment *comment = post->data;
	json_t *body = service_comment(post->target, comment->place, 0,
				       comment->body, comment->marker,
				       comment->key);

	send_request(post, "POST", comment->place->create, 0, body,
		     heard_created);
	json_decref(body);
}

static void list(struct post *post);

static void
heard_edited(struct post *post, struct http_answer *answer)
{
	struct comment *comment = post->data;
	int is_gone = answer->status == 404 || answer->status == 410 ||
		      answer->status == 405 || answer->status == 403;

	if (post_judge(post, answer) == HOST_REFUSED && is_gone) {
		post->result.id[0] = '\0';
		/* It was never looked for: there may be another one. */
		if (comment->page == 0)
			list(post);
		else
			create(post);
		return;
	}
	snprintf(post->result.id, sizeof(post->result.id), "%s", comment->id);
	post_end(post);
}

static void
edit(struct post *post)
{
	struct comment *comment = post->data;
	const struct comment_place *place = comment->place;
	json_t *body = service_comment(post->target, place, 1, comment->body,
				       comment->marker, comment->key);

	send_request(post, post->service->edit_method, place->edit, 0, body,
		     heard_edited);
	json_decref(body);
}

/* Everything was read: which of ours is it? */
static void
choose(struct post *post)
{
	struct comment *comment = post->data;
	const struct own_comments *own = &comment->own;
	int found = own->has_same || (own->has_latest && !comment->fresh);
	const char *id = own->has_same ? own->same : own->latest;

	if (!found) {
		create(post);
	} else if (id[0]) {
		snprintf(comment->id, sizeof(comment->id), "%s", id);
		edit(post);
	} else if (comment->place->threads && !comment->in_threads) {
		comment->in_threads = 1;
		comment->page = 0;
		comment->own = (struct own_comments){ 0 };
		list(post);
	} else {
		create(post);
	}
}

/* Rather said twice than never: an old GitLab has no threads of commits, and
 * some service's list may be broken for good. */
static int
is_unlistable(const struct post *post, const struct http_answer *answer)
{
	const struct comment *comment = post->data;

	if (post->result.outcome == HOST_REFUSED)
		return comment->in_threads;
	return post->tries >= LIST_TRIES &&
	       (answer->status >= 500 || answer->failure == HTTP_TOO_LARGE);
}

static void
heard_list(struct post *post, struct http_answer *answer)
{
	struct comment *comment = post->data;
	const char *field = comment->in_threads ? comment->place->thread_field
						: comment->place->field;
	int has_more, count;

	if (post_judge(post, answer) != HOST_DELIVERED) {
		if (is_unlistable(post, answer))
			create(post);
		else
			post_end(post);
		return;
	}
	count = answer_find_comments(post->service, answer, field,
				     comment->marker, comment->key,
				     &comment->own, &has_more);
	if (count >= 0 && has_more && comment->page < MAX_PAGES)
		list(post);
	else
		choose(post);
}

static void
list(struct post *post)
{
	struct comment *comment = post->data;
	const struct comment_place *place = comment->place;

	comment->page++;
	send_request(post, "GET",
		     comment->in_threads ? place->threads : place->list,
		     comment->page, NULL, heard_list);
}

static void
go_to_place(struct post *post)
{
	struct comment *comment = post->data;

	comment->place = comment->number ? &post->service->on_request
					 : &post->service->on_commit;
	if (comment->id[0] && !comment->fresh)
		edit(post);
	else
		list(post);
}

static void
heard_number(struct post *post, struct http_answer *answer)
{
	struct comment *comment = post->data;
	int is_none = answer->status == 404;

	if (post_judge(post, answer) == HOST_DELIVERED) {
		comment->number = answer_number(answer,
						post->service->number_field);
		is_none = comment->number == 0;
	}
	if (is_none)
		post_end_with(post, HOST_NOWHERE,
			      "no pull request there holds this commit", "");
	else if (post->result.outcome != HOST_DELIVERED)
		post_end(post);
	else
		go_to_place(post);
}

static int
is_word(const char *text)
{
	return text[0] && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789._/-") == strlen(text);
}

void
host_post_comment(struct host *host, const struct host_target *target,
		  const struct host_comment *comment, unsigned tries, void *tag)
{
	struct post *post = post_new(host, target, NULL, tries, tag);
	struct comment *own;

	if (post_is_held(post))
		return;
	if (!is_word(comment->marker) ||
	    (comment->key && !is_word(comment->key)) ||
	    strlen(comment->marker) >= HOST_MAX_TEXT / 2) {
		post_end_with(post, HOST_REFUSED, "the marker is no word",
			      "report it as a bug of pacegate");
		return;
	}
	own = mem_new(1, sizeof(*own));
	own->commit = comment->commit;
	own->number = comment->number;
	own->body = mem_copy_text(comment->body);
	own->marker = mem_copy_text(comment->marker);
	own->key = mem_copy_text(comment->key);
	own->fresh = comment->fresh;
	if (comment->id && is_word(comment->id))
		snprintf(own->id, sizeof(own->id), "%s", comment->id);
	post->data = own;
	post->release = release;
	if (!post->service->on_request.list)
		post_end_with(post, HOST_NOWHERE,
			      "the service takes a vote and no comments", "");
	else if (own->number == 0 && !post->service->on_commit.list)
		send_request(post, "GET", post->service->number_path, 0, NULL,
			     heard_number);
	else
		go_to_place(post);
}
