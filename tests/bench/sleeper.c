/*
 * A runner whose trials sleep: for tests/bench/fleet, where hundreds of them
 * share one machine. A session takes FLEET_LEAST to FLEET_MOST seconds, by its
 * seed; when each began and ended goes to the file FLEET_LOG.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "base/protocol.h"

enum { ROUNDS = 12, WALL_NS = 30000000 };

struct sleeper {
	struct lines in;
	json_t *spec;
	uint64_t random;
};

static void
say(json_t *message)
{
	/* Nobody listens any more: the session was given up. */
	if (json_write_line(STDOUT_FILENO, message, NULL) < 0)
		exit(0);
	json_decref(message);
}

static json_t *
hear(struct sleeper *sleeper)
{
	char *line = NULL;
	size_t len = 0;

	if (lines_next(&sleeper->in, -1, &line, &len, NULL) <= 0)
		exit(0);
	return json_parse(line, len, NULL);
}

static void
note(const char *what)
{
	const char *path = getenv("FLEET_LOG");
	char line[160];
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
			     0644)
		      : -1;
	int len = snprintf(line, sizeof(line), "%s %lld %s %s\n", what,
			   (long long)clock_monotonic_ms(&clock_real),
			   getenv(ENV_NODE), getenv("SLURM_JOB_PARTITION"));

	(void)io_write_all(fd, line, (size_t)len);
	io_close(&fd);
}

/* Splitmix64. */
static double
draw(struct sleeper *sleeper)
{
	uint64_t x = sleeper->random += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return (double)((x ^ (x >> 31)) >> 11) / (double)(1ull << 53);
}

/* It is said to have all objects, as a node that ran it before has. */
static void
exchange(struct sleeper *sleeper)
{
	size_t count;

	do {
		json_t *message = hear(sleeper);

		count = json_array_size(json_object_get(message, "need"));
		json_decref(message);
	} while (count);
	say(json_pack("{s:[]}", "lack"));
	json_decref(hear(sleeper));
}

static void
run_round(struct sleeper *sleeper, int round)
{
	const json_t *tests = json_object_get(sleeper->spec, "tests");

	for (size_t i = 0; i < json_array_size(tests); i++) {
		const json_t *test = json_array_get(tests, i);
		json_t *revision;
		size_t j;

		json_array_foreach(json_object_get(test, "revisions"), j,
				   revision)
		{
			double wall = WALL_NS * (0.998 + 0.004 * draw(sleeper));

			say(json_pack("{s:{s:O, s:i, s:i, s:b, s:s, s:i, s:s, "
				      "s:{s:f, s:f}}}",
				      "trial", "revision", revision, "test",
				      (int)i, "round", round, "warmup", 0,
				      "outcome", OUTCOME_OK, "status", 0, "why",
				      "", "metrics", "wall", wall, "cpu",
				      wall));
		}
	}
	say(json_pack("{s:i}", "round", round));
}

static double
setting(const char *name, double fallback)
{
	const char *text = getenv(name);

	return text ? atof(text) : fallback;
}

/* Until the time is over, or the gate gives the session up. "enough" is passed
 * over: how long a session takes is planned. */
static void
sleep_ms(struct sleeper *sleeper, double ms)
{
	int64_t until = clock_monotonic_ms(&clock_real) + (int64_t)ms, left;

	while ((left = until - clock_monotonic_ms(&clock_real)) > 0) {
		char *line = NULL;
		size_t len = 0;

		if (lines_next(&sleeper->in, until, &line, &len, NULL) == 0) {
			note("gone");
			exit(0);
		}
	}
}

int
main(void)
{
	struct sleeper sleeper = { 0 };
	double least = setting("FLEET_LEAST", 10) * 1e3;
	double most = setting("FLEET_MOST", 120) * 1e3, ms;

	note("start");
	lines_init(&sleeper.in, STDIN_FILENO, PROTOCOL_MAX_LINE);
	say(json_pack("{s:{s:i, s:s, s:s?}}", "hello", "pacegate",
		      PROTOCOL_VERSION, "version", PACEGATE_VERSION, "node",
		      getenv(ENV_NODE)));
	sleeper.spec = hear(&sleeper);
	sleeper.random = (uint64_t)json_int_or(sleeper.spec, "seed", 1);
	say(json_pack("{s:s}", "environment", "00000000sleeper0"));
	exchange(&sleeper);
	note("trial");
	ms = least + (most - least) * draw(&sleeper);
	for (int round = 0; round < ROUNDS; round++) {
		sleep_ms(&sleeper, ms / ROUNDS);
		run_round(&sleeper, round);
	}
	note("end");
	say(json_pack("{s:{s:{s:s}, s:s, s:s}}", "end", "environment", "id",
		      "00000000sleeper0", "sandbox", "none", "counter",
		      "none"));
	return 0;
}
