#include "repo/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "repo/internal.h"
#include "repo/repo.h"

/* Clocks differ: so many steps beyond the end, in case that a hidden commit
 * which claims to be old leads to a found one that claims to be new. */
enum { SLOP = 16 };

static int
goes_first(const struct graph *graph, size_t a, size_t b)
{
	int64_t time_a = graph->nodes[a].time_s;
	int64_t time_b = graph->nodes[b].time_s;

	return time_a != time_b ? time_a > time_b : a < b;
}

static int
is_wanted(const struct graph_node *node)
{
	return node->paint == GRAPH_WANTED;
}

static void
enqueue(struct graph *graph, size_t node)
{
	size_t at;

	MEM_GROW(graph->queue, graph->queue_count, graph->queue_cap);
	for (at = graph->queue_count++; at > 0; at = (at - 1) / 2) {
		size_t up = graph->queue[(at - 1) / 2];

		if (goes_first(graph, up, node))
			break;
		graph->queue[at] = up;
	}
	graph->queue[at] = node;
	graph->nodes[node].queued = 1;
	graph->wanted += (size_t)is_wanted(&graph->nodes[node]);
}

static size_t
dequeue(struct graph *graph)
{
	size_t top = graph->queue[0], at = 0, below;
	size_t last = graph->queue[--graph->queue_count];

	while ((below = 2 * at + 1) < graph->queue_count) {
		if (below + 1 < graph->queue_count &&
		    goes_first(graph, graph->queue[below + 1],
			       graph->queue[below]))
			below++;
		if (goes_first(graph, last, graph->queue[below]))
			break;
		graph->queue[at] = graph->queue[below];
		at = below;
	}
	graph->queue[at] = last;
	graph->nodes[top].queued = 0;
	graph->wanted -= (size_t)is_wanted(&graph->nodes[top]);
	return top;
}

static int
add_node(struct graph *graph, const struct oid *oid, unsigned char paint,
	 struct err *err)
{
	struct commit_head head = { .mention = graph->mention };
	struct graph_node *node;
	int ret = repo_head_read(graph->repo, oid, &head, err);

	if (ret < 0)
		goto out;
	oid_map_put(&graph->index, oid, graph->count);
	MEM_GROW(graph->nodes, graph->count, graph->cap);
	node = &graph->nodes[graph->count];
	*node = (struct graph_node){
		.oid = *oid,
		.time_s = head.time_s,
		.parents = graph->parents_count,
		.parent_count = head.parent_count,
		.paint = paint,
		.has_mention = (unsigned char)head.has_mention
	};
	for (size_t i = 0; i < head.parent_count; i++) {
		MEM_GROW(graph->parents, graph->parents_count,
			 graph->parents_cap);
		graph->parents[graph->parents_count++] = head.parents[i];
	}
	enqueue(graph, graph->count++);
out:
	repo_head_release(&head);
	return ret;
}

static int
paint_commit(struct graph *graph, const struct oid *oid, unsigned char paint,
	     struct err *err)
{
	const size_t *known = oid_map_get(&graph->index, oid);
	struct graph_node *node;
	int was_wanted;

	if (!known)
		return add_node(graph, oid, paint, err);
	node = &graph->nodes[*known];
	if ((node->paint | paint) == node->paint)
		return 0;
	was_wanted = is_wanted(node);
	node->paint |= paint;
	if (node->queued)
		graph->wanted -= (size_t)was_wanted;
	else if (was_wanted)
		enqueue(graph, *known); /* to hide what it reached before */
	return 0;
}

static int
step(struct graph *graph, struct err *err)
{
	size_t at = dequeue(graph);
	/* A copy: the array moves when nodes are added. */
	const struct graph_node node = graph->nodes[at];
	int ret = 0;

	if (is_wanted(&node)) {
		MEM_GROW(graph->found, graph->found_count, graph->found_cap);
		graph->found[graph->found_count++] = at;
	}
	for (size_t i = 0; !ret && i < node.parent_count; i++) {
		const struct oid parent = graph->parents[node.parents + i];

		if (graph->only_new && !repo_is_new(graph->repo, &parent))
			continue;
		ret = paint_commit(graph, &parent, node.paint, err);
	}
	return ret;
}

/* Drop what turned out to be hidden after it was found. */
static void
sift(struct graph *graph)
{
	size_t kept = 0;

	for (size_t i = 0; i < graph->found_count; i++)
		if (is_wanted(&graph->nodes[graph->found[i]]))
			graph->found[kept++] = graph->found[i];
	graph->found_count = kept;
}

int
graph_init(struct graph *graph, const struct repo *repo, const struct oid *tip,
	   int only_new, const char *mention, struct err *err)
{
	*graph = (struct graph){ .repo = repo,
				 .only_new = only_new,
				 .mention = mention };
	return paint_commit(graph, tip, GRAPH_WANTED, err);
}

void
graph_release(struct graph *graph)
{
	free(graph->nodes);
	free(graph->parents);
	free(graph->queue);
	free(graph->found);
	oid_map_release(&graph->index);
	*graph = (struct graph){ 0 };
}

int
graph_hide(struct graph *graph, const struct oid *oid, struct err *err)
{
	return oid_is_zero(oid) ? 0
				: paint_commit(graph, oid, GRAPH_HIDDEN, err);
}

int
graph_walk(struct graph *graph, size_t limit, const struct oid *until,
	   struct err *err)
{
	int slop = SLOP, ret = 0;

	while (!ret && graph->queue_count) {
		if (until && graph_paint(graph, until) & GRAPH_WANTED)
			break;
		if (!graph->wanted && slop-- == 0)
			break;
		graph->is_cut = graph->wanted &&
				(graph->found_count >= limit ||
				 (graph->max_nodes &&
				  graph->count >= graph->max_nodes));
		if (graph->is_cut)
			break;
		ret = step(graph, err);
	}
	sift(graph);
	return ret;
}

unsigned
graph_paint(const struct graph *graph, const struct oid *oid)
{
	const size_t *known = oid_map_get(&graph->index, oid);

	return known ? graph->nodes[*known].paint : 0;
}
