/*
 * What the canary's tests run (gate/canary.c): work of a known kind and length,
 * in a program of its own without libraries, so that it goes into a commit and
 * runs in any sandbox. The size of the work lies in files of the tree beside
 * it, so that two revisions of it differ by nothing else.
 *
 *   work cpu|memory|wait   the built-in tests: `kind` holds the pieces of work
 *   work slow TEST ARGS    run TEST, then go on for the share of its time that
 *                          `size` holds: computing for as long as it computed,
 *                          waiting for as long as it waited
 *   work plant             as a build's last step: put the line above in the
 *                          place of the test that the file `test` names
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	EXIT_OURS = 125,
	NUMBERS = 1 << 10, /* sorted at once: fits the first cache */
	TABLE = 4 << 20,   /* entries: 32 MB, more than most caches */
	HOPS = 1 << 10,    /* a piece of the walk through it */
	FILL = 250,        /* as many pieces take as long as filling it */
	PIECE_NS = 50000   /* of waiting */
};

static const char suffix[] = ".planted";

static void
die(const char *what)
{
	fprintf(stderr, "canary: %s: %s\n", what, strerror(errno));
	exit(EXIT_OURS);
}

/* A file beside this program, its end of line cut. */
static void
read_beside(const char *self, const char *name, char *text, size_t size)
{
	const char *slash = strrchr(self, '/');
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	if (snprintf(path, sizeof(path), "%.*s%s",
		     slash ? (int)(slash - self + 1) : 0, self,
		     name) >= (int)sizeof(path))
		die(name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, size - 1);
	if (len < 0)
		die(path);
	close(fd);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* Steele, Lea and Flood's splitmix. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t
compute(long pieces)
{
	static uint64_t numbers[NUMBERS];
	uint64_t state = 1, sum = 0;

	for (long i = 0; i < pieces; i++) {
		for (size_t j = 0; j < NUMBERS; j++)
			numbers[j] = next_random(&state);
		qsort(numbers, NUMBERS, sizeof(*numbers), compare);
		sum += numbers[i % NUMBERS];
	}
	return sum;
}

/* Each step's place hangs on the value found by the one before. */
static uint64_t
walk_memory(long pieces)
{
	uint64_t *table = malloc(TABLE * sizeof(*table));
	uint64_t state = 1, at = 0;

	if (!table)
		die("memory");
	for (size_t i = 0; i < TABLE; i++)
		table[i] = next_random(&state);
	for (long i = 0; i < (pieces - FILL) * HOPS; i++)
		at = table[(at + (uint64_t)i) % TABLE];
	free(table);
	return at;
}

static void
wait_ns(double ns)
{
	struct timespec left = { (time_t)(ns / 1e9),
				 (long)(ns -
					1e9 * (double)(time_t)(ns / 1e9)) };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

static double
now_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int
work(const char *self, const char *kind)
{
	uint64_t sum = 0;
	char text[32];
	long pieces;

	read_beside(self, kind, text, sizeof(text));
	pieces = strtol(text, NULL, 10);
	if (!strcmp(kind, "cpu"))
		sum = compute(pieces);
	else if (!strcmp(kind, "memory"))
		sum = walk_memory(pieces);
	else
		wait_ns((double)pieces * PIECE_NS);
	/* So that the work is not thought useless. */
	return sum == 1;
}

static void
compute_ns(double ns)
{
	double end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		continue;
}

static double
cpu_of_children_ns(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_CHILDREN, &usage);
	return 1e9 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e3 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* As this process, which is what the runner sees: the exit of the test. */
static int
end_as(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}

static int
run_slowly(const char *self, char **argv)
{
	double start = now_ns(CLOCK_MONOTONIC), wall, cpu, size;
	char text[32];
	int status = 0;
	pid_t child;

	read_beside(self, "size", text, sizeof(text));
	size = strtod(text, NULL);
	child = fork();
	if (!child) {
		execv(argv[0], argv);
		die(argv[0]);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		die(argv[0]);
	wall = now_ns(CLOCK_MONOTONIC) - start;
	cpu = cpu_of_children_ns();
	/* Of one that computes on several CPUs, the wall time grows rightly. */
	cpu = cpu < wall ? cpu : wall;
	compute_ns(size * cpu);
	wait_ns(size * (wall - cpu));
	return end_as(status);
}

static int
plant(const char *self)
{
	static const char line[] = "#!/bin/sh\nexec %s slow \"$0%s\" \"$@\"\n";
	char test[PATH_MAX - 64], aside[PATH_MAX];
	FILE *file;

	read_beside(self, "test", test, sizeof(test));
	snprintf(aside, sizeof(aside), "%s%s", test, suffix);
	if (rename(test, aside) < 0)
		die(test);
	/* Builds and tests run in the tree's root. */
	file = fopen(test, "wxe");
	if (!file || fprintf(file, line, self, suffix) < 0 ||
	    fclose(file) < 0 || chmod(test, 0755) < 0)
		die(test);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "slow"))
		return run_slowly(argv[0], argv + 2);
	if (argc == 2 && !strcmp(argv[1], "plant"))
		return plant(argv[0]);
	if (argc == 2)
		return work(argv[0], argv[1]);
	fprintf(stderr, "usage: %s cpu|memory|wait|plant | slow TEST ARGS\n",
		argv[0]);
	return 2;
}
