#ifndef JUDGE_RATE_H
#define JUDGE_RATE_H

/*
 * A rate of `hits` in `count` tries with its exact 95 % interval (Clopper and
 * Pearson 1934): never narrower than it may be, also for 0 of n.
 */
struct rate {
	double value, low, high;
};

struct rate rate_of(unsigned hits, unsigned count);

#endif
