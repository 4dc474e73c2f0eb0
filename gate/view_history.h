#ifndef GATE_VIEW_HISTORY_H
#define GATE_VIEW_HISTORY_H

#include <jansson.h>
#include <stddef.h>

struct history;
struct repo;

/* Add a history's points, at most so many, and its marks to its document. */
void view_add_points(json_t *json, const struct repo *repo,
		     const struct history *history, size_t shown);

#endif
