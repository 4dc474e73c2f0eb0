#include "pool/slurm_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/proc.h"
#include "pool/features.h"

enum { ASK_MS = 10000, MAX_ANSWER = 16 << 20 };

/* `idle`, `alloc`, `mix` and what becomes one of them by itself. A star says
 * that the node does not answer; other marks are of power saving. */
static int
is_up(const char *state)
{
	static const char *const up[] = { "idle",       "alloc",    "mix",
					  "completing", "reserved", "planned",
					  "comp",       "resv",     "plnd" };

	if (strchr(state, '*'))
		return 0;
	for (size_t i = 0; i < sizeof(up) / sizeof(*up); i++)
		if (!strncmp(state, up[i], strlen(up[i])))
			return 1;
	return 0;
}

int
slurm_nodes_add(struct slurm_nodes *nodes, const char *line)
{
	char *copy = mem_copy_text(line), *rest = copy, *fields[4];
	struct slurm_node *node;
	int ret = ERR_PROTOCOL;

	for (int i = 0; i < 4; i++) {
		fields[i] = strsep(&rest, "|");
		if (!fields[i] || !*fields[i])
			goto out;
	}
	MEM_GROW(nodes->items, nodes->count, nodes->cap);
	node = &nodes->items[nodes->count++];
	*node = (struct slurm_node){ .name = mem_copy_text(fields[0]),
				     .is_up = is_up(fields[2]) };
	features_add(&node->features, fields[1]);
	nodes->is_shared |= strcmp(fields[3], "EXCLUSIVE") != 0;
	ret = 0;
out:
	free(copy);
	return ret;
}

int
slurm_nodes_read(struct slurm_nodes *nodes, const char *partition,
		 struct err *err)
{
	const char *argv[] = { "sinfo",
			       "-h",
			       "-N",
			       "-o",
			       "%N|%f|%t|%h|%P",
			       partition ? "-p" : NULL,
			       partition,
			       NULL };
	struct buf text = BUF_INIT;
	char *rest = NULL;
	int ret = proc_ask(argv, ASK_MS, &text, MAX_ANSWER, err);

	*nodes = (struct slurm_nodes){ 0 };
	for (char *line = ret ? NULL : strtok_r(text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		/* The default partition has a star. */
		if (!partition && line[strlen(line) - 1] != '*')
			continue;
		if (!ret && slurm_nodes_add(nodes, line) < 0)
			ret = err_set(err, ERR_PROTOCOL,
				      "sinfo says of a node: %.100s", line);
	}
	if (!ret && !nodes->count)
		ret = err_set(err, ERR_NOT_FOUND,
			      "Slurm has no node in partition %s: see sinfo "
			      "and pacegate-pool.partition",
			      partition ? partition : "(its default)");
	buf_release(&text);
	return ret;
}

int
slurm_partition_read(struct slurm_partition *partition, const char *name,
		     struct err *err)
{
	const char *argv[] = { "sinfo", "-h", "-o", "%p %M", "-p", name, NULL };
	struct buf text = BUF_INIT;
	char mode[32] = "";
	int ret = proc_ask(argv, ASK_MS, &text, MAX_ANSWER, err);

	*partition = (struct slurm_partition){ 0 };
	if (!ret &&
	    sscanf(buf_text(&text), "%ld %31s", &partition->tier, mode) != 2)
		ret = err_set(err, ERR_PROTOCOL, "sinfo says of %s: %.100s",
			      name, buf_text(&text));
	partition->preempted = strcasecmp(mode, "OFF") != 0;
	buf_release(&text);
	return ret;
}

void
slurm_nodes_release(struct slurm_nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		free(nodes->items[i].name);
		texts_release(&nodes->items[i].features);
	}
	free(nodes->items);
	*nodes = (struct slurm_nodes){ 0 };
}

const struct slurm_node *
slurm_nodes_find(const struct slurm_nodes *nodes, const char *name)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (!strcmp(nodes->items[i].name, name))
			return &nodes->items[i];
	return NULL;
}

size_t
slurm_nodes_count(const struct slurm_nodes *nodes, const struct texts *wanted,
		  const struct texts *but, int up)
{
	size_t count = 0;

	for (size_t i = 0; i < nodes->count; i++) {
		const struct slurm_node *node = &nodes->items[i];

		count += (!up || node->is_up) &&
			 features_hold(&node->features, wanted) &&
			 !(but && texts_has(but, node->name));
	}
	return count;
}
