#ifndef POOL_SLURM_NODES_H
#define POOL_SLURM_NODES_H

#include <stddef.h>

#include "base/mem.h"

struct err;

/* The nodes of a partition, as sinfo tells them. */
struct slurm_node {
	char *name;
	struct texts features;
	int is_up; /* free, or has work: it can be had in the end */
};

struct slurm_nodes {
	struct slurm_node *items;
	size_t count, cap;
	int is_shared; /* a node may have several jobs at once */
};

/* Ask sinfo; partition NULL: the cluster's default. */
int slurm_nodes_read(struct slurm_nodes *nodes, const char *partition,
		     struct err *err);
void slurm_nodes_release(struct slurm_nodes *nodes);

/* One line of its answer, `NAME|FEATURES|STATE|OVERSUBSCRIBE`, or
 * ERR_PROTOCOL. */
int slurm_nodes_add(struct slurm_nodes *nodes, const char *line);

/* How a partition stands to others. */
struct slurm_partition {
	long tier;     /* jobs of a higher one go first */
	int preempted; /* and may push this one's jobs aside */
};

int slurm_partition_read(struct slurm_partition *partition, const char *name,
			 struct err *err);

const struct slurm_node *slurm_nodes_find(const struct slurm_nodes *nodes,
					  const char *name);

/* Nodes that have every feature wanted, but those named in `but`; NULL: none.
 * With up, those alone that can be had. */
size_t slurm_nodes_count(const struct slurm_nodes *nodes,
			 const struct texts *wanted, const struct texts *but,
			 int up);

#endif
