#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stddef.h>
#include <stdint.h>

/*
 * A day of pushes to a fleet of nodes, under a clock of its own and
 * deterministic from a seed. The schedule (plan/schedule.h) and the judge
 * (judge/session.h) are the real ones; the queue keeps the rules of store/queue
 * in memory; nodes, networks and people are made up:
 *
 * - Pushes come by chance, more by day than by night, to some busy branches and
 *   many others. Some block, some bring a test, some a trailer, some are
 * slower.
 * - A session builds, then runs rounds until the judge has seen enough; what it
 *   raises is confirmed in a second one. Studies follow new tests, bisections
 *   follow alarms, and backfill is there for any idle time.
 * - Nodes fail in mid-session and are down for a while; some jobs always lose
 *   theirs, and are given up.
 */
struct sim_rules {
	uint64_t seed;
	unsigned nodes;
	double hours;
	double pushes_a_day;
	double trial_s; /* of a typical test */
	double mtbf_h;  /* of a node; 0: none fails */
	double cursed;  /* share of pushes whose node always fails */
	unsigned per_pusher;
	int preempt;
	int backfill;
	int checks; /* whether all went by the rules: slow, for tests */
};

struct sim_waits {
	double p50_s, p99_s, most_s;
	size_t count;
};

struct sim_result {
	size_t pushes, weighed, overtaken, failed, unfinished;
	size_t sessions, lost, gave_way;
	unsigned most_tries;
	double used;    /* share of node time in sessions, while pushes came */
	double pushing; /* of it, in sessions of pushes */
	struct sim_waits blocking, others; /* from push to session */
	size_t planted, found, false_alarms;
	uint64_t hash;     /* of all that happened */
	size_t violations; /* of the rules; */
	char first[160];   /* the first of them */
};

void sim_run(const struct sim_rules *rules, struct sim_result *result);

#endif
