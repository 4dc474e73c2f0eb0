#include "base/buf.h"
#include "base/err.h"
#include "runner/formats_read.h"
#include "runner/readings.h"
#include "runner/slice.h"

#include <ctype.h>
#include <string.h>

/*
 * JUnit. A reader of tags only: comments, CDATA and declarations are skipped,
 * the five entities and numbers are known, a document's own are not.
 */
enum { MAX_ENTITY = 12 };

struct xml_case {
	struct buf name, class;
	double ns; /* negative: none said */
	int open, counts;
};

static void
add_entity(struct buf *buf, struct slice name)
{
	static const char *const known[][2] = { { "amp", "&" },
						{ "lt", "<" },
						{ "gt", ">" },
						{ "quot", "\"" },
						{ "apos", "'" } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i][0]) == name.len &&
		    slice_begins(&name, known[i][0]))
			buf_adds(buf, known[i][1]);
	/* A number may be any character; names keep only plain ones. */
	if (name.len && name.text[0] == '#')
		buf_addc(buf, '_');
}

static void
add_decoded(struct buf *buf, struct slice text)
{
	while (text.len) {
		const char *end = text.text[0] == '&'
					  ? memchr(text.text, ';',
						   text.len < MAX_ENTITY
							   ? text.len
							   : MAX_ENTITY)
					  : NULL;

		if (!end) {
			buf_addc(buf, text.text[0]);
			slice_advance(&text, 1);
			continue;
		}
		add_entity(buf,
			   (struct slice){ text.text + 1,
					   (size_t)(end - text.text) - 1 });
		slice_advance(&text, (size_t)(end - text.text) + 1);
	}
}

/* The next `NAME="VALUE"` of a tag; 1 one, 0 no more. */
static int
next_attribute(struct slice *tag, struct slice *name, struct slice *value)
{
	const char *equals, *end;
	char quote;

	slice_trim(tag);
	equals = memchr(tag->text, '=', tag->len);
	if (!equals)
		return 0;
	*name = (struct slice){ tag->text, (size_t)(equals - tag->text) };
	slice_advance(tag, name->len + 1);
	slice_trim(name);
	slice_trim(tag);
	quote = tag->len ? tag->text[0] : '\0';
	if (quote != '"' && quote != '\'')
		return 0;
	slice_advance(tag, 1);
	end = memchr(tag->text, quote, tag->len);
	if (!end)
		return 0;
	*value = (struct slice){ tag->text, (size_t)(end - tag->text) };
	slice_advance(tag, value->len + 1);
	return 1;
}

static void
open_case(struct xml_case *now, struct slice tag, struct readings *to)
{
	struct slice name, value;

	buf_clear(&now->name);
	buf_clear(&now->class);
	now->ns = -1;
	now->open = now->counts = 1;
	while (next_attribute(&tag, &name, &value)) {
		if (slice_is(&name, "name"))
			add_decoded(&now->name, value);
		else if (slice_is(&name, "classname"))
			add_decoded(&now->class, value);
		else if (slice_is(&name, "time") &&
			 formats_number(value.text, value.len, 1, &now->ns) < 0)
			readings_problem(to, "testcase %s: '%.*s' is no number",
					 buf_text(&now->name), (int)value.len,
					 value.text);
	}
	if (now->ns > 0)
		now->ns *= 1e9;
}

static void
close_case(struct xml_case *now, struct readings *to)
{
	struct buf name = BUF_INIT;

	if (!now->open)
		return;
	if (now->class.len)
		buf_addf(&name, "%s.", buf_text(&now->class));
	buf_add(&name, buf_text(&now->name), now->name.len);
	if (now->counts && now->ns >= 0)
		formats_add_ns(to, "testcase",
			       &(struct slice){ buf_text(&name), name.len },
			       now->ns);
	now->open = 0;
	buf_release(&name);
}

/* A tag without its angles; attributes follow the name after a blank. */
static int
tag_is(const struct slice *tag, const char *name)
{
	size_t len = strlen(name);

	return slice_begins(tag, name) &&
	       (tag->len == len || isspace((unsigned char)tag->text[len]) ||
		tag->text[len] == '/');
}

static void
read_tag(struct xml_case *now, struct slice tag, struct readings *to)
{
	int empty = tag.len && tag.text[tag.len - 1] == '/';

	if (tag_is(&tag, "testcase")) {
		close_case(now, to);
		slice_advance(&tag, strlen("testcase"));
		open_case(now, tag, to);
		if (empty)
			close_case(now, to);
	} else if (tag_is(&tag, "/testcase")) {
		close_case(now, to);
	} else if (now->open && tag_is(&tag, "skipped")) {
		now->counts = 0;
	} else if (now->open &&
		   (tag_is(&tag, "failure") || tag_is(&tag, "error"))) {
		now->counts = 0;
		readings_set_reason(&to->fail, buf_text(&now->name),
				    now->name.len);
	}
}

/* Skip what begins with open until after close; 1 when it was there. */
static int
skip_section(struct slice *rest, const char *open, const char *close)
{
	const char *end;

	if (!slice_begins(rest, open))
		return 0;
	end = memmem(rest->text, rest->len, close, strlen(close));
	slice_advance(rest, end ? (size_t)(end - rest->text) + strlen(close)
				: rest->len);
	return 1;
}

/* Where a tag ends: the first `>` outside of quotes. */
static size_t
tag_length(struct slice rest)
{
	char quote = '\0';

	for (size_t i = 1; i < rest.len; i++) {
		char c = rest.text[i];

		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return i;
	}
	return 0;
}

void
read_junit(const char *text, size_t len, struct readings *to)
{
	struct slice rest = { text, len };
	struct xml_case now = { .name = BUF_INIT, .class = BUF_INIT };

	while (rest.len) {
		const char *open = memchr(rest.text, '<', rest.len);
		size_t end;

		if (!open)
			break;
		slice_advance(&rest, (size_t)(open - rest.text));
		if (skip_section(&rest, "<!--", "-->") ||
		    skip_section(&rest, "<![CDATA[", "]]>"))
			continue;
		end = tag_length(rest);
		if (!end) {
			readings_problem(to, "a tag does not end");
			break;
		}
		read_tag(&now, (struct slice){ rest.text + 1, end - 1 }, to);
		slice_advance(&rest, end + 1);
	}
	close_case(&now, to);
	buf_release(&now.name);
	buf_release(&now.class);
}
