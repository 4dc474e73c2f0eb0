#include "policy/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "policy/problem.h"

enum { MAX_ENTRIES = 20000 };

void
config_add(struct config *config, const char *key, const char *value,
	   const char *file, int line)
{
	MEM_GROW(config->items, config->count, config->cap);
	config->items[config->count++] = (struct config_entry){
		mem_copy_text(key), mem_copy_text(value ? value : "true"),
		mem_copy_text(file), line
	};
}

void
config_release(struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		free(config->items[i].key);
		free(config->items[i].value);
		free(config->items[i].file);
	}
	free(config->items);
	*config = (struct config){ 0 };
}

const char *
config_last(const struct config *config, const char *key)
{
	for (size_t i = config->count; i-- > 0;)
		if (!strcmp(config->items[i].key, key))
			return config->items[i].value;
	return NULL;
}

void
config_split(const char *key, size_t *section_len, const char **sub,
	     size_t *sub_len, const char **variable)
{
	const char *first = strchr(key, '.'), *last = strrchr(key, '.');

	*section_len = first ? (size_t)(first - key) : strlen(key);
	*variable = last ? last + 1 : key + *section_len;
	*sub = first && last > first ? first + 1 : NULL;
	*sub_len = *sub ? (size_t)(last - *sub) : 0;
}

/* How it works: one pass over the text, `at` moving forward; a statement that
 * does not parse is given up to the end of its line. */
struct reader {
	const char *at, *end;
	int line;
	const char *file;
	struct problems *problems;
	struct config *config;
	struct buf section; /* normalised, with its subsection; "" before any */
	int lost; /* in a section that did not parse: its settings are silent */
};

static int
peek(const struct reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int
next(struct reader *r)
{
	int c = peek(r);

	if (c >= 0)
		r->at++;
	if (c == '\n')
		r->line++;
	return c;
}

static void
skip_line(struct reader *r)
{
	while (peek(r) >= 0 && peek(r) != '\n')
		next(r);
}

static void
skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\r')
		next(r);
}

static int
bad(struct reader *r, const char *what)
{
	problems_add_line(r->problems, r->file, r->line, "%s", what);
	skip_line(r);
	return -1;
}

/* The newline that ends a bad one stays: it ends the statement. */
static int
read_subsection(struct reader *r)
{
	next(r);
	buf_addc(&r->section, '.');
	while (peek(r) != '"') {
		if (peek(r) == '\\')
			next(r);
		if (peek(r) <= 0 || peek(r) == '\n')
			return -1;
		buf_addc(&r->section, (char)next(r));
	}
	next(r);
	return 0;
}

static int
read_section(struct reader *r)
{
	buf_clear(&r->section);
	next(r);
	while (isalnum(peek(r)) || peek(r) == '-' || peek(r) == '.')
		buf_addc(&r->section, (char)tolower(next(r)));
	skip_blanks(r);
	if (!r->section.len || (peek(r) == '"' && read_subsection(r) < 0) ||
	    peek(r) != ']') {
		buf_clear(&r->section);
		r->lost = 1;
		return bad(r, "not a section, write [name] or [name \"sub\"]");
	}
	next(r);
	r->lost = 0;
	return 0;
}

static int
escaped(int c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case '"':
	case '\\':
		return c;
	}
	return -1;
}

/* Up to the end of the line; trailing blanks outside quotes do not count. */
static int
read_value(struct reader *r, struct buf *value)
{
	int quoted = 0;
	size_t keep = 0;

	skip_blanks(r);
	for (;;) {
		int c = peek(r), kept = quoted;

		if (c < 0 || c == '\n' || (!quoted && (c == '#' || c == ';')))
			break;
		if (!c)
			return bad(r, "a NUL byte, which no value can hold");
		next(r);
		if (c == '"') {
			quoted = !quoted;
			keep = value->len;
			continue;
		}
		if (c == '\\') {
			c = next(r);
			if (c == '\r' && peek(r) == '\n')
				c = next(r);
			if (c == '\n')
				continue;
			c = escaped(c);
			if (c < 0)
				return bad(r, "an unknown escape; a backslash "
					      "is written \\\\");
			kept = 1;
		}
		buf_addc(value, (char)c);
		if (kept || !isspace(c))
			keep = value->len;
	}
	if (quoted)
		return bad(r, "a quote that is not closed");
	value->len = keep;
	if (value->data)
		value->data[keep] = '\0';
	skip_line(r);
	return 0;
}

static int
read_variable(struct reader *r)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	int line = r->line, ret = 0, has_value = 0;

	buf_adds(&key, buf_text(&r->section));
	buf_addc(&key, '.');
	while (isalnum(peek(r)) || peek(r) == '-')
		buf_addc(&key, (char)tolower(next(r)));
	skip_blanks(r);
	if (r->lost) {
		skip_line(r);
		ret = -1;
	} else if (!r->section.len) {
		ret = bad(r, "a key before any [section]");
	} else if (peek(r) == '=') {
		next(r);
		has_value = 1;
		ret = read_value(r, &value);
	} else if (peek(r) >= 0 && peek(r) != '\n') {
		/* A comment, too: git takes none behind a key alone. */
		ret = bad(r, "not a setting, write `key = value`");
	}
	if (!ret && r->config->count >= MAX_ENTRIES)
		problems_add(r->problems, r->file,
			     "more than %d settings; only the first ones count",
			     MAX_ENTRIES);
	else if (!ret)
		config_add(r->config, key.data,
			   has_value ? buf_text(&value) : NULL, r->file, line);
	buf_release(&key);
	buf_release(&value);
	return ret;
}

void
config_parse(struct config *config, const char *text, size_t len,
	     const char *file, struct problems *problems)
{
	struct reader r = { .at = text,
			    .end = text + len,
			    .line = 1,
			    .file = file,
			    .problems = problems,
			    .config = config };

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		r.at += 3; /* what some editors begin a UTF-8 file with */
	while (peek(&r) >= 0) {
		int c = peek(&r);

		if (isspace(c))
			next(&r);
		else if (c == '#' || c == ';')
			skip_line(&r);
		else if (c == '[')
			read_section(&r);
		else if (isalpha(c))
			read_variable(&r);
		else
			bad(&r, "not a section, a setting or a comment");
	}
	buf_release(&r.section);
}
