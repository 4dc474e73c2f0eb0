#include "policy/directive.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "policy/pattern.h"
#include "policy/problem.h"

const char *const directive_words[] = { "timeout", "metrics",  "threshold",
					"severe",  "affects",  "inputs",
					"kind",    "duration", "format",
					"needs",   "rounds",   "warmup",
					NULL };

enum { MAX_ITEMS = 64, MAX_ROUNDS = 1000, MAX_WARMUP = 100, MAX_NEEDS = 200 };

void
directives_init(struct directives *directives)
{
	*directives = (struct directives){ .warmup = -1 };
}

void
directives_release(struct directives *directives)
{
	free(directives->format);
	free(directives->needs);
	texts_release(&directives->metrics);
	texts_release(&directives->affects);
	texts_release(&directives->inputs);
	directives_init(directives);
}

const char *
kind_name(enum test_kind kind)
{
	switch (kind) {
	case KIND_PERF:
		return "perf";
	case KIND_ACCEPT:
		return "accept";
	case KIND_STRESS:
		return "stress";
	case KIND_FUZZ:
		return "fuzz";
	}
	return "perf";
}

/* Blanks around the commas are those of a .pacegate. */
static const char *
set_list(struct texts *list, const char *value)
{
	char *copy = mem_copy_text(value), *rest = NULL;
	const char *wrong = *value ? NULL : "write a list such as a,b";

	for (char *item = strtok_r(copy, ", \t", &rest); item;
	     item = strtok_r(NULL, ", \t", &rest)) {
		if (list->count >= MAX_ITEMS) {
			wrong = "write at most 64 items; the rest is left out";
			break;
		}
		patterns_add(list, item);
	}
	free(copy);
	return wrong;
}

static const char *
set_duration(int64_t *ms, const char *value)
{
	int64_t read = 0;

	if (units_parse_duration(value, &read) < 0 || read < 1 ||
	    read > 24 * 3600000LL)
		return "write a duration such as 30s, up to 24h";
	*ms = read;
	return NULL;
}

static const char *
set_percent(double *fraction, const char *value)
{
	double read = 0;

	if (units_parse_percent(value, &read) < 0 || read <= 0)
		return "write a percentage above 0, such as 3%";
	*fraction = read;
	return NULL;
}

static const char *
set_kind(enum test_kind *kind, const char *value)
{
	if (!strcmp(value, kind_name(KIND_PERF))) {
		*kind = KIND_PERF;
		return NULL;
	}
	for (int i = KIND_PERF; i <= KIND_FUZZ; i++)
		if (!strcmp(kind_name((enum test_kind)i), value))
			return "this version runs every test as kind=perf";
	return "write perf";
}

static const char *
set_text(char **text, const char *value)
{
	if (!*value)
		return "write a value behind the =";
	free(*text);
	*text = mem_copy_text(value);
	return NULL;
}

/* Names behind commas; it becomes a word of a command line. */
static const char *
set_needs(char **needs, const char *value)
{
	for (const char *at = value; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("_-.:=,", *at))
			return "write names of features, such as x86,fast";
	if (strlen(value) > MAX_NEEDS)
		return "write at most 200 letters";
	return set_text(needs, value);
}

static const char *
set_rounds(unsigned *rounds, const char *value)
{
	int64_t count = 0;

	if (units_parse_count(value, DIRECTIVE_LEAST_ROUNDS, MAX_ROUNDS,
			      &count) < 0)
		return "write a whole number from 12 to 1000";
	*rounds = (unsigned)count;
	return NULL;
}

static const char *
set_warmup(int *warmup, const char *value)
{
	int64_t count = 0;

	if (units_parse_count(value, 0, MAX_WARMUP, &count) < 0)
		return "write a whole number from 0 to 100";
	*warmup = (int)count;
	return NULL;
}

const char *
directives_set(struct directives *directives, const char *word,
	       const char *value)
{
	if (!strcmp(word, "timeout"))
		return set_duration(&directives->timeout_ms, value);
	if (!strcmp(word, "duration"))
		return set_duration(&directives->duration_ms, value);
	if (!strcmp(word, "metrics"))
		return set_list(&directives->metrics, value);
	if (!strcmp(word, "affects"))
		return set_list(&directives->affects, value);
	if (!strcmp(word, "inputs"))
		return set_list(&directives->inputs, value);
	if (!strcmp(word, "threshold"))
		return set_percent(&directives->threshold, value);
	if (!strcmp(word, "severe"))
		return set_percent(&directives->severe, value);
	if (!strcmp(word, "kind"))
		return set_kind(&directives->kind, value);
	if (!strcmp(word, "format"))
		return set_text(&directives->format, value);
	if (!strcmp(word, "needs"))
		return set_needs(&directives->needs, value);
	if (!strcmp(word, "rounds"))
		return set_rounds(&directives->rounds, value);
	if (!strcmp(word, "warmup"))
		return set_warmup(&directives->warmup, value);
	return "no such directive; there are timeout, metrics, threshold, "
	       "severe, affects, inputs, kind, duration, format, needs, "
	       "rounds and warmup";
}

