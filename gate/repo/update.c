#include "repo/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "repo/graph.h"
#include "repo/internal.h"

/*
 * Which commits a ref update brings. In a push no ref but the updated one is
 * read, and little is walked but what is new: a commit that came with the push
 * lies in the quarantine and not in the repository.
 */

/* The first-parent line is followed so far past what is new before the two
 * sides are compared properly. */
enum { SHORT_LINE = 256 };

/* What two sides have apart may be all of a long history: so much of it is
 * read, which takes some seconds and 60 MB. */
enum { MAX_NODES = 4 * UPDATE_MAX_WALK };

int
repo_is_new(const struct repo *repo, const struct oid *oid)
{
	git_oid space;

	if (!repo->before)
		return 0;
	return !git_odb_exists_ext(repo->before, repo_git_oid(oid, &space),
				   GIT_ODB_LOOKUP_NO_REFRESH);
}

struct line {
	struct oid *oids; /* newest first */
	size_t count, cap;
	struct oid end; /* the commit that the line stops before, or zero */
	int cut;        /* at UPDATE_MAX_WALK */
};

/*
 * Follow first parents from tip as long as goes_on() says so for the next
 * commit, which is then the line's end.
 */
static int
walk_line(const struct repo *repo, const struct oid *tip, struct line *line,
	  int (*goes_on)(const void *data, const struct line *line,
			 const struct oid *at),
	  const void *data, struct err *err)
{
	struct commit_head head = { 0 };
	struct oid at = *tip;
	int ret = 0;

	line->count = 0;
	while (!oid_is_zero(&at) && goes_on(data, line, &at)) {
		if (line->count >= UPDATE_MAX_WALK) {
			line->cut = 1;
			break;
		}
		ret = repo_head_read(repo, &at, &head, err);
		if (ret < 0)
			break;
		MEM_GROW(line->oids, line->count, line->cap);
		line->oids[line->count++] = at;
		at = head.parent_count ? head.parents[0]
				       : (struct oid){ { 0 } };
	}
	line->end = at;
	repo_head_release(&head);
	return ret;
}

struct stop {
	const struct repo *repo;
	const struct oid *old;
};

static int
goes_on_while_new(const void *data, const struct line *line,
		  const struct oid *at)
{
	const struct stop *stop = data;

	(void)line;
	return repo_is_new(stop->repo, at);
}

static int
goes_on_to_old(const void *data, const struct line *line, const struct oid *at)
{
	const struct stop *stop = data;

	return !oid_equal(at, stop->old) &&
	       (line->count < SHORT_LINE || repo_is_new(stop->repo, at));
}

static int
goes_on_while_wanted(const void *data, const struct line *line,
		     const struct oid *at)
{
	(void)line;
	return graph_paint(data, at) == GRAPH_WANTED;
}

/*
 * The old tip was not met on a short line: a merge brought it in, history was
 * rewritten, or many commits were there before and are new to this ref. The
 * line is then what the old tip does not reach.
 */
static int
compare_sides(const struct repo *repo, const struct oid *old,
	      struct repo_update *update, struct line *line, struct err *err)
{
	struct graph graph;
	int ret = graph_init(&graph, repo, &update->tip, 0, NULL, err);

	graph.max_nodes = MAX_NODES;
	if (!ret)
		ret = graph_hide(&graph, old, err);
	if (!ret)
		ret = graph_walk(&graph, UPDATE_MAX_WALK, NULL, err);
	if (!ret)
		ret = walk_line(repo, &update->tip, line, goes_on_while_wanted,
				&graph, err);
	if (!ret) {
		/* Ended by its limit, the walk has not seen all. */
		line->cut |= graph.is_cut;
		if (!line->cut && !(graph_paint(&graph, old) & GRAPH_WANTED))
			update->kind = UPDATE_FORCED;
	}
	graph_release(&graph);
	return ret;
}

static int
hide_ref(git_reference *ref, void *payload)
{
	struct graph *graph = payload;
	const struct oid tip = graph->nodes[0].oid;
	const git_oid *target = git_reference_target(ref);
	struct oid oid, commit;

	if (target) {
		repo_our_oid(&oid, target);
		/* One that cannot be read hides nothing. */
		if (!repo_peel(graph->repo, &oid, &commit, NULL) &&
		    !oid_equal(&commit, &tip))
			graph_hide(graph, &commit, NULL);
	}
	git_reference_free(ref);
	return 0;
}

/*
 * A new ref, and no quarantine that tells what is new: what no other ref
 * reaches. The ref is there already by now, so those at its tip do not count;
 * the tip itself always does.
 */
static int
compare_refs(const struct repo *repo, struct repo_update *update,
	     struct line *line, struct err *err)
{
	struct graph graph;
	int ret = graph_init(&graph, repo, &update->tip, 0, NULL, err), code;

