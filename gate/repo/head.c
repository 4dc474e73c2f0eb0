#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "repo/internal.h"
#include "repo/repo.h"

enum { PROGRESS_COMMITS = 2000 };

/* `WORD HEX\n` at *at: reads the id and steps over the line. */
static int
take_id(const char **at, const char *end, const char *word, struct oid *oid)
{
	size_t len = strlen(word);

	if ((size_t)(end - *at) < len + OID_HEX + 1 || memcmp(*at, word, len) ||
	    (*at)[len + OID_HEX] != '\n' || oid_parse(oid, *at + len) < 0)
		return 0;
	*at += len + OID_HEX + 1;
	return 1;
}

/* Seconds behind the last `>` of a `committer` line; 0 for what is none. */
static int64_t
read_time(const char *line, const char *line_end)
{
	const char *at = memrchr(line, '>', (size_t)(line_end - line));
	int64_t time_s = 0;

	if (!at)
		return 0;
	for (at++; at < line_end && *at == ' '; at++)
		;
	for (; at < line_end && *at >= '0' && *at <= '9'; at++) {
		if (time_s > INT64_MAX / 10 - 1)
			return 0;
		time_s = time_s * 10 + (*at - '0');
	}
	return time_s;
}

static int
parse(const char *at, const char *end, struct commit_head *head)
{
	static const char committer[] = "committer ";
	struct oid parent;

	head->parent_count = 0;
	head->time_s = 0;
	if (!take_id(&at, end, "tree ", &head->tree))
		return -1;
	while (take_id(&at, end, "parent ", &parent)) {
		MEM_GROW(head->parents, head->parent_count, head->parent_cap);
		head->parents[head->parent_count++] = parent;
	}
	while (at < end && *at != '\n') {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		if ((size_t)(stop - at) >= sizeof(committer) - 1 &&
		    !memcmp(at, committer, sizeof(committer) - 1)) {
			head->time_s = read_time(at, stop);
			break;
		}
		at = stop < end ? stop + 1 : end;
	}
	return 0;
}

static int
holds(const char *data, size_t size, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= size; i++)
		if ((data[i] | 0x20) == *text &&
		    !strncasecmp(data + i, text, len))
			return 1;
	return 0;
}

static void
count_commit(struct repo_progress *progress)
{
	if (++progress->commits % PROGRESS_COMMITS == 0 && progress->fn)
		progress->fn(progress->data, progress->commits);
}

void
repo_on_progress(struct repo *repo, void (*fn)(void *data, size_t commits),
		 void *data)
{
	repo->progress->fn = fn;
	repo->progress->data = data;
}

size_t
repo_commits_read(const struct repo *repo)
{
	return repo->progress->commits;
}

/*
 * A push from a shallow clone: git has checked that of its commits no parent is
 * missing but where the clone was cut. It tells the hook where that was only if
 * receive.shallowUpdate is set, and else refuses the push when we are done.
 */
static int
is_cut_by_push(const struct repo *repo, const struct oid *oid,
	       const struct commit_head *head)
{
	git_oid space;

	for (size_t i = 0; repo->before && i < head->parent_count; i++)
		if (!git_odb_exists(repo->odb,
				    repo_git_oid(&head->parents[i], &space)))
			return repo_is_new(repo, oid);
	return 0;
}

int
repo_head_read(const struct repo *repo, const struct oid *oid,
	       struct commit_head *head, struct err *err)
{
	git_odb_object *object = NULL;
	char hex[OID_HEX + 1];
	const char *data;
	git_oid space;
	int ret = 0, code;

	code = git_odb_read(&object, repo->odb, repo_git_oid(oid, &space));
	if (code)
		return repo_fail(code, err, "commit %s", oid_short(oid, hex));
	data = git_odb_object_data(object);
	if (git_odb_object_type(object) != GIT_OBJECT_COMMIT)
		ret = err_set(err, ERR_NOT_FOUND, "%s is no commit",
			      oid_short(oid, hex));
	else if (parse(data, data + git_odb_object_size(object), head) < 0)
		ret = err_set(err, ERR_SYSTEM,
			      "commit %s is broken: run git fsck",
			      oid_short(oid, hex));
	head->has_mention = !ret && head->mention &&
			    holds(data, git_odb_object_size(object),
				  head->mention);
	git_odb_object_free(object);
	count_commit(repo->progress);
	if (!ret && (oid_map_get(&repo->shallow, oid) ||
		     is_cut_by_push(repo, oid, head)))
		head->parent_count = 0;
	return ret;
}

void
repo_head_release(struct commit_head *head)
{
	free(head->parents);
	*head = (struct commit_head){ 0 };
}
