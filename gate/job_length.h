#ifndef GATE_JOB_LENGTH_H
#define GATE_JOB_LENGTH_H

#include <stdint.h>

struct store_tx;

/* How long jobs of a kind took, from their slot to their end, to tell until
 * when one that runs will. */
int job_length_add(struct store_tx *tx, const char *kind, int64_t length_s);

/* The median of the last ones; -1 where none is known. */
int64_t job_length_get(struct store_tx *tx, const char *kind);

#endif
