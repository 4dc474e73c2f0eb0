#include "policy/trailer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "policy/keys.h"
#include "policy/problem.h"
#include "policy/trailer_value.h"

enum { MAX_TRAILERS = 1000 };

struct kind_row {
	enum trailer_kind kind;
	const char *key, *option, *usage;
};

static const struct kind_row kinds[] = {
	{ TRAILER_KIND_ACCEPT, TRAILER_ACCEPT, "accept",
	  "TEST METRIC <=+12% | why" },
	{ TRAILER_KIND_EXPECT, TRAILER_EXPECT, "expect", "TEST METRIC -20%" },
	{ TRAILER_KIND_RENAME, TRAILER_RENAME, "rename", "OLD -> NEW" },
	{ TRAILER_KIND_RESET, TRAILER_RESET, "reset", "TEST | why" },
	{ TRAILER_KIND_SKIP, TRAILER_SKIP, "skip", "why" },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Where trailers come from, and where they go. */
struct source {
	const char *where;        /* for problems */
	const struct oid *commit; /* NULL: a push option */
	struct trailers *trailers;
	struct problems *problems;
};

const char *
trailer_kind_name(enum trailer_kind kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].option;
	return "";
}

void
trailer_release(struct trailer *trailer)
{
	free(trailer->test);
	free(trailer->metric);
	free(trailer->to);
	free(trailer->reason);
}

void
trailers_release(struct trailers *trailers)
{
	for (size_t i = 0; i < trailers->count; i++)
		trailer_release(&trailers->items[i]);
	free(trailers->items);
	*trailers = (struct trailers){ 0 };
}

static void
add_trailer(const struct source *source, const struct kind_row *row,
	    const char *value)
{
	struct trailers *trailers = source->trailers;
	struct trailer trailer = { .kind = row->kind };
	const char *wrong;

	if (trailers->count >= MAX_TRAILERS) {
		problems_add(source->problems, source->where,
			     "more than %d trailers in one push; the rest does "
			     "not count",
			     MAX_TRAILERS);
		return;
	}
	if (source->commit)
		trailer.commit = *source->commit;
	wrong = trailer_parse_value(&trailer, value);
	if (wrong) {
		problems_add(source->problems, source->where,
			     "'%s:%.100s': %s; write `%s: %s`", row->key, value,
			     wrong, row->key, row->usage);
		trailer_release(&trailer);
		return;
	}
	if (!strcmp(trailer.reason, TRAILER_WHY))
		problems_add(source->problems, source->where,
			     "'%s: %.100s': put your reason in the place of "
			     "'" TRAILER_WHY "'",
			     row->key, trailer.test ? trailer.test : "");
	MEM_GROW(trailers->items, trailers->count, trailers->cap);
	trailers->items[trailers->count++] = trailer;
}

static size_t
line_length(const char *at, const char *end)
{
	const char *eol = memchr(at, '\n', (size_t)(end - at));

	return (size_t)((eol ? eol : end) - at);
}

static int
is_blank(const char *line, size_t len)
{
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	return !len;
}

/* The length of a trailer's key, and where its value begins; 0 for a line that
 * is no trailer. */
static size_t
key_length(const char *line, size_t len, size_t *value_at)
{
	size_t key = 0, at;

	while (key < len &&
	       (isalnum((unsigned char)line[key]) || line[key] == '-'))
		key++;
	at = key;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (at >= len || line[at] != ':')
		return 0;
	*value_at = at + 1;
	return key;
}

static const struct kind_row *
find_key(const char *line, size_t len, size_t *value_at)
{
	size_t key_len = key_length(line, len, value_at);

	for (size_t i = 0; key_len && i < KINDS; i++)
		if (strlen(kinds[i].key) == key_len &&
		    !strncasecmp(line, kinds[i].key, key_len))
			return &kinds[i];
	return NULL;
}

static int
begins_with(const char *line, size_t len, const char *text)
{
	return len >= strlen(text) && !strncmp(line, text, strlen(text));
}

/* Without the empty lines and comments that some tools leave at the end. */
static const char *
trimmed_end(const char *message, const char *end)
{
	const char *kept = message;

	for (const char *at = message; at < end;) {
		size_t len = line_length(at, end);

		if (*at != '#' && !is_blank(at, len))
			kept = at + len;
		at += len + 1;
	}
	return kept;
}

/* The last paragraph, end when there is none; the subject is none, as git has
 * it. */
static const char *
last_paragraph(const char *message, const char *end)
{
	const char *start = end;
	int after_blank = 0;

	for (const char *at = message; at < end;) {
		size_t len = line_length(at, end);

		if (is_blank(at, len))
			after_blank = 1;
		else if (after_blank) {
			start = at;
			after_blank = 0;
		}
		at += len + 1;
	}
	return start;
}

/*
 * git takes a paragraph for trailers when all of its lines are some, or when
 * one is known to be one and at least a quarter look like it.
 */
