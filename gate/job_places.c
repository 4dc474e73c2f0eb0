#include "job_places.h"

#include "gate.h"
#include "pool/pool.h"
#include "store/store.h"

size_t
job_free_places(const struct gate *gate)
{
	struct pool_policy policy;
	struct pool_rules rules;
	int all, taken;
	size_t left;

	policy_pool(gate->policy, &policy);
	gate_pool(gate, &rules);
	all = pool_capacity(&rules, NULL);
	taken = pool_count_taken(&rules, NULL);
	left = taken >= 0 && all > taken ? (size_t)(all - taken) : 0;
	return policy.per_repository && left > policy.per_repository
		       ? policy.per_repository
		       : left;
}

static int
on_waiting(void *data, const struct store_job *item)
{
	*(size_t *)data += !item->owner[0];
	return 0;
}

size_t
job_places(struct store_tx *tx, size_t free_places)
{
	size_t waiting = 0;

	store_queue_each(tx, on_waiting, &waiting);
	return free_places > waiting ? free_places - waiting : 0;
}
