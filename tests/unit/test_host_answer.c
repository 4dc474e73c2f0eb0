#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "host/answer.h"
#include "host/http.h"
#include "host/retry.h"
#include "host/services.h"

enum { NOW_S = 1700000000 };

static struct host_result
judge(enum host_service service, int status, const char *body, unsigned tries)
{
	struct http_answer answer = { .status = status };
	struct retry retry = { .tries = tries, .now_s = NOW_S };
	struct host_result result = { 0 };

	buf_adds(&answer.body, body);
	answer_judge(service_of(service), "it", &answer, &retry, &result);
	buf_release(&answer.body);
	return result;
}

static void
knows_what_a_status_means(void **state)
{
	static const struct {
		int status;
		enum host_outcome outcome;
	} rows[] = {
		{ 200, HOST_DELIVERED }, { 201, HOST_DELIVERED },
		{ 301, HOST_REFUSED },   { 302, HOST_RETRY },
		{ 303, HOST_RETRY },     { 307, HOST_RETRY },
		{ 308, HOST_REFUSED },   { 400, HOST_REFUSED },
		{ 401, HOST_REFUSED },   { 403, HOST_REFUSED },
		{ 404, HOST_REFUSED },   { 408, HOST_RETRY },
		{ 409, HOST_RETRY },     { 410, HOST_REFUSED },
		{ 413, HOST_REFUSED },   { 422, HOST_REFUSED },
		{ 425, HOST_RETRY },     { 429, HOST_RETRY },
		{ 500, HOST_RETRY },     { 502, HOST_RETRY },
		{ 503, HOST_RETRY },     { 504, HOST_RETRY },
		{ 0, HOST_RETRY },
	};

	(void)state;
	for (int service = HOST_GITHUB; service <= HOST_GERRIT; service++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct host_result result = judge(
				(enum host_service)service, rows[i].status,
				"{}", 0);

			assert_int_equal(result.outcome, rows[i].outcome);
			assert_int_equal(result.wait_s > 0,
					 result.outcome == HOST_RETRY);
			assert_int_equal(result.advice[0] != '\0',
					 result.outcome == HOST_REFUSED);
		}
}

static void
shows_what_each_service_says(void **state)
{
	static const struct {
		const char *body, *said;
	} rows[] = {
		{ "{\"message\": \"Bad \\u001b[1mcredentials\"}",
		  "it answered 401: Bad \\x1b[1mcredentials" },
		{ "{\"message\": {\"name\": [\"is short\"]}}",
		  "it answered 401: {\"name\":[\"is short\"]}" },
		{ "{\"error\": {\"message\": \"No\"}}", "it answered 401: No" },
		{ "{\"message\": \"M\", \"errors\": [\"e\"]}",
		  "it answered 401: M: [\"e\"]" },
		{ "go\naway", "it answered 401: go\\x0aaway" },
		{ "", "it answered 401" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			judge(HOST_GITHUB, 401, rows[i].body, 0).why,
			rows[i].said);
}

static void
waits_longer_each_time(void **state)
{
	struct retry retry = { .tries = 0, .now_s = NOW_S };

	(void)state;
	for (unsigned tries = 0; tries < 100; tries++) {
		int64_t whole = tries < 8 ? INT64_C(5) << tries : RETRY_MOST_S;

		if (whole > RETRY_MOST_S)
			whole = RETRY_MOST_S;
		retry.tries = tries;
		for (uint32_t die = 0; die < 2000; die += 7) {
			int64_t wait;

			retry.die = die;
			wait = retry_grow(&retry, RETRY_FIRST_S);
			assert_true(wait >= whole / 2 && wait <= whole);
		}
	}
	retry.tries = UINT32_MAX;
	retry.die = UINT32_MAX;
	assert_true(retry_grow(&retry, RETRY_FIRST_S) >= RETRY_MOST_S / 2);
}

static void
reads_retry_after(void **state)
{
	(void)state;
	assert_int_equal(retry_after("0", NOW_S), 0);
	assert_int_equal(retry_after("77", NOW_S), 77);
	assert_int_equal(retry_after("Tue, 14 Nov 2023 22:14:20 GMT", NOW_S),
			 60);
	assert_int_equal(retry_after("Tue, 14 Nov 2023 22:00:00 GMT", NOW_S),
			 0);
	assert_int_equal(retry_after("99999999999999999999999", NOW_S),
			 RETRY_HONOUR_S);
	assert_int_equal(retry_after("", NOW_S), -1);
	assert_int_equal(retry_after("-1", NOW_S), -1);
	assert_int_equal(retry_after("soon", NOW_S), -1);
	assert_int_equal(retry_after("Tue, 14 Foo 2023 22:00:00 GMT", NOW_S),
			 -1);
	assert_int_equal(retry_after("Tue, 14 anF 2023 22:00:00 GMT", NOW_S),
			 -1);
}

static void
never_waits_less_than_asked(void **state)
{
	struct http_answer answer = { .status = 429 };
	struct retry retry = { .now_s = NOW_S };

	(void)state;
	for (uint32_t die = 0; die < 3000; die++) {
		retry.die = die;
		retry.tries = die % 20;
		snprintf(answer.retry_after, sizeof(answer.retry_after), "40");
		assert_true(retry_wait(&retry, &answer) >= 40);
		answer.retry_after[0] = '\0';
		assert_true(retry_wait(&retry, &answer) >= RETRY_LIMITED_S);
		snprintf(answer.limit_remaining, sizeof(answer.limit_remaining),
			 "0");
		snprintf(answer.limit_reset, sizeof(answer.limit_reset), "%d",
			 NOW_S + 100);
		assert_true(retry_wait(&retry, &answer) >= 100);
		answer.limit_remaining[0] = '\0';
	}
}

static void
holds_when_nothing_remains(void **state)
{
	struct http_answer answer = { .status = 201,
				      .limit_remaining = "0",
				      .limit_reset = "1700000050" };
	struct retry retry = { .now_s = NOW_S };

	(void)state;
	assert_int_equal(retry_pause(&retry, &answer), 50);
	snprintf(answer.limit_reset, sizeof(answer.limit_reset), "30");
	assert_int_equal(retry_pause(&retry, &answer), 30);
	snprintf(answer.limit_remaining, sizeof(answer.limit_remaining), "1");
	assert_int_equal(retry_pause(&retry, &answer), 0);
}

/* Whatever an id is, it goes into a path. */
static void
takes_no_id_that_is_a_path(void **state)
{
	static const char *const bodies[] = {
		"{\"id\": \"../../user\"}",
		"{\"id\": \"1?x=\"}",
		"{\"id\": {}}",
		"{\"id\": 1.5}",
		"[{\"id\": 1}]",
		"{}",
		"{\"id\": \"a b\"}",
	};
	struct http_answer answer = { .status = 200 };
	char id[HOST_MAX_ID];

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		buf_clear(&answer.body);
		buf_adds(&answer.body, bodies[i]);
		answer_comment_id(&answer, id);
		assert_string_equal(id, "");
	}
	buf_clear(&answer.body);
	buf_adds(&answer.body, "{\"id\": 12345678901234}");
	answer_comment_id(&answer, id);
	assert_string_equal(id, "12345678901234");
	buf_release(&answer.body);
}

