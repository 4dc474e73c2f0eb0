#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/address.h"
#include "host/host.h"
#include "host/message.h"

/*
 * Authors and subjects of commits, in a mail: three lines of two recipients and
 * a subject, then the body. Nobody may write a header of their own, or a line
 * that mail does not take.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
take_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = memchr(*data, '\0', *size);
	size_t len = end ? (size_t)(end - *data) : *size;
	char *line = mem_copy_bytes(*data, len);

	len += end ? 1 : 0;
	*data += len;
	*size -= len;
	return line;
}

static void
check_header(const char *line, size_t len)
{
	static const char *const names[] = {
		"From: ",           "To: ",
		"Subject: ",        "Date: ",
		"Message-ID: ",     "MIME-Version: ",
		"Content-Type: ",   "Content-Transfer-Encoding: ",
		"Auto-Submitted: ", " ",
	};
	size_t i = 0;

	if (memchr(line, '\r', len) || memchr(line, '\n', len) || len > 998)
		abort();
	while (i < sizeof(names) / sizeof(names[0]) &&
	       strncmp(line, names[i], strlen(names[i])) != 0)
		i++;
	if (i == sizeof(names) / sizeof(names[0]))
		abort();
}

static void
check(const char *message)
{
	const char *end;
	int in_headers = 1;

	for (; (end = strstr(message, "\r\n")) != NULL; message = end + 2) {
		size_t len = (size_t)(end - message);

		if (len == 0)
			in_headers = 0;
		else if (in_headers)
			check_header(message, len);
		else if (len > 76 || memchr(message, '\n', len) ||
			 memchr(message, '\r', len))
			abort();
	}
	if (*message)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *one = take_line(&data, &size), *two = take_line(&data, &size);
	char *subject = take_line(&data, &size);
	char *body = take_line(&data, &size);
	struct texts to = { 0 };
	const struct host_mail mail = { .from = "gate <gate@example.org>",
					.to = &to,
					.subject = subject,
					.body = body,
					.id = "a.1" };
	struct buf message = BUF_INIT;

	texts_add(&to, one);
	texts_add(&to, two);
	message_compose(&message, &mail);
	check(buf_text(&message));
	buf_release(&message);
	texts_release(&to);
	free(one);
	free(two);
	free(subject);
	free(body);
	return 0;
}
