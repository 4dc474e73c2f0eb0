#include "base/metrics.h"

#include <string.h>

const struct metric_row metric_rows[] = {
	{ "wall", "ns", BETTER_LOWER, 1, 0, "start to exit" },
	{ "cpu", "ns", BETTER_LOWER, 1, 0, "user and system time" },
	{ "user", "ns", BETTER_LOWER, 0, 0, "time in user mode" },
	{ "sys", "ns", BETTER_LOWER, 0, 0, "time in the kernel" },
	{ "maxrss", "B", BETTER_LOWER, 0, 0, "largest resident set" },
	{ "peak", "B", BETTER_LOWER, 0, 0, "peak memory of the cgroup" },
	{ "minflt", "1", BETTER_LOWER, 0, 1, "minor page faults" },
	{ "majflt", "1", BETTER_LOWER, 0, 1, "major page faults" },
	{ "nvcsw", "1", BETTER_LOWER, 0, 1, "voluntary context switches" },
	{ "nivcsw", "1", BETTER_LOWER, 0, 1, "involuntary switches" },
	{ "inblock", "1", BETTER_LOWER, 0, 1, "read from disk, 512 B" },
	{ "oublock", "1", BETTER_LOWER, 0, 1, "written to disk, 512 B" },
	{ "processes", "1", BETTER_LOWER, 0, 1, "processes started" },
	{ "instructions", "1", BETTER_LOWER, 1, 1, "instructions retired" },
	{ "cycles", "1", BETTER_LOWER, 0, 1, "processor cycles" },
	{ "branch-misses", "1", BETTER_LOWER, 0, 1, "mispredicted branches" },
	{ "cache-misses", "1", BETTER_LOWER, 0, 1, "last-level cache misses" },
	{ NULL, NULL, BETTER_LOWER, 0, 0, NULL },
};

const struct metric_row *
metric_find(const char *name)
{
	for (const struct metric_row *row = metric_rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

int
metric_rank(const char *name)
{
	enum { BEHIND = 1000 };
	const struct metric_row *row = metric_find(name);

	return row ? (int)(row - metric_rows) : BEHIND;
}

const struct course_row course_rows[COURSE_COLUMNS] = {
	{ "time", "ns", "since the start of the trial" },
	{ "memory", "B", "of the control group, with files in memory" },
	{ "rss", "B", "without a group: sum of the resident sets" },
	{ "cpu", "ns", "CPU time so far" },
	{ "threads", "1", "of all processes" },
	{ "read", "B", "by system calls so far, from anything" },
	{ "written", "B", "by system calls so far, to anything" },
};
