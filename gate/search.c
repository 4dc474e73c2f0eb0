#include "search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "repo/repo.h"
#include "report/culprit.h"

enum { MAX_DEPTH = 8 /* merges in merges */ };

static const char *const found_names[] = { "unknown", "unchanged", "changed",
					   "unclear", "untestable" };

const char *
search_found_name(enum bisect_found found)
{
	return found_names[found];
}

static enum bisect_found
found_of(const json_t *answer)
{
	const char *name = json_text_or(answer, "found", "");

	for (int i = BISECT_UNCHANGED; i <= BISECT_UNTESTABLE; i++)
		if (!strcmp(name, found_names[i]))
			return (enum bisect_found)i;
	return BISECT_UNKNOWN;
}

static struct oid
member(const json_t *object, const char *name)
{
	struct oid oid = { { 0 } };

	(void)json_get_oid(object, name, &oid, NULL);
	return oid;
}

int
search_open(struct search *search, const struct repo *repo, json_t *record,
	    struct err *err)
{
	const json_t *where = json_object_get(record, "line");
	struct repo_update update = { 0 };
	int ret;

	*search = (struct search){ .record = record,
				   .good = member(where, "good"),
				   .bad = member(where, "bad") };
	ret = repo_update_read(repo, &search->good, &search->bad,
			       UPDATE_MAX_WALK, &update, err);
	if (!ret && (!update.count || !oid_equal(&update.base, &search->good)))
		ret = err_set(err, ERR_INPUT,
			      "%s does not come before %s along first parents",
			      json_text_or(where, "good", "?"),
			      json_text_or(where, "bad", "?"));
	if (!ret) {
		search->count = update.count + 1;
		search->line = mem_new(search->count, sizeof(*search->line));
		search->line[0] = search->good;
		memcpy(search->line + 1, update.commits,
		       update.count * sizeof(*search->line));
	}
	repo_update_release(&update);
	return ret;
}

void
search_release(struct search *search)
{
	free(search->line);
	*search = (struct search){ 0 };
}

int
search_is_at(const struct search *search, const json_t *record)
{
	const json_t *where = json_object_get(record, "line");
	struct oid good = member(where, "good"), bad = member(where, "bad");

	return oid_equal(&good, &search->good) && oid_equal(&bad, &search->bad);
}

/* What is known along the line; asked (room for all) may be NULL. */
static void
read_answers(const struct search *search, struct bisect *bisect,
	     unsigned char *asked)
{
	const json_t *answers = json_object_get(search->record, "answers");
	json_t *answer;
	size_t i;

	bisect_init(bisect, search->count);
	json_array_foreach(answers, i, answer)
	{
		struct oid commit = member(answer, "commit");
		struct oid beside = member(answer, "beside");

		for (size_t j = 1;
		     oid_equal(&beside, &search->good) && j < search->count;
		     j++)
			if (oid_equal(&commit, &search->line[j]))
				bisect_answer(bisect, j, found_of(answer));
	}
	for (size_t j = 1; asked && j < search->count; j++) {
		struct search_ask ask = { search->line[j], search->good };

		asked[j] = (unsigned char)search_record_is_asked(search->record,
								 &ask);
	}
}

/* The result. */

static void
set_result(struct search *search, struct report_culprit *culprit)
{
	culprit->metric = mem_copy_text(
		json_text_or(search->record, "metric", NULL));
	culprit->weighed = (unsigned)json_array_size(
		json_object_get(search->record, "answers"));
	json_object_set_new(search->record, "result",
			    report_culprit_json(culprit));
	report_culprit_release(culprit);
}

/* Nothing is to be told: the bad commit does not have it, or cannot be
 * weighed. */
static void
set_nothing(struct search *search, const char *why)
{
	json_object_set_new(
		search->record, "result",
		json_pack("{s:s, s:s}", "kind", "none", "why", why));
}

static void
set_commit(struct search *search, const struct repo *repo,
	   enum culprit_kind kind, const struct search_ask *ask)
{
	const json_t *answer = search_record_answer(search->record, ask);
	struct report_culprit culprit = {
		.kind = kind,
		.commit = ask->commit,
		.good = ask->beside,
		.bad = ask->commit,
		.ratio = json_number_or(answer, "ratio", NAN),
		.low = json_number_or(answer, "low", 0),
		.high = json_number_or(answer, "high", INFINITY),
		.commits = 1
	};
	struct repo_commit commit;

	if (!repo_commit_read(repo, &ask->commit, &commit, NULL)) {
		culprit.author = mem_copy_text(commit.author);
		culprit.subject = mem_copy_text(commit.subject);
	}
	repo_commit_release(&commit);
	set_result(search, &culprit);
}

