#ifndef GATE_CANARY_H
#define GATE_CANARY_H

#include <jansson.h>

struct err;
struct gate;

/*
 * The canary: does the gate still bite, and does it cry wolf? Commits with
 * planted slowdowns, and with none, go through the whole gate, with its
 * configuration, pool, sandbox and judge; what it said is kept as a record in
 * the store and never mixed with the verdicts of real commits.
 */

/* The sizes of slowdowns, as fractions, that --every and doctor use. */
#define CANARY_SIZE 0.10

/*
 * Run `pairs` pairs with a slowdown of `size` (0: none). tell (may be NULL)
 * gets a line for each. Results are appended to the store's record.
 */
int canary_run(struct gate *gate, unsigned pairs, double size,
	       void (*tell)(const char *line), struct err *err);

/*
 * The record so far: {"last": SECONDS, "sizes": [{"size": 0.1, "pairs": 20,
 * "alarms": 19, "rate", "low", "high", "sessions", "trials", "ms"}]}. An alarm
 * is a verdict regressed or severe. The caller owns it.
 */
json_t *canary_record(struct gate *gate);

/* In idle time: run one of each where the configured time has come. 1 when it
 * ran, 0 when not. */
int canary_when_due(struct gate *gate, struct err *err);

#endif