static size_t
skip_blanks(const char *line, size_t at, size_t len)
{
	while (at < len && isblank((unsigned char)line[at]))
		at++;
	return at;
}

static int
begins_with(const char *line, size_t at, size_t len, const char *word)
{
	size_t size = strlen(word);

	return len - at > size && !strncasecmp(line + at, word, size) &&
	       isblank((unsigned char)line[at + size]);
}

/* Where the comment's text begins; 0 when the line is none, as far as one can
 * tell. */
static size_t
skip_comment_leader(const char *line, size_t len)
{
	static const char *const words[] = { "rem", "dnl", "c" };
	size_t at = 0;

	while (at < len && !isalnum((unsigned char)line[at]))
		at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (begins_with(line, at, len, words[i]))
			return skip_blanks(line, at + strlen(words[i]), len);
	return at;
}

static int
is_setting(const char *line, size_t at, size_t len)
{
	at = skip_blanks(line, at, len);
	for (const char *const *word = directive_words; *word; word++) {
		size_t size = strlen(*word);

		if (len - at > size && !memcmp(line + at, *word, size) &&
		    line[at + size] == '=')
			return 1;
	}
	return 0;
}

/* The words stand behind whatever begins a comment, so that `# perf:`,
 * `//perf:`, ` * perf:`, `;; perf:` and `REM perf:` all do. In a text of
 * several lines (a docstring) nothing stands before them: then the first must
 * be one of ours, for it may as well be prose. */
static const char *
find_directive(const char *line, size_t len)
{
	static const char mark[] = "perf:";
	const size_t size = sizeof(mark) - 1;
	size_t at = skip_comment_leader(line, len);

	if (len - at <= size || memcmp(line + at, mark, size) ||
	    !isblank((unsigned char)line[at + size]))
		return NULL;
	at += size;
	if (at == size && !is_setting(line, at, len))
		return NULL;
	return line + at;
}

/* Take what closes a comment off the end of its line. */
static void
cut_closer(char *text)
{
	static const char *const closers[] = { "*/", "-->",    "*)",
					       "-}", "|#",     "#}",
					       "%}", "\"\"\"", "'''" };
	size_t len = strlen(text);

	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	for (size_t i = 0; i < sizeof(closers) / sizeof(*closers); i++) {
		size_t size = strlen(closers[i]);

		if (len >= size && !strcmp(text + len - size, closers[i])) {
			text[len - size] = '\0';
			return;
		}
	}
}

static void
read_words(struct directives *directives, const char *text, size_t len,
	   const char *where, int line, struct problems *problems)
{
	char *copy = mem_copy_bytes(text, len), *rest = NULL;

	cut_closer(copy);
	for (char *word = strtok_r(copy, " \t\r", &rest); word;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		char *value = strchr(word, '=');
		const char *wrong;

		/* The end of a comment, or an ornament. */
		if (!isalnum((unsigned char)*word))
			continue;
		if (!value) {
			problems_add_line(problems, where, line,
					  "'%.100s': write NAME=VALUE, such "
					  "as timeout=60s",
					  word);
			continue;
		}
		*value++ = '\0';
		wrong = directives_set(directives, word, value);
		if (wrong)
			problems_add_line(problems, where, line,
					  "%.60s=%.100s: %s", word, value,
					  wrong);
	}
	free(copy);
}

void
directives_read(struct directives *directives, const char *text, size_t len,
		const char *where, struct problems *problems)
{
	const char *end = text + len;

	for (int line = 1; line <= DIRECTIVE_LINES && text < end; line++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((eol ? eol : end) - text);
		const char *words;

		/* A program, not a script: what looks like lines is none. */
		if (memchr(text, '\0', size))
			return;
		words = find_directive(text, size);
		if (words)
			read_words(directives, words,
				   size - (size_t)(words - text), where, line,
				   problems);
		text += eol ? size + 1 : size;
	}
}
