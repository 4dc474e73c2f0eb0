#include "line.h"

#include <stdlib.h>

#include "base/mem.h"
#include "repo/repo.h"

/* Clocks differ: so many commits beyond the first one that is too old. */
enum { SLACK = 1000 };

static void
add(struct line *line, const struct oid *commit)
{
	MEM_GROW(line->commits, line->count, line->cap);
	oid_map_put(&line->places, commit, line->count);
	line->commits[line->count++] = *commit;
}

void
line_read(struct line *line, const struct repo *repo, const struct oid *tip,
	  size_t max)
{
	*line = (struct line){ 0 };
	line_advance(line, repo, tip, max);
}

void
line_read_back(struct line *line, const struct repo *repo,
	       const struct oid *tip, size_t max, int64_t oldest_s)
{
	struct oid at = *tip;
	size_t older = 0;

	*line = (struct line){ 0 };
	while (!oid_is_zero(&at) && line->count < max && older < SLACK) {
		int64_t time_s = 0;

		add(line, &at);
		if (repo_commit_time(repo, &at, &at, &time_s, NULL) < 0)
			break;
		older += older || time_s < oldest_s;
	}
}

int
line_advance(struct line *line, const struct repo *repo, const struct oid *tip,
	     size_t max)
{
	struct line old = *line;
	struct oid at = *tip;
	size_t place = old.count;
	int grew;

	*line = (struct line){ 0 };
	while (!oid_is_zero(&at) && line->count < max &&
	       (place = line_find(&old, &at)) == old.count) {
		add(line, &at);
		if (repo_commit_parent(repo, &at, &at, NULL, NULL) < 0)
			break;
	}
	grew = place == 0 && line->count + old.count <= max;
	for (; place < old.count && line->count < max; place++)
		add(line, &old.commits[place]);
	line_release(&old);
	return grew;
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
