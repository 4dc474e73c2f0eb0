#ifndef GATE_CANARY_RECORD_H
#define GATE_CANARY_RECORD_H

struct canary_pair;
struct err;
struct store;

/* Add one pair to the record, see canary_record(). */
int canary_record_add(struct store *store, const struct canary_pair *pair,
		      struct err *err);

/* Note the time of a try that failed, so that the next one has its time too. */
void canary_record_failure(struct store *store);

#endif
