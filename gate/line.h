#ifndef GATE_LINE_H
#define GATE_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/oid.h"
#include "repo/oid_map.h"

struct repo;

/* Commits along a first-parent line, newest first: the history of a branch, of
 * the many that the store's histories hold points of. */
struct line {
	struct oid *commits;
	size_t count, cap;
	struct oid_map places;
};

/* From tip on, at most max of them; a shallow clone has fewer. */
void line_read(struct line *line, const struct repo *repo,
	       const struct oid *tip, size_t max);

/* The same, but not much further than to commits of that time: histories are
 * short, and a line may be of a million commits. */
void line_read_back(struct line *line, const struct repo *repo,
		    const struct oid *tip, size_t max, int64_t oldest_s);

/* What line_read() would give, of which only the new part is read. Returns
 * whether all that was on the line still is. */
int line_advance(struct line *line, const struct repo *repo,
		 const struct oid *tip, size_t max);
void line_release(struct line *line);

/* Its place, or line->count where it is not on it. */
size_t line_find(const struct line *line, const struct oid *commit);

#endif
