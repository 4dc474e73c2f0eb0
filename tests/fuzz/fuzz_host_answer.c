#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "host/answer.h"
#include "host/http.h"
#include "host/retry.h"
#include "host/services.h"

/* What a service answers: the first bytes choose the service and the status,
 * the first lines are its headers, the rest is its body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_line(char *to, size_t room, const uint8_t **data, size_t *size)
{
	const uint8_t *end = memchr(*data, '\n', *size);
	size_t len = end ? (size_t)(end - *data) : *size;

	snprintf(to, room, "%.*s", (int)len, (const char *)*data);
	len += end ? 1 : 0;
	*data += len;
	*size -= len;
}

static void
try_answer(const struct service *service, struct http_answer *answer)
{
	struct retry retry = { .tries = 2, .now_s = 1700000000, .die = 7 };
	struct own_comments own = { 0 };
	struct host_result result = { 0 };
	char id[HOST_MAX_ID];
	int has_more;

	answer_judge(service, "it", answer, &retry, &result);
	retry_pause(&retry, answer);
	answer_comment_id(answer, id);
	answer_number(answer, "number");
	if (service->on_commit.list)
		answer_find_comments(service, answer, service->on_commit.field,
				     "pacegate/x", "key", &own, &has_more);
	if (service->on_commit.threads)
		answer_find_comments(service, answer,
				     service->on_commit.thread_field,
				     "pacegate/x", "key", &own, &has_more);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer answer = { .failure = HTTP_ANSWERED };
	enum host_service service;

	if (size < 4)
		return 0;
	service = (enum host_service)(data[0] % (HOST_GERRIT + 1));
	answer.status = 100 * (data[1] % 6) + data[2] % 100;
	data += 3;
	size -= 3;
	take_line(answer.content_type, sizeof(answer.content_type), &data,
		  &size);
	take_line(answer.location, sizeof(answer.location), &data, &size);
	take_line(answer.date, sizeof(answer.date), &data, &size);
	take_line(answer.retry_after, sizeof(answer.retry_after), &data, &size);
	take_line(answer.limit_remaining, sizeof(answer.limit_remaining), &data,
		  &size);
	take_line(answer.limit_reset, sizeof(answer.limit_reset), &data, &size);
	buf_add(&answer.body, data, size);
	try_answer(service_of(service), &answer);
	buf_release(&answer.body);
	return 0;
}
