#ifndef REPO_GRAPH_H
#define REPO_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/oid.h"
#include "repo/oid_map.h"

struct err;
struct repo;

/*
 * A walk over history, newest commits first, that paints what it meets: WANTED
 * is reachable from the tip, HIDDEN from one of the others. It goes no further
 * than to where everything left is hidden, so it costs what differs between
 * the two sides and not what they share. (`git rev-list tip --not others`;
 * libgit2's own walk fails in shallow repositories and on odd commits.)
 */
enum { GRAPH_WANTED = 1, GRAPH_HIDDEN = 2 };

struct graph_node {
	struct oid oid;
	int64_t time_s;
	size_t parents, parent_count; /* from graph->parents on */
	unsigned char paint;
	unsigned char queued;
	unsigned char has_mention;
};

struct graph {
	const struct repo *repo;
	int only_new;        /* do not go past what came with the push */
	const char *mention; /* NULL, or as in struct commit_head */
	struct graph_node *nodes;
	size_t count, cap;
	struct oid_map index; /* of nodes */
	struct oid *parents;
	size_t parents_count, parents_cap;
	size_t *queue; /* a heap, the newest on top */
	size_t queue_count, queue_cap;
	size_t wanted; /* queued nodes that are wanted and not hidden */
	size_t *found; /* nodes in the order of the walk */
	size_t found_count, found_cap;
	size_t max_nodes; /* 0: no limit to what is read, on either side */
	int is_cut;       /* there was more than the limits let it see */
};

/* Start with the tip; graph_release() in any case. */
int graph_init(struct graph *graph, const struct repo *repo,
	       const struct oid *tip, int only_new, const char *mention,
	       struct err *err);
void graph_release(struct graph *graph);

/* Hide a commit and all that it reaches. Zero is nothing. */
int graph_hide(struct graph *graph, const struct oid *oid, struct err *err);

/*
 * Walk until all that is left is hidden, limit commits were found, or the
 * commit `until` (may be NULL) turned out to be reachable from the tip.
 */
int graph_walk(struct graph *graph, size_t limit, const struct oid *until,
	       struct err *err);

/* What a commit was painted; 0 for one that the walk did not meet. */
unsigned graph_paint(const struct graph *graph, const struct oid *oid);

#endif
