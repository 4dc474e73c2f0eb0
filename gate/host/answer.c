#include "host/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "host/http.h"
#include "host/retry.h"
#include "host/services.h"

enum {
	MAX_MESSAGE = 240, /* bytes of the other side's words that we repeat */
	UNKNOWN_TRIES = 4  /* a commit that a replica does not know yet */
};

json_t *
answer_json(const struct http_answer *answer)
{
	const char *text = buf_text(&answer->body);
	size_t len = answer->body.len;
	json_t *json;

	/* Gerrit begins with a line that keeps scripts from it. */
	if (!strncmp(text, ")]}'", 4)) {
		text += 4;
		len -= 4;
	}
	json = json_parse(text, len, NULL);
	if (json && !json_is_object(json) && !json_is_array(json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static void
add_clean(struct buf *buf, const char *text)
{
	buf_add_clean(buf, text, strlen(text), MAX_MESSAGE);
}

/* A text, or where it is something else its JSON. */
static void
add_value(struct buf *buf, const json_t *value)
{
	struct buf json = BUF_INIT;

	if (json_is_string(value)) {
		add_clean(buf, json_string_value(value));
		return;
	}
	json_append(&json, value);
	add_clean(buf, buf_text(&json));
	buf_release(&json);
}

void
answer_add_message(const struct http_answer *answer, struct buf *buf)
{
	static const char *const names[] = { "message", "error", "detail",
					     "title", NULL };
	json_t *json = answer_json(answer), *value = NULL;

	for (const char *const *name = names; *name && !value; name++)
		value = json_object_get(json, *name);
	/* Bitbucket: {"error": {"message": ...}}. */
	if (json_is_object(value) && json_object_get(value, "message"))
		value = json_object_get(value, "message");
	if (value)
		add_value(buf, value);
	else if (!json)
		buf_add_clean(buf, buf_text(&answer->body), answer->body.len,
			      MAX_MESSAGE);
	value = json_object_get(json, "errors");
	if (json_array_size(value) > 0) {
		buf_adds(buf, ": ");
		add_value(buf, value);
	}
	json_decref(json);
}

/* Whether the message is of a commit that is not there (yet). */
static int
is_unknown_commit(const struct http_answer *answer)
{
	const char *body = buf_text(&answer->body);

	return (answer->status == 404 || answer->status == 422) &&
	       (strcasestr(body, "no commit found for sha") ||
		strcasestr(body, "commit not found"));
}

static enum host_outcome
outcome_of_status(const struct service *service,
		  const struct http_answer *answer, const struct retry *retry)
{
	int status = answer->status;

	if (status >= 200 && status < 300)
		return HOST_DELIVERED;
	/* GitLab of a state that stands already. */
	if (service == service_of(HOST_GITLAB) && status == 400 &&
	    strstr(buf_text(&answer->body), "Cannot transition status via"))
		return HOST_DELIVERED;
	if (retry_is_limit(answer) || status == 408 || status == 409 ||
	    status == 425 || status >= 500 || status < 300)
		return HOST_RETRY;
	/* A page for the time being, unlike one that moved for good. */
	if (status == 302 || status == 303 || status == 307)
		return HOST_RETRY;
	if (service && is_unknown_commit(answer) &&
	    retry->tries < UNKNOWN_TRIES)
		return HOST_RETRY;
	return HOST_REFUSED;
}

static void
advise(const struct service *service, int status, char advice[HOST_MAX_TEXT])
{
	const char *text = "";

	if (!service)
		text = "look at its log, and at the configured URL and secret";
	else if (status == 401)
		text = "put a valid token into the file of "
		       "pacegate-host.tokenFile";
	else if (status == 404)
		text = "check pacegate-host.url and .project, and that the "
		       "token may see that project";
	else if (status >= 300 && status < 400)
		text = "set pacegate-host.url and .project to where it is now; "
		       "a token follows no redirect";
	else if (status != 403)
		text = "look at what it says; if the configuration is right, "
		       "report it as a bug of pacegate";
	if (service && status == 403)
		snprintf(advice, HOST_MAX_TEXT,
			 "give the token what it lacks: %s", service->rights);
	else
		snprintf(advice, HOST_MAX_TEXT, "%s", text);
}

static void
tell_why(const char *name, const struct http_answer *answer,
	 struct host_result *result)
{
	struct buf why = BUF_INIT;

	buf_addf(&why, "%s answered %d", name, answer->status);
	if (answer->location[0]) {
		buf_adds(&why, ", a redirect to ");
		add_clean(&why, answer->location);
	} else if (answer->body.len > 0) {
		buf_adds(&why, ": ");
		answer_add_message(answer, &why);
	}
	snprintf(result->why, sizeof(result->why), "%s", buf_text(&why));
	buf_release(&why);
}

/* A success that does not speak JSON comes from something in between. */
static int
is_foreign(const struct service *service, const struct http_answer *answer)
{
	json_t *json;

	if (!service || answer->status >= 300 ||
	    (answer->status > 200 && answer->body.len == 0))
		return 0;
	json = answer_json(answer);
	json_decref(json);
	return !json;
}

static void
judge_failure(const char *name, const struct http_answer *answer,
	      const struct retry *retry, struct host_result *result)
{
	int for_good = answer->failure == HTTP_INVALID ||
		       answer->failure == HTTP_REFUSED;
	struct buf why = BUF_INIT;

	buf_addf(&why, "%s: ", name);
	add_clean(&why, answer->why);
	snprintf(result->why, sizeof(result->why), "%s", buf_text(&why));
	buf_release(&why);
	result->outcome = for_good ? HOST_REFUSED : HOST_RETRY;
	if (for_good)
		snprintf(result->advice, sizeof(result->advice),
			 "check the configured URL, login and addresses");
	else
		result->wait_s = retry_wait(retry, answer);
}

void
answer_judge(const struct service *service, const char *name,
	     const struct http_answer *answer, const struct retry *retry,
	     struct host_result *result)
{
	int64_t date = retry_parse_date(answer->date);

	result->status = answer->status;
	result->wait_s = 0;
	result->why[0] = result->advice[0] = '\0';
	if (date >= 0) {
		result->has_skew = 1;
		result->skew_s = date - retry->now_s;
	}
	if (answer->failure != HTTP_ANSWERED) {
		judge_failure(name, answer, retry, result);
	} else if (is_foreign(service, answer)) {
		result->outcome = HOST_RETRY;
		result->wait_s = retry_wait(retry, answer);
		snprintf(result->why, sizeof(result->why),
			 "%s answered %d with %.60s, not JSON: is "
			 "pacegate-host.url the base of its API?",
			 name, answer->status,
			 answer->content_type[0] ? answer->content_type
						 : "something");
	} else {
		result->outcome = outcome_of_status(service, answer, retry);
		if (result->outcome != HOST_DELIVERED)
			tell_why(name, answer, result);
		if (result->outcome == HOST_RETRY)
			result->wait_s = retry_wait(retry, answer);
		if (result->outcome == HOST_REFUSED)
			advise(service, answer->status, result->advice);
	}
}

/* Ids are numbers, or at GitLab hexadecimal: nothing that ends a path. */
static void
copy_id(const json_t *value, char id[HOST_MAX_ID])
{
	const char *text = json_string_value(value);

	id[0] = '\0';
	if (json_is_integer(value))
		snprintf(id, HOST_MAX_ID, "%lld",
			 (long long)json_integer_value(value));
	else if (text && strlen(text) < HOST_MAX_ID / 2 &&
		 strspn(text, "0123456789abcdefABCDEF-") == strlen(text))
		snprintf(id, HOST_MAX_ID, "%s", text);
}

void
answer_comment_id(const struct http_answer *answer, char id[HOST_MAX_ID])
{
	json_t *json = answer_json(answer);

	copy_id(json_object_get(json, "id"), id);
	json_decref(json);
}

int64_t
answer_number(const struct http_answer *answer, const char *field)
{
	json_t *json = answer_json(answer);
	int64_t number = json_int_or(
		json_is_array(json) ? json_array_get(json, 0) : json, field, 0);

	json_decref(json);
	return number > 0 ? number : 0;
}

static const char *
text_of(const json_t *entry, const char *field)
{
	const char *dot = strchr(field, '.');
	char outer[32];

	if (!dot)
		return json_text_or(entry, field, "");
	snprintf(outer, sizeof(outer), "%.*s", (int)(dot - field), field);
	return json_text_or(json_object_get(entry, outer), dot + 1, "");
}

/* The last line that says something. */
static void
last_line(const char *text, const char **line, size_t *len)
{
	size_t end = strlen(text), start;

	while (end > 0 && strchr(" \t\r\n", text[end - 1]))
		end--;
	start = end;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	*line = text + start;
	*len = end - start;
}

/* What a hidden line looks like, and what this search is for. */
struct wanted {
	const struct service *service;
	const char *field, *marker, *key;
};

/* The key of our hidden line, which is all of the line; NULL for another. */
static const char *
key_of(const struct wanted *wanted, const char *line, size_t len,
       size_t *key_len)
{
	const char *hidden = wanted->service->marker;
	size_t before = strcspn(hidden, "%");
	const char *after = hidden + before + 2;
	struct buf start = BUF_INIT;
	const char *key = NULL;

	buf_add(&start, hidden, before);
	buf_addf(&start, "pacegate %s ", wanted->marker);
	if (len > start.len + strlen(after) &&
	    !memcmp(line, start.data, start.len) &&
	    !memcmp(line + len - strlen(after), after, strlen(after))) {
		key = line + start.len;
		*key_len = len - start.len - strlen(after);
		if (memchr(key, ' ', *key_len))
			key = NULL;
	}
	buf_release(&start);
	return key;
}

static void
look_at(const struct wanted *wanted, const json_t *entry, const char *thread,
	struct own_comments *own)
{
	char id[HOST_MAX_ID], whole[2 * HOST_MAX_ID];
	const char *line, *key;
	size_t len, key_len;

	last_line(text_of(entry, wanted->field), &line, &len);
	key = key_of(wanted, line, len, &key_len);
	if (!key)
		return;
	copy_id(json_object_get(entry, "id"), id);
	snprintf(whole, sizeof(whole), "%s%s%s", thread,
		 thread[0] ? "/notes/" : "", id);
	if (!id[0] || strlen(whole) >= HOST_MAX_ID)
		whole[0] = '\0';
	own->has_latest = 1;
	memcpy(own->latest, whole, HOST_MAX_ID);
	if (wanted->key && strlen(wanted->key) == key_len &&
	    !memcmp(key, wanted->key, key_len)) {
		own->has_same = 1;
		memcpy(own->same, whole, HOST_MAX_ID);
	}
}

int
answer_find_comments(const struct service *service,
		     const struct http_answer *answer, const char *field,
		     const char *marker, const char *key,
		     struct own_comments *own, int *has_more)
{
	const struct wanted wanted = { service, field, marker, key };
	json_t *json = answer_json(answer), *list = json, *entry, *note;
	char thread[HOST_MAX_ID];
	size_t i, j;
	int count = -1;

	*has_more = 0;
	if (json_is_object(json))
		list = json_object_get(json, "values");
	if (!json_is_array(list))
		goto out;
	json_array_foreach(list, i, entry)
	{
		json_t *notes = json_object_get(entry, "notes");

		look_at(&wanted, entry, "", own);
		copy_id(json_object_get(entry, "id"), thread);
		json_array_foreach(notes, j, note)
			look_at(&wanted, note, thread, own);
	}
	count = (int)json_array_size(list);
	*has_more = list == json ? service->page && count >= service->page_size
				 : json_object_get(json, "next") != NULL;
out:
	json_decref(json);
	return count;
}
