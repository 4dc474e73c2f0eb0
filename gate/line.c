#include "line.h"

#include <stdlib.h>

#include "base/mem.h"
#include "repo/repo.h"

void
line_read(struct line *line, const struct repo *repo, const struct oid *tip,
	  size_t max)
{
	struct oid at = *tip;

	*line = (struct line){ 0 };
	while (!oid_is_zero(&at) && line->count < max) {
		MEM_GROW(line->commits, line->count, line->cap);
		oid_map_put(&line->places, &at, line->count);
		line->commits[line->count++] = at;
		if (repo_commit_parent(repo, &at, &at, NULL, NULL) < 0)
			return;
	}
}

void
line_release(struct line *line)
{
	free(line->commits);
	oid_map_release(&line->places);
	*line = (struct line){ 0 };
}

size_t
line_find(const struct line *line, const struct oid *commit)
{
	const size_t *place = oid_map_get(&line->places, commit);

	return place ? *place : line->count;
}