	graph.max_nodes = MAX_NODES;
	if (ret < 0)
		goto out;
	code = git_reference_foreach(repo->git, hide_ref, &graph);
	if (code)
		ret = repo_fail(code, err, "refs of %s", repo->gitdir);
	if (!ret)
		ret = graph_walk(&graph, UPDATE_MAX_WALK, NULL, err);
	graph.nodes[0].paint = GRAPH_WANTED;
	if (!ret)
		ret = walk_line(repo, &update->tip, line, goes_on_while_wanted,
				&graph, err);
	line->cut |= graph.is_cut;
out:
	graph_release(&graph);
	return ret;
}

static void
select_commits(struct repo_update *update, const struct line *line, size_t max)
{
	size_t wanted = line->count < max ? line->count : max;

	update->total = line->count;
	update->commits = mem_new(wanted, sizeof(struct oid));
	/* Evenly spaced from the tip, which is always in. */
	for (size_t i = 0; i < wanted; i++) {
		size_t back = (wanted - 1 - i) * line->count / wanted;

		update->commits[update->count++] = line->oids[back];
	}
}

static int
read_line(const struct repo *repo, size_t max, struct repo_update *update,
	  struct err *err)
{
	const struct stop stop = { repo, &update->old };
	struct line line = { 0 };
	int created = oid_is_zero(&update->old), ret;

	if (created && repo->before)
		ret = walk_line(repo, &update->tip, &line, goes_on_while_new,
				&stop, err);
	else if (created)
		ret = compare_refs(repo, update, &line, err);
	else
		ret = walk_line(repo, &update->tip, &line, goes_on_to_old,
				&stop, err);
	if (!ret && !created && !line.cut &&
	    !oid_equal(&line.end, &update->old))
		ret = compare_sides(repo, &update->old, update, &line, err);
	if (!ret && line.count) {
		select_commits(update, &line, max);
		/* Of a line without end, the old tip is what comes before. */
		update->base = line.cut ? update->old : line.end;
	}
	free(line.oids);
	return ret;
}

int
repo_update_read(const struct repo *repo, const struct oid *old,
		 const struct oid *new, size_t max, struct repo_update *update,
		 struct err *err)
{
	int ret;

	*update = (struct repo_update){ .kind = UPDATE_FORWARD };
	if (!oid_is_zero(old)) {
		ret = repo_peel(repo, old, &update->old, err);
		if (ret < 0 && ret != ERR_NOT_FOUND)
			return ret;
	}
	if (oid_is_zero(new)) {
		update->kind = UPDATE_DELETE;
		return 0;
	}
	ret = repo_peel(repo, new, &update->tip, err);
	if (ret == ERR_NOT_FOUND)
		update->kind = UPDATE_NO_COMMIT;
	if (ret < 0)
		return ret == ERR_NOT_FOUND ? 0 : ret;
	if (oid_is_zero(old))
		update->kind = UPDATE_CREATE;
	return read_line(repo, max ? max : 1, update, err);
}

void
repo_update_release(struct repo_update *update)
{
	free(update->commits);
	*update = (struct repo_update){ 0 };
}

/* Hand out what the walk found and what mentions what it should, newest first;
 * 1 when there was more than the limit. */
static int
hand_out(struct graph *graph, size_t limit,
	 int (*fn)(void *data, const struct repo_commit *commit), void *data,
	 struct err *err)
{
	int ret = graph_walk(graph, limit, NULL, err), end = 0;

	for (size_t i = 0; !ret && !end && i < graph->found_count; i++) {
		const struct graph_node *node = &graph->nodes[graph->found[i]];
		struct repo_commit commit;

		if (graph->mention && !node->has_mention)
			continue;
		ret = repo_commit_read(graph->repo, &node->oid, &commit, err);
		if (!ret)
			end = fn(data, &commit);
		repo_commit_release(&commit);
	}
	return ret < 0 ? ret : graph->is_cut;
}

int
repo_each_commit(const struct repo *repo, const struct oid *tip,
		 const struct oid *stop, size_t limit,
		 int (*fn)(void *data, const struct repo_commit *commit),
		 void *data, struct err *err)
{
	struct graph graph;
	int ret = graph_init(&graph, repo, tip, repo_is_new(repo, tip), NULL,
			     err);

	if (!ret)
		ret = graph_hide(&graph, stop, err);
	if (!ret)
		ret = hand_out(&graph, limit, fn, data, err);
	graph_release(&graph);
	return ret;
}

int
repo_each_update_commit(const struct repo *repo,
			const struct repo_update *update, const char *mention,
			size_t limit,
			int (*fn)(void *data, const struct repo_commit *commit),
			void *data, struct err *err)
{
	struct graph graph = { 0 };
	int created = update->kind == UPDATE_CREATE, ret;

	if (!update->count)
		return 0;
	ret = graph_init(&graph, repo, &update->tip, created && repo->before,
			 mention, err);
	graph.max_nodes = MAX_NODES;
	if (!ret)
		ret = graph_hide(&graph, &update->old, err);
	if (!ret)
		ret = graph_hide(&graph, &update->base, err);
	if (!ret)
		ret = hand_out(&graph, limit, fn, data, err);
	graph_release(&graph);
	return ret;
}
