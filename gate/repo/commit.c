#include "repo/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/nearest.h"
#include "repo/graph.h"
#include "repo/internal.h"

enum { MAX_SUBJECT = 200, MAX_TAG_DEPTH = 100 };

static char *
clean_copy(const char *text, size_t len)
{
	struct buf buf = BUF_INIT;

	while (len && (*text == ' ' || *text == '\r' || *text == '\n')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\r'))
		len--;
	buf_add_clean(&buf, text, len, MAX_SUBJECT);
	return buf_take(&buf);
}

/* `author NAME <EMAIL> ...`, as much of it as there is. */
static void
read_author(struct repo_commit *commit, const char *line, const char *end)
{
	const char *open = memchr(line, '<', (size_t)(end - line));
	const char *name_end = open ? open : end;
	const char *email = open ? open + 1 : end;
	const char *close = memchr(email, '>', (size_t)(end - email));

	commit->author = clean_copy(line, (size_t)(name_end - line));
	commit->email = clean_copy(email,
				   (size_t)((close ? close : end) - email));
}

static char *
subject_of(const char *message, size_t len)
{
	size_t from = 0, to;

	while (from < len && strchr("\n\r ", message[from]) && message[from])
		from++;
	for (to = from; to < len && message[to] != '\n' && message[to] != '\r';
	     to++)
		;
	return clean_copy(message + from, to - from);
}

/* The lines of the header that people wrote, and all behind it. */
static void
read_text(struct repo_commit *commit, const char *at, const char *end)
{
	static const char author[] = "author ";

	while (at < end && *at != '\n') {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		if (!commit->author &&
		    (size_t)(stop - at) >= sizeof(author) - 1 &&
		    !memcmp(at, author, sizeof(author) - 1))
			read_author(commit, at + sizeof(author) - 1, stop);
		at = stop < end ? stop + 1 : end;
	}
	if (!commit->author)
		read_author(commit, end, end);
	if (at < end)
		at++;
	commit->message_len = (size_t)(end - at);
	commit->message = mem_copy_bytes(at, commit->message_len);
	commit->subject = subject_of(commit->message, commit->message_len);
}

int
repo_commit_read(const struct repo *repo, const struct oid *oid,
		 struct repo_commit *commit, struct err *err)
{
	struct commit_head head = { 0 };
	git_odb_object *object = NULL;
	char hex[OID_HEX + 1];
	const char *data;
	git_oid space;
	int ret = repo_head_read(repo, oid, &head, err), code;

	*commit = (struct repo_commit){ .oid = *oid };
	if (ret < 0)
		goto out;
	code = git_odb_read(&object, repo->odb, repo_git_oid(oid, &space));
	if (code) {
		ret = repo_fail(code, err, "commit %s", oid_short(oid, hex));
		goto out;
	}
	commit->tree = head.tree;
	commit->time_s = head.time_s;
	commit->parent_count = head.parent_count;
	commit->parents = head.parents;
	head.parents = NULL;
	if (commit->parent_count)
		commit->first_parent = commit->parents[0];
	data = git_odb_object_data(object);
	read_text(commit, data, data + git_odb_object_size(object));
out:
	git_odb_object_free(object);
	repo_head_release(&head);
	return ret;
}

void
repo_commit_release(struct repo_commit *commit)
{
	free(commit->parents);
	free(commit->author);
	free(commit->email);
	free(commit->subject);
	free(commit->message);
	*commit = (struct repo_commit){ 0 };
}

int
repo_commit_parent(const struct repo *repo, const struct oid *oid,
		   struct oid *first_parent, struct oid *tree, struct err *err)
{
	struct commit_head head = { 0 };
	int ret = repo_head_read(repo, oid, &head, err);

	if (!ret && tree)
		*tree = head.tree;
	if (!ret && first_parent)
		*first_parent = head.parent_count ? head.parents[0]
						  : (struct oid){ { 0 } };
	repo_head_release(&head);
	return ret;
}

int
repo_commit_time(const struct repo *repo, const struct oid *oid,
		 struct oid *first_parent, int64_t *time_s, struct err *err)
{
	struct commit_head head = { 0 };
	int ret = repo_head_read(repo, oid, &head, err);

	if (!ret && first_parent)
		*first_parent = head.parent_count ? head.parents[0]
						  : (struct oid){ { 0 } };
	if (!ret)
		*time_s = head.time_s;
	repo_head_release(&head);
	return ret;
}

/* What an annotated tag points at. */
static int
read_tag(const struct repo *repo, const struct oid *oid, struct oid *target,
	 struct err *err)
{
	static const char word[] = "object ";
	git_odb_object *object = NULL;
	char hex[OID_HEX + 1];
	git_oid space;
	const char *data;
	int code = git_odb_read(&object, repo->odb, repo_git_oid(oid, &space));
	int ret = 0;

	if (code)
		return repo_fail(code, err, "tag %s", oid_short(oid, hex));
	data = git_odb_object_data(object);
	if (git_odb_object_size(object) < sizeof(word) - 1 + OID_HEX ||
	    memcmp(data, word, sizeof(word) - 1) ||
	    oid_parse(target, data + sizeof(word) - 1) < 0)
		ret = err_set(err, ERR_SYSTEM, "tag %s is broken: run git fsck",
			      oid_short(oid, hex));
	git_odb_object_free(object);
	return ret;
}

int
repo_peel(const struct repo *repo, const struct oid *oid, struct oid *commit,
	  struct err *err)
{
	struct oid at = *oid;
	char hex[OID_HEX + 1];

	for (int depth = 0; depth < MAX_TAG_DEPTH; depth++) {
		git_object_t type;
		size_t size;
		git_oid space;
		int code = git_odb_read_header(&size, &type, repo->odb,
					       repo_git_oid(&at, &space));

		if (code) {
			/* Git has it, or a ref names it: not to be found is
			 * no answer here. */
			repo_fail(code, err, "object %s", oid_short(&at, hex));
			return err ? err->code = ERR_SYSTEM : ERR_SYSTEM;
		}
		if (type == GIT_OBJECT_COMMIT) {
			*commit = at;
			return 0;
		}
		if (type != GIT_OBJECT_TAG)
			return err_set(err, ERR_NOT_FOUND, "%s is no commit",
				       oid_short(oid, hex));
		code = read_tag(repo, &at, &at, err);
		if (code < 0)
			return code;
	}
	err_set(err, ERR_LIMIT, "%s is a tag of more than %d tags",
		oid_short(oid, hex), MAX_TAG_DEPTH);
	err_blame(err, FAULT_PUSHER);
	return ERR_LIMIT;
}

/* Branches and tags by the names that people write. */
static void
add_refs(const struct repo *repo, struct nearest *near, git_strarray *names)
{
	static const char *const below[] = { "refs/heads/", "refs/tags/",
					     "refs/remotes/" };

	if (git_reference_list(names, repo->git))
		return;
	for (size_t i = 0; i < names->count; i++)
		for (size_t k = 0; k < sizeof(below) / sizeof(*below); k++)
			if (!strncmp(names->strings[i], below[k],
				     strlen(below[k])))
				nearest_add(near, names->strings[i] +
							  strlen(below[k]));
}

static int
no_revision(const struct repo *repo, const char *rev, struct err *err)
{
	git_strarray names = { 0 };
	struct nearest near;
	int ret;

	nearest_init(&near, rev);
	add_refs(repo, &near, &names);
	if (near.best && !strpbrk(rev, "~^@"))
		ret = err_set(err, ERR_NOT_FOUND,
			      "no revision '%.200s': did you mean %.200s?", rev,
			      near.best);
	else if (strpbrk(rev, "~^@"))
		ret = err_set(err, ERR_NOT_FOUND,
			      "no revision '%.200s': what it begins with is "
			      "not here, or has not so many ancestors",
			      rev);
	else
		ret = err_set(err, ERR_NOT_FOUND,
			      "no revision '%.200s' in %s: write a branch, a "
			      "tag or a commit, see `git log --all`",
			      rev, repo->gitdir);
	git_strarray_dispose(&names);
	return ret;
}

int
repo_resolve(const struct repo *repo, const char *rev, struct oid *commit,
	     struct err *err)
{
	git_object *object = NULL;
	struct oid oid;
	int code = git_revparse_single(&object, repo->git, rev);

	if (code == GIT_EAMBIGUOUS)
		return err_set(err, ERR_NOT_FOUND,
			       "'%.200s' is the beginning of several objects: "
			       "write more of it",
			       rev);
	if (code)
		return no_revision(repo, rev, err);
	repo_our_oid(&oid, git_object_id(object));
	git_object_free(object);
	return repo_peel(repo, &oid, commit, err);
}

int
repo_ref(const struct repo *repo, const char *name, struct oid *oid,
	 struct err *err)
{
	git_oid found;
	int code = git_reference_name_to_id(&found, repo->git, name);

	if (code)
		return repo_fail(code, err, "ref %.200s", name);
	repo_our_oid(oid, &found);
	return 0;
}

char *
repo_head_name(const struct repo *repo)
{
	git_reference *head = NULL;
	char *name = NULL;

	if (!git_reference_lookup(&head, repo->git, "HEAD"))
		name = mem_copy_text(git_reference_symbolic_target(head));
	git_reference_free(head);
	return name;
}

int
repo_is_ancestor(const struct repo *repo, const struct oid *ancestor,
		 const struct oid *commit, struct err *err)
{
	struct graph graph;
	int ret = graph_init(&graph, repo, commit, 0, NULL, err);

	if (!ret)
		ret = graph_hide(&graph, ancestor, err);
	if (!ret)
		ret = graph_walk(&graph, SIZE_MAX, ancestor, err);
	if (!ret)
		ret = (graph_paint(&graph, ancestor) & GRAPH_WANTED) != 0;
	graph_release(&graph);
	return ret;
}