static void
checks_a_target(void **state)
{
	static const struct {
		enum host_service service;
		const char *url, *project;
		int code;
	} rows[] = {
		{ HOST_GITHUB, NULL, "ada/engine", 0 },
		{ HOST_GITHUB, "https://ghe.example.org/api/v3", "a/b", 0 },
		{ HOST_GITHUB, "http://ghe.example.org", "a/b", ERR_INPUT },
		{ HOST_GITHUB, "http://localhost:3000", "a/b", 0 },
		{ HOST_GITHUB, "http://127.0.0.2", "a/b", 0 },
		{ HOST_GITHUB, "http://2130706433/", "a/b", 0 },
		{ HOST_GITHUB, "http://[::1]:8/", "a/b", 0 },
		{ HOST_GITHUB, "http://127.0.0.1.example.org/", "a/b",
		  ERR_INPUT },
		{ HOST_GITHUB, "http://localhost.example.org/", "a/b",
		  ERR_INPUT },
		{ HOST_GITHUB, "http://127.0.0.1@example.org/", "a/b",
		  ERR_INPUT },
		{ HOST_GITHUB, "https://u:p@example.org/", "a/b", ERR_INPUT },
		{ HOST_GITHUB, "file:///etc/passwd", "a/b", ERR_INPUT },
		{ HOST_GITHUB, "https://example.org/?x", "a/b", ERR_INPUT },
		{ HOST_GITHUB, "example.org", "a/b", ERR_INPUT },
		{ HOST_GITHUB, NULL, "engine", ERR_INPUT },
		{ HOST_GITHUB, NULL, "a/b/c", ERR_INPUT },
		{ HOST_GITHUB, NULL, "a/..", ERR_INPUT },
		{ HOST_GITHUB, NULL, NULL, ERR_INPUT },
		{ HOST_GITLAB, NULL, "a/b/c", 0 },
		{ HOST_GITLAB, NULL, "42", 0 },
		{ HOST_GITLAB, NULL, "x", ERR_INPUT },
		{ HOST_GITEA, NULL, "a/b", ERR_INPUT },
		{ HOST_GERRIT, "https://r.example.org/a", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_target target = { .service = rows[i].service,
					      .url = rows[i].url,
					      .project = rows[i].project };
		struct err err = ERR_INIT;

		assert_int_equal(host_target_check(&target, &err),
				 rows[i].code);
	}
}

static void
keeps_to_the_limits(void **state)
{
	struct host_target target = { .project = "a/b" };
	struct host_status status = { .state = HOST_FAILED };
	char title[2000] = "", url[400];

	(void)state;
	for (size_t i = 0; i < 600; i++)
		memcpy(title + 3 * i, "\xe2\x82\xac", 4);
	memset(url, 'x', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	status.title = target.context = title;
	status.url = url;
	for (int service = HOST_GITHUB; service < HOST_GERRIT; service++) {
		const struct service *row = service_of(
			(enum host_service)service);
		struct host_target other = target;
		char *context;
		json_t *body;

		target.service = (enum host_service)service;
		other = target;
		other.context = mem_text("%sx", title);
		body = service_status(&target, &status);
		context = service_context(&other);
		assert_int_equal(json_string_length(json_object_get(
					 body, row->title_field)),
				 3 * row->max_title);
		/* Contexts that differ at their ends alone stay two. */
		assert_string_not_equal(context,
					json_string_value(json_object_get(
						body, row->context_field)));
		assert_int_equal(json_object_get(body, row->url_field) == NULL,
				 service == HOST_GITLAB);
		json_decref(body);
		free(context);
		free((char *)(uintptr_t)other.context);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_a_status_means),
		cmocka_unit_test(shows_what_each_service_says),
		cmocka_unit_test(waits_longer_each_time),
		cmocka_unit_test(reads_retry_after),
		cmocka_unit_test(never_waits_less_than_asked),
		cmocka_unit_test(holds_when_nothing_remains),
		cmocka_unit_test(takes_no_id_that_is_a_path),
		cmocka_unit_test(checks_a_target),
		cmocka_unit_test(keeps_to_the_limits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_answer", tests, NULL, NULL);
}
