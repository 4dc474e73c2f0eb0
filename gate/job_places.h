#ifndef GATE_JOB_PLACES_H
#define GATE_JOB_PLACES_H

#include <stddef.h>

struct gate;
struct store_tx;

/* For jobs that queue others: how many of them would run at once. */

/* Sessions of this repository that the pool could begin now; 0 where that
 * cannot be told. */
size_t job_free_places(const struct gate *gate);

/* Of those, what is left when all that waits in the queue has begun. */
size_t job_places(struct store_tx *tx, size_t free_places);

#endif