static int
is_trailer_block(const char *at, const char *end)
{
	size_t trailers = 0, others = 0, value_at = 0;
	int known = 0, in_trailer = 0;

	while (at < end) {
		size_t len = line_length(at, end);
		int goes_on = *at == ' ' || *at == '\t';

		if (begins_with(at, len, "(cherry picked from commit ")) {
			known = in_trailer = 1;
			trailers++;
		} else if (!goes_on && key_length(at, len, &value_at)) {
			known |= find_key(at, len, &value_at) ||
				 begins_with(at, len, "Signed-off-by: ");
			in_trailer = 1;
			trailers++;
		} else if (!goes_on || !in_trailer) {
			in_trailer = 0;
			others += *at != '#' && !is_blank(at, len);
		}
		at += len + 1;
	}
	return trailers && (!others || (known && trailers * 3 >= others));
}

/* A value may go on in lines that begin with white space. */
static const char *
take_value(const char *at, const char *end, size_t skip, struct buf *value)
{
	size_t len = line_length(at, end);

	buf_add(value, at + skip, len - skip);
	at += len + 1;
	while (at < end && (*at == ' ' || *at == '\t')) {
		len = line_length(at, end);
		buf_add(value, at, len);
		at += len + 1;
	}
	/* A NUL would hide what follows it. */
	for (size_t i = 0; i < value->len; i++)
		if (!value->data[i])
			value->data[i] = ' ';
	return at;
}

/* Ours, where nobody looks for trailers. */
static void
complain_misplaced(const struct source *source, const char *at, const char *end)
{
	size_t value_at = 0;

	while (at < end) {
		size_t len = line_length(at, end);
		const struct kind_row *row = find_key(at, len, &value_at);

		if (row)
			problems_add(source->problems, source->where,
				     "%s does not count here: trailers are the "
				     "last paragraph of the message, with an "
				     "empty line before it",
				     row->key);
		at += len + 1;
	}
}

static void
complain_misspelt(const struct source *source, const char *line, size_t len)
{
	size_t value_at = 0, key_len = key_length(line, len, &value_at);
	char *key;

	if (key_len < 6 || strncasecmp(line, "perf-", 5))
		return;
	key = mem_copy_bytes(line, key_len);
	for (size_t i = 0; i < KINDS; i++)
		if (word_distance(key, kinds[i].key) <= 2)
			problems_add(source->problems, source->where,
				     "no trailer %s; did you mean %s?", key,
				     kinds[i].key);
	free(key);
}

void
trailers_read(struct trailers *trailers, const char *message, size_t len,
	      const struct oid *commit, struct problems *problems)
{
	const char *end = trimmed_end(message, message + len);
	const char *at = last_paragraph(message, end);
	char hex[OID_HEX + 1];
	char *where = mem_text("commit %s", oid_short(commit, hex));
	struct source source = { where, commit, trailers, problems };

	if (!is_trailer_block(at, end))
		at = end;
	complain_misplaced(&source, message, at);
	while (at < end) {
		size_t size = line_length(at, end), value_at = 0;
		const struct kind_row *row = find_key(at, size, &value_at);
		struct buf value = BUF_INIT;

		if (!row) {
			complain_misspelt(&source, at, size);
			at += size + 1;
			continue;
		}
		at = take_value(at, end, value_at, &value);
		add_trailer(&source, row, buf_text(&value));
		buf_release(&value);
	}
	free(where);
}

void
trailers_read_option(struct trailers *trailers, const char *option,
		     struct problems *problems)
{
	const size_t prefix = strlen(PUSH_OPTION_PREFIX);
	struct source source = { "push option", NULL, trailers, problems };

	if (strncasecmp(option, PUSH_OPTION_PREFIX, prefix))
		return;
	for (size_t i = 0; i < KINDS; i++) {
		size_t len = strlen(kinds[i].option);

		if (!strncasecmp(option + prefix, kinds[i].option, len) &&
		    option[prefix + len] == '=') {
			add_trailer(&source, &kinds[i],
				    option + prefix + len + 1);
			return;
		}
	}
	problems_add(problems, source.where,
		     "'%.80s': write perf.accept=..., perf.expect=..., "
		     "perf.rename=..., perf.reset=... or perf.skip=...",
		     option);
}

static int
is_meant(const struct trailer *trailer, enum trailer_kind kind,
	 const char *test, const char *metric)
{
	if (trailer->kind != kind ||
	    (test && (!trailer->test || strcmp(trailer->test, test))))
		return 0;
	return !metric || !trailer->metric ||
	       !strcasecmp(trailer->metric, metric);
}

struct trailer *
trailers_find(struct trailers *trailers, enum trailer_kind kind,
	      const char *test, const char *metric)
{
	for (size_t i = trailers->count; i-- > 0;)
		if (is_meant(&trailers->items[i], kind, test, metric))
			return &trailers->items[i];
	return metric && strcmp(metric, "*")
		       ? trailers_find(trailers, kind, test, "*")
		       : NULL;
}

int
trailer_covers(const struct trailer *trailer, enum better better, double ratio)
{
	double bound = trailer->bound;

	if ((better == BETTER_LOWER) != (bound >= 1))
		bound = 2 - bound;
	/* Half a per mille for what printing rounds away. */
	return better == BETTER_LOWER ? ratio <= bound * 1.0005
				      : ratio >= bound * 0.9995;
}
