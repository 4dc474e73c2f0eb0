#include "policy/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/config.h"
#include "policy/keys.h"
#include "policy/pattern.h"
#include "policy/problem.h"

/* What is exact comes before what is long, a metric before both. */
enum {
	RANK_SECTION = 1,
	RANK_PATTERN,
	RANK_EXACT = 1 << 20,
	RANK_METRIC = 2 << 20
};

/* An entry, taken apart. */
struct place {
	const char *section, *sub, *name;
	size_t section_len, sub_len;
	char *where;
};

static char *
where_it_stands(const struct config_entry *entry)
{
	if (!entry->file)
		return mem_copy_text(entry->key);
	if (!entry->line)
		return mem_text("%s: %s", entry->file, entry->key);
	return mem_text("%s:%d", entry->file, entry->line);
}

static void
split(struct place *place, const struct config_entry *entry)
{
	*place = (struct place){ .section = entry->key,
				 .where = where_it_stands(entry) };
	config_split(entry->key, &place->section_len, &place->sub,
		     &place->sub_len, &place->name);
	/* pacegate.sandbox.root is how one says it: git reads a subsection. */
	if (place->section_len == strlen(SECTION_GATE) && place->sub_len == 7 &&
	    !strncmp(place->sub, "sandbox", 7)) {
		place->section = SECTION_SANDBOX;
		place->section_len = strlen(SECTION_SANDBOX);
		place->sub = NULL;
	}
}

static void
complain_unknown(const struct place *place, const char *key,
		 struct problems *problems)
{
	const struct key_row *near = key_nearest(
		place->section, place->section_len, place->name);

	if (near)
		problems_add(problems, place->where,
			     "no key %s; did you mean %s.%s?", key,
			     near->section, near->name);
	else
		problems_add(problems, place->where,
			     "no key %s, see pacegate.config(5)", key);
}

static int
is_plain_name(const char *name, size_t len)
{
	return len && strspn(name, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_") >= len;
}

static int
stands_right(const struct key_row *row, const struct place *place,
	     struct problems *problems)
{
	if (row->where & KEY_TEST) {
		if (place->sub)
			return 1;
		problems_add(problems, place->where,
			     "write [%s \"perf/x\"] and then %s", row->section,
			     row->name);
		return 0;
	}
	if (!place->sub || (row->where & KEY_REF))
		return 1;
	if (row->where & KEY_NAMED) {
		if (is_plain_name(place->sub, place->sub_len))
			return 1;
		problems_add(problems, place->where,
			     "the name in [%s \"%.*s\"] has to be of letters, "
			     "digits, '-' and '_'",
			     row->section, (int)place->sub_len, place->sub);
		return 0;
	}
	problems_add(problems, place->where,
		     "%s.%s holds for the whole repository: write it without "
		     "the part in quotes",
		     row->section, row->name);
	return 0;
}

static int
is_sound(const struct key_row *row, const struct config_entry *entry,
	 const struct place *place, struct problems *problems)
{
	struct buf advice = BUF_INIT;
	int sound = key_check(row, entry->value, &advice);

	if (!sound)
		problems_add(problems, place->where, "%s = %s: %s", row->name,
			     entry->value, buf_text(&advice));
	buf_release(&advice);
	return sound;
}

/* `perf/ssl*:maxrss` names a metric; a colon within a path is no metric. */
static void
split_metric(struct setting *setting)
{
	char *colon = strrchr(setting->pattern, ':');

	if (!colon || !colon[1] || strchr(colon, '/'))
		return;
	setting->metric = mem_copy_text(colon + 1);
	*colon = '\0';
}

/* Refs have long names here: a short one would match nothing, silently. */
static void
check_ref_pattern(const struct setting *setting, struct problems *problems)
{
	const char *pattern = setting->pattern;

	if (strncmp(pattern, "refs/", 5) && !strchr("*?[", pattern[0]))
		problems_add(problems, setting->where,
			     "no ref begins with %s: write [" SECTION_GATE
			     " \"refs/heads/%s\"]",
			     pattern, pattern);
}

static int
is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void
add_to_list(struct policy *policy, const struct setting *setting)
{
	struct value_list *list = NULL;

	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].row == setting->row &&
		    is_same(policy->lists[i].pattern, setting->pattern))
			list = &policy->lists[i];
	if (!list) {
		MEM_GROW(policy->lists, policy->list_count, policy->list_cap);
		list = &policy->lists[policy->list_count++];
		*list = (struct value_list){ setting->row,
					     setting->pattern,
					     { 0 } };
	}
	patterns_add(&list->texts, setting->value);
}