/* What the last of those that could not be weighed said. */
static const char *
why_of_hole(const struct search *search, const struct bisect_state *state,
	    const char *otherwise)
{
	const char *why = NULL;

	for (size_t i = state->good + 1; i <= state->bad; i++) {
		struct search_ask ask = { search->line[i], search->good };
		const json_t *answer = search_record_answer(search->record,
							    &ask);

		if (found_of(answer) == BISECT_UNTESTABLE)
			why = json_text_or(answer, "why", why);
		else if (found_of(answer) == BISECT_UNCLEAR && !why)
			why = "too noisy to say";
	}
	return why ? why : otherwise;
}

static void
set_stretch(struct search *search, const struct bisect_state *state)
{
	struct report_culprit culprit = {
		.kind = CULPRIT_STRETCH,
		.good = search->line[state->good],
		.bad = search->line[state->bad],
		.ratio = NAN,
		.high = INFINITY,
		.commits = (unsigned)(state->bad - state->good),
		.untestable = (unsigned)state->holes
	};

	culprit.why = mem_text(
		"%zu commit%s between them cannot be told apart (%s)",
		state->bad - state->good - 1,
		state->bad - state->good == 2 ? "" : "s",
		why_of_hole(search, state, "not weighed"));
	set_result(search, &culprit);
}

/* What a merge brings cannot be weighed: so whether it does the harm, or the
 * merge alone, is not known. */
static void
set_side(struct search *search, const struct bisect_state *state)
{
	const json_t *where = json_object_get(search->record, "line");
	struct report_culprit culprit = { .kind = CULPRIT_STRETCH,
					  .good = member(where, "parent"),
					  .bad = member(where, "merge"),
					  .ratio = NAN,
					  .high = INFINITY,
					  .commits = (unsigned)search->count,
					  .untestable = (unsigned)state->holes +
							1 };

	culprit.why = mem_text("the merge, or one of %zu that it brings (%s)",
			       search->count - 1,
			       why_of_hole(search, state, "not weighed"));
	set_result(search, &culprit);
}

static void
set_spread(struct search *search, const struct bisect_state *state,
	   const char *why)
{
	struct report_culprit culprit = { .kind = CULPRIT_SPREAD,
					  .good = search->line[0],
					  .bad = search->line[state->bad],
					  .ratio = NAN,
					  .high = INFINITY,
					  .commits = (unsigned)state->bad,
					  .why = mem_copy_text(why) };

	set_result(search, &culprit);
}

/* Merges. */

/* What the side brings that its first parent does not hold; 0 where that is
 * nothing, or lies before what the whole search holds for good. */
static int
enter_side(struct search *search, const struct repo *repo,
	   const struct repo_commit *merge, size_t side, int64_t depth,
	   struct err *err)
{
	const struct oid *parent = &merge->first_parent;
	struct oid outside = member(json_object_get(search->record, "line"),
				    "outside");
	struct repo_update update = { 0 };
	int ret = repo_update_read(repo, parent, &merge->parents[side],
				   UPDATE_MAX_WALK, &update, err);
	int is_new = !ret && update.count && !oid_is_zero(&update.base);

	if (oid_is_zero(&outside))
		outside = *parent;
	if (is_new && !oid_equal(&outside, parent))
		is_new = !repo_is_ancestor(repo, &merge->parents[side],
					   &outside, NULL);
	if (is_new)
		json_object_set_new(
			search->record, "line",
			json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:I}", "good",
				  json_oid(&update.base), "bad",
				  json_oid(&merge->parents[side]), "merge",
				  json_oid(&merge->oid), "parent",
				  json_oid(parent), "side", (json_int_t)side,
				  "outside", json_oid(&outside), "depth",
				  (json_int_t)depth));
	repo_update_release(&update);
	return ret < 0 ? ret : is_new;
}

/*
 * The commit is the culprit; where it is a merge, one of its sides may be, from
 * this one on.
 */
static int
name_or_enter(struct search *search, const struct repo *repo,
	      const struct search_ask *ask, size_t side, int64_t depth,
	      enum search_next *next, struct err *err)
{
	struct repo_commit commit;
	int ret = repo_commit_read(repo, &ask->commit, &commit, err);
	int is_merge = !ret && commit.parent_count > 1;

	*next = SEARCH_DONE;
	for (; !ret && depth <= MAX_DEPTH && side < commit.parent_count;
	     side++) {
		ret = enter_side(search, repo, &commit, side, depth, err);
		if (ret > 0)
			*next = SEARCH_TURNED;
	}
	repo_commit_release(&commit);
	if (ret >= 0 && *next == SEARCH_DONE)
		set_commit(search, repo,
			   is_merge ? CULPRIT_MERGE : CULPRIT_COMMIT, ask);
	return ret < 0 ? ret : 0;
}

