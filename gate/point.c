#include "point.h"

#include <math.h>

#include "noise.h"
#include "report/report.h"
#include "store/store.h"

struct finding {
	const struct oid *commit;
	struct store_point point;
	int found;
};

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct finding *finding = data;

	(void)order;
	if (!oid_equal(&point->commit, finding->commit))
		return 0;
	finding->point = *point;
	finding->found = 1;
	return 1;
}

static int
find_point(struct store_tx *tx, const struct store_series *series,
	   const struct oid *commit, int64_t time_s, struct finding *finding)
{
	const struct store_range range = { (uint64_t)time_s, (uint64_t)time_s,
					   0, 0 };

	*finding = (struct finding){ .commit = commit };
	return store_point_each(tx, series, &range, take_point, finding);
}

int
point_chain(struct store_tx *tx, const struct store_series *series,
	    const struct point_chain *chain, const struct report_metric *metric)
{
	struct finding own, other;
	struct store_point point;
	int ret = find_point(tx, series, &chain->commit, chain->time_s, &own);

	if (!ret)
		ret = find_point(tx, series, &chain->beside,
				 chain->beside_time_s, &other);
	if (ret || own.found || !isfinite(metric->ratio))
		return ret;
	point = (struct store_point){
		.commit = chain->commit,
		.value = other.found ? other.point.value * metric->ratio
				     : metric->value,
		.low = metric->low,
		.high = metric->high,
		.base = other.found ? other.point.value : metric->base,
		.trials = metric->trials,
		.flags = noise_flags(metric->width),
		.time_s = chain->time_s
	};
	if (chain->backfilled)
		point.flags |= POINT_BACKFILLED;
	return store_point_put(tx, series, (uint64_t)chain->time_s, &point);
}