void
settings_add(struct policy *policy, const struct config_entry *entry,
	     struct problems *problems)
{
	const struct key_row *row;
	struct setting *setting;
	struct place place;

	split(&place, entry);
	row = key_find(place.section, place.section_len, place.name);
	if (!row)
		complain_unknown(&place, entry->key, problems);
	if (!row || !stands_right(row, &place, problems) ||
	    !is_sound(row, entry, &place, problems)) {
		free(place.where);
		return;
	}
	MEM_GROW(policy->settings, policy->count, policy->cap);
	setting = &policy->settings[policy->count++];
	*setting = (struct setting){ .row = row,
				     .value = mem_copy_text(entry->value),
				     .where = place.where };
	if (place.sub)
		setting->pattern = mem_copy_bytes(place.sub, place.sub_len);
	if (setting->pattern && (row->where & KEY_TEST))
		split_metric(setting);
	else if (setting->pattern && (row->where & KEY_REF))
		check_ref_pattern(setting, problems);
	if (key_is_list(row))
		add_to_list(policy, setting);
}

size_t
pattern_rank(const char *pattern, const char *subject)
{
	size_t len;

	if (!pattern)
		return RANK_SECTION;
	if (!subject || !pattern_matches(pattern, subject))
		return 0;
	len = strlen(pattern);
	if (len > RANK_EXACT / 2)
		len = RANK_EXACT / 2;
	return RANK_PATTERN + len + (strcmp(pattern, subject) ? 0 : RANK_EXACT);
}

static size_t
setting_rank(const struct setting *setting, const char *subject,
	     const char *metric)
{
	size_t rank;

	if (setting->metric &&
	    (!metric || !pattern_matches(setting->metric, metric)))
		return 0;
	rank = pattern_rank(setting->pattern, subject);
	return rank && setting->metric ? rank + RANK_METRIC : rank;
}

const struct setting *
settings_find(const struct policy *policy, const char *section,
	      const char *name, const char *subject, const char *metric,
	      size_t *rank)
{
	const struct setting *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < policy->count; i++) {
		const struct setting *setting = &policy->settings[i];
		size_t exact;

		if (strcmp(setting->row->section, section) ||
		    strcmp(setting->row->name, name))
			continue;
		exact = setting_rank(setting, subject, metric);
		if (exact && exact >= most) {
			most = exact;
			best = setting;
		}
	}
	if (rank)
		*rank = most;
	return best;
}

const struct texts *
settings_list(const struct policy *policy, const char *section,
	      const char *name, const char *subject)
{
	const struct texts *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct value_list *list = &policy->lists[i];
		size_t rank;

		if (strcmp(list->row->section, section) ||
		    strcmp(list->row->name, name))
			continue;
		rank = pattern_rank(list->pattern, subject);
		if (rank && rank >= most) {
			most = rank;
			best = &list->texts;
		}
	}
	return best;
}

char *
setting_key(const struct setting *setting)
{
	if (!setting->pattern)
		return mem_text("%s.%s", setting->row->section,
				setting->row->name);
	return mem_text("%s.%s%s%s.%s", setting->row->section, setting->pattern,
			setting->metric ? ":" : "",
			setting->metric ? setting->metric : "",
			setting->row->name);
}

int
settings_are_together(const struct setting *a, const struct setting *b)
{
	return !strcmp(a->row->section, b->row->section) &&
	       is_same(a->pattern, b->pattern) && is_same(a->metric, b->metric);
}