/* The side does not have it: the next one, or it is the merge. */
static int
leave_side(struct search *search, const struct repo *repo,
	   enum search_next *next, struct err *err)
{
	const json_t *where = json_object_get(search->record, "line");
	struct search_ask merge = { member(where, "merge"),
				    member(where, "parent") };

	return name_or_enter(search, repo, &merge,
			     (size_t)json_int_or(where, "side", 1) + 1,
			     json_int_or(where, "depth", 1), next, err);
}

/* It is there after one commit and not before it: beside that one too? */
static int
check_found(struct search *search, const struct repo *repo,
	    const struct bisect_state *state, struct search_ask *asks,
	    size_t *count, enum search_next *next, struct err *err)
{
	const json_t *where = json_object_get(search->record, "line");
	struct search_ask ask = { search->line[state->bad],
				  search->line[state->good] };
	int64_t depth = json_int_or(where, "depth", 0) + 1;
	unsigned unclear = 0;
	const json_t *answers = json_object_get(search->record, "answers");
	enum bisect_found found = BISECT_UNKNOWN;
	json_t *answer;
	size_t i;

	json_array_foreach(answers, i, answer)
	{
		struct search_ask of = { member(answer, "commit"),
					 member(answer, "beside") };

		if (!oid_equal(&of.commit, &ask.commit) ||
		    !oid_equal(&of.beside, &ask.beside))
			continue;
		found = found_of(answer);
		unclear += found == BISECT_UNCLEAR;
	}
	switch (found) {
	case BISECT_UNKNOWN:
		break;
	case BISECT_UNCLEAR:
		if (unclear < 2)
			break;
		set_spread(search, state,
			   "beside the one before, no commit shows it clearly");
		*next = SEARCH_DONE;
		return 0;
	case BISECT_UNCHANGED:
		set_spread(search, state, "no commit brings as much alone");
		*next = SEARCH_DONE;
		return 0;
	case BISECT_UNTESTABLE:
	case BISECT_CHANGED:
		return name_or_enter(search, repo, &ask, 1, depth, next, err);
	}
	*next = SEARCH_WAITS;
	if (!search_record_is_asked(search->record, &ask)) {
		asks[(*count)++] = ask;
		*next = SEARCH_ASKS;
	}
	return 0;
}

static void
ask_next(const struct search *search, const struct bisect *bisect,
	 const unsigned char *asked, size_t places, struct search_ask *asks,
	 size_t *count, enum search_next *next)
{
	size_t *at = mem_new(places, sizeof(*at));

	*count = bisect_next(bisect, asked, places, at);
	for (size_t i = 0; i < *count; i++)
		asks[i] = (struct search_ask){ search->line[at[i]],
					       search->good };
	*next = *count ? SEARCH_ASKS : SEARCH_WAITS;
	free(at);
}

int
search_step(struct search *search, const struct repo *repo, size_t places,
	    struct search_ask *asks, size_t *count, enum search_next *next,
	    struct err *err)
{
	const json_t *where = json_object_get(search->record, "line");
	int is_side = json_object_get(where, "merge") != NULL, ret = 0;
	unsigned char *asked = mem_new(search->count, 1);
	struct bisect_state state;
	struct bisect bisect;

	*count = 0;
	*next = SEARCH_DONE;
	read_answers(search, &bisect, asked);
	bisect_look(&bisect, &state);
	switch (state.end) {
	case BISECT_ASKS:
		ask_next(search, &bisect, asked, places, asks, count, next);
		break;
	case BISECT_FOUND:
		ret = check_found(search, repo, &state, asks, count, next, err);
		break;
	case BISECT_STRETCH:
		set_stretch(search, &state);
		break;
	case BISECT_NOTHING:
		if (is_side)
			ret = leave_side(search, repo, next, err);
		else
			set_nothing(search, "the change is not there");
		break;
	case BISECT_UNSURE:
		if (is_side)
			set_side(search, &state);
		else
			set_nothing(search,
				    "whether the change is there cannot be "
				    "told");
		break;
	}
	bisect_release(&bisect);
	free(asked);
	return ret;
}

int
search_wants(const struct search *search, const struct search_ask *ask)
{
	struct bisect_state state;
	struct bisect bisect;
	int wants = 0;

	read_answers(search, &bisect, NULL);
	bisect_look(&bisect, &state);
	if (state.end == BISECT_FOUND)
		wants = oid_equal(&ask->commit, &search->line[state.bad]) &&
			oid_equal(&ask->beside, &search->line[state.good]);
	else if (oid_equal(&ask->beside, &search->good))
		for (size_t i = state.good + 1;
		     state.end == BISECT_ASKS && i <= state.bad; i++)
			wants |= oid_equal(&ask->commit, &search->line[i]) &&
				 bisect.commits[i] != BISECT_CHANGED;
	bisect_release(&bisect);
	return wants;
}
