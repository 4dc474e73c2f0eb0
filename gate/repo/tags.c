#include "repo/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "repo/internal.h"

struct newest {
	const struct repo *repo;
	char *name;
	int64_t time_s;
};

static int
take_tag(const char *ref, git_oid *id, void *data)
{
	static const char prefix[] = "refs/tags/";
	struct newest *newest = data;
	struct commit_head head = { 0 };
	struct oid oid, commit;

	repo_our_oid(&oid, id);
	/* A tag of a tree, or a broken one, is no release. */
	if (!repo_peel(newest->repo, &oid, &commit, NULL) &&
	    !repo_head_read(newest->repo, &commit, &head, NULL) &&
	    (!newest->name || head.time_s > newest->time_s)) {
		size_t skip = strncmp(ref, prefix, sizeof(prefix) - 1)
				      ? 0
				      : sizeof(prefix) - 1;

		free(newest->name);
		newest->name = mem_copy_text(ref + skip);
		newest->time_s = head.time_s;
	}
	repo_head_release(&head);
	return 0;
}

int
repo_newest_tag(const struct repo *repo, char **name, int64_t *time_s,
		struct err *err)
{
	struct newest newest = { .repo = repo };
	int code = git_tag_foreach(repo->git, take_tag, &newest);

	*name = newest.name;
	*time_s = newest.time_s;
	if (code)
		return repo_fail(code, err, "tags");
	if (!newest.name)
		return err_set(err, ERR_NOT_FOUND, "no tag names a commit");
	return 0;
}
