#ifndef RUNNER_EVENTS_H
#define RUNNER_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "runner/readings.h"

/*
 * Events: lines that a test writes to $PERF_EVENTS, one a write(2).
 *
 *     start NAME [t=NS]         end NAME [t=NS]
 *     value NAME NUMBER [unit=B] [better=higher|lower] [t=NS]
 *     skip WHY                  fail WHY                 note TEXT
 *
 * t is the test's own CLOCK_MONOTONIC. It is the value where both ends of a
 * span have one, and is held against the time of receipt: refused outside
 * [start of the trial, receipt], out of order, or more than
 * EVENTS_MAX_LAG_NS before its receipt. Without stamps the receipt is the
 * value, marked coarse. What does not parse is a problem, never a guess.
 * No input or output here.
 */

enum {
	EVENTS_MAX_COUNT = 10000, /* of a trial */
	EVENTS_MAX_LINE = 512,    /* bytes, the newline too */
	EVENTS_MAX_OPEN = 64,     /* spans open at once */
	EVENTS_MAX_LAG_NS = 20000000
};

/* What stands before an event that is written to stdout. */
#define EVENTS_STDOUT_PREFIX "##perf "

/* For received_ns: the time of receipt is not known. */
#define EVENTS_NO_RECEIPT INT64_MIN

struct events_span {
	char name[READING_MAX_NAME + 1];
	int64_t at_ns;
	int coarse;
	size_t line; /* number of the event that opened it */
};

struct events {
	struct readings *readings; /* borrowed */
	int64_t start_ns;          /* of the trial */
	int64_t last_ns;           /* newest of the test's own stamps */
	size_t count;
	struct events_span open[EVENTS_MAX_OPEN];
	size_t open_count;
	struct buf partial; /* a line that is not complete yet */
	int64_t partial_ns;
};

/* start_ns: CLOCK_MONOTONIC when the test was started. */
void events_init(struct events *events, struct readings *readings,
		 int64_t start_ns);
void events_release(struct events *events);

/* Take bytes as they came off the pipe at received_ns. */
void events_bytes(struct events *events, const char *bytes, size_t len,
		  int64_t received_ns);

/* Take one line without its newline. */
void events_line(struct events *events, const char *line, size_t len,
		 int64_t received_ns);

/* The trial is over: take what is left and note spans that never ended. */
void events_finish(struct events *events);

#endif
