#include "hooks/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/names.h"
#include "base/units.h"

enum { MAX_BYTES = 256 << 20, MAX_OPTIONS = 256, SHA256_HEX = 64 };

static void
read_options(struct push *push)
{
	const char *text = getenv(ENV_PUSH_OPTION_COUNT);
	int64_t count = 0;

	if (!text || units_parse_count(text, 0, MAX_OPTIONS, &count) < 0)
		return;
	for (int64_t i = 0; i < count; i++) {
		char name[64];
		const char *option;

		snprintf(name, sizeof(name), ENV_PUSH_OPTION "%lld",
			 (long long)i);
		option = getenv(name);
		if (option)
			texts_add(&push->options, option);
	}
}

/* `OLD NEW REF`; the ref may hold any byte but a newline and a blank. */
static int
read_line(struct push *push, char *line, struct err *err)
{
	struct push_line *added;
	char *new = strchr(line, ' ');
	char *ref = new ? strchr(new + 1, ' ') : NULL;

	if (new &&new - line == SHA256_HEX) {
		push->sha256 = 1;
		return 0;
	}
	if (!ref || new - line != OID_HEX || ref - new != OID_HEX + 1)
		return err_set(err, ERR_INPUT, "no ref line: '%.80s'", line);
	MEM_GROW(push->lines, push->count, push->cap);
	added = &push->lines[push->count];
	if (oid_parse(&added->old, line) < 0 ||
	    oid_parse(&added->new, new + 1) < 0)
		return err_set(err, ERR_INPUT, "no object ids: '%.80s'", line);
	added->ref = mem_copy_text(ref + 1);
	push->count++;
	return 0;
}

int
push_read(struct push *push, int fd, struct err *err)
{
	char *copy, *rest = NULL;
	int ret;

	*push = (struct push){ 0 };
	ret = io_read_all(fd, &push->raw, MAX_BYTES, err);
	if (ret < 0)
		return err_context(err, "the hook's input");
	copy = mem_copy_bytes(buf_text(&push->raw), push->raw.len);
	for (char *line = strtok_r(copy, "\n", &rest); line && !ret;
	     line = strtok_r(NULL, "\n", &rest))
		ret = read_line(push, line, err);
	free(copy);
	read_options(push);
	return ret;
}

void
push_release(struct push *push)
{
	for (size_t i = 0; i < push->count; i++)
		free(push->lines[i].ref);
	free(push->lines);
	buf_release(&push->raw);
	texts_release(&push->options);
	*push = (struct push){ 0 };
}
