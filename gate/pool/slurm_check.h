#ifndef POOL_SLURM_CHECK_H
#define POOL_SLURM_CHECK_H

struct pool_check;
struct pool_rules;

/* What pool_check() says of a cluster: its partitions, and how they stand to
 * each other. */
void slurm_check(const struct pool_rules *rules,
		 const struct pool_check *check);

#endif
