#ifndef RUNNER_COUNT_H
#define RUNNER_COUNT_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct control;
struct err;
struct sandbox;
struct texts;

/*
 * Instructions of a test, counted by valgrind in a run of its own: no hardware
 * counters are needed, and a deterministic program gives the same number each
 * time. It takes some 8 times as long as the test alone.
 *
 * How it works. cachegrind without its simulations is the cheapest of
 * valgrind's tools that count. The layout of the address space is fixed,
 * children are followed, and each process leaves its sum in a file of /dev/shm;
 * a second step in the same sandbox, when all of the first is gone, hands those
 * out. What a process did before execve() is lost, always the same amount.
 */

#define COUNT_VALGRIND "/usr/bin/valgrind"

struct count_command {
	const char *tree;        /* host path of the built tree, or NULL */
	const char *const *argv; /* NULL-terminated; a path inside */
	int64_t timeout_ms;
	int events; /* the test may write to PERF_EVENTS; nobody reads it */
	struct control *control;
};

struct count_result {
	double instructions;
	int stopped;   /* by control: not to be reported */
	char why[512]; /* not "": it could not be counted */
};

/* Whether the sandbox's root holds valgrind. ERR_NOT_FOUND and what to do. */
int count_probe(const struct sandbox *sandbox, struct err *err);

/* 0 and a result, which may say why there is none; negative where the sandbox
 * failed. */
int count_run(struct sandbox *sandbox, const struct count_command *command,
	      struct count_result *result, struct err *err);

/* Pure: the sum over all processes in valgrind's log. ERR_NOT_FOUND without
 * any, ERR_INPUT for what is no number. */
int count_parse(const char *text, size_t len, double *instructions);

#endif
