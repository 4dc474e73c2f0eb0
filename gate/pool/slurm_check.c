#include "pool/slurm_check.h"

#include "base/err.h"
#include "base/mem.h"
#include "pool/engine.h"
#include "pool/slurm_nodes.h"

static void
check_partition(const char *partition, const char *what,
		const struct pool_check *check)
{
	const char *name = partition ? partition : "of Slurm's choice";
	struct slurm_nodes nodes;
	struct texts any = { 0 };
	struct err err = ERR_INIT;
	size_t up;

	if (slurm_nodes_read(&nodes, partition, &err) < 0) {
		pool_tell(check, "bad", "partition %s: %s", name, err.text);
		slurm_nodes_release(&nodes);
		return;
	}
	up = slurm_nodes_count(&nodes, &any, NULL, 1);
	if (nodes.is_shared)
		pool_tell(check, "bad",
			  "partition %s may give a node to several jobs at "
			  "once: set OverSubscribe=EXCLUSIVE for it",
			  name);
	pool_tell(check, up ? "ok" : "bad",
		  "partition %s, for %s: %zu of %zu nodes are up", name, what,
		  up, nodes.count);
	slurm_nodes_release(&nodes);
}

/* Whether those in the background make room. */
static void
check_tiers(const struct pool_rules *rules, const struct pool_check *check)
{
	struct slurm_partition front, back;
	struct err err = ERR_INIT;

	if (!rules->slurm.partition || !rules->slurm.background) {
		pool_tell(check, "note",
			  "a push waits for sessions in the background to end: "
			  "set pacegate-pool.partition and "
			  "backgroundPartition");
		return;
	}
	/* That they are not there was said before. */
	if (slurm_partition_read(&front, rules->slurm.partition, &err) < 0 ||
	    slurm_partition_read(&back, rules->slurm.background, &err) < 0)
		return;
	if (front.tier <= back.tier || !back.preempted)
		pool_tell(check, "note",
			  "sessions in partition %s do not make room for those "
			  "in %s: the one wants a lower PriorityTier, and "
			  "PreemptMode=REQUEUE",
			  rules->slurm.background, rules->slurm.partition);
}

void
slurm_check(const struct pool_rules *rules, const struct pool_check *check)
{
	check_partition(rules->slurm.partition, "pushes that wait", check);
	if (rules->slurm.background)
		check_partition(rules->slurm.background, "all other sessions",
				check);
	check_tiers(rules, check);
}
