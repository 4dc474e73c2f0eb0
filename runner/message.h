#ifndef RUNNER_MESSAGE_H
#define RUNNER_MESSAGE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf;
struct course;
struct readings;
struct rounds_step;
struct tally;
struct trial_result;

/* What the runner says to the gate, in the words of base/protocol.h. Each
 * returns a new reference. No input or output here. */

/* node NULL: it has no name in a pool. */
json_t *message_hello(const char *node);

struct message_phase {
	const char *phase; /* checkout, setup, build */
	size_t revision;
	const char *status; /* start, done, failed */
	int64_t ms;
	int kept;
	const char *why;       /* NULL: none */
	const struct buf *log; /* NULL: none */
};

json_t *message_phase(const struct message_phase *phase);

/* outcome and why are what the session made of the result and the readings. */
json_t *message_trial(const struct rounds_step *step, const char *outcome,
		      const char *why, const struct trial_result *result,
		      const struct readings *readings);
json_t *message_course(size_t test, size_t revision,
		       const struct course *course);
json_t *message_count(size_t test, size_t revision, const struct tally *tally);
json_t *message_environment(const char *id);
json_t *message_round(int round);
json_t *message_error(enum fault fault, const char *text);

/* environment is taken over; it may be NULL when the session never had one.
 * counter_why is "" when it counts by what was asked for. */
json_t *message_end(json_t *environment, const char *sandbox,
		    const char *counter, const char *counter_why);

/* The last lines of a log, at most PROTOCOL_MAX_LOG bytes, with everything
 * cleaned that a terminal would obey. */
void message_clean_log(const char *text, size_t len, struct buf *clean);

#endif
