#ifndef CMD_STATUS_QUEUE_H
#define CMD_STATUS_QUEUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct store_tx;

/*
 * The queue for `pacegate status`: an array of jobs in their order, each with
 * what it is, where it runs and since when, and until when if that can be told
 * from how long others of its kind took.
 */
json_t *status_queue_read(struct store_tx *tx);

/* When jobs that wait will begin, on so many slots. `until`, and `starts` of
 * one that waits, are seconds since 1970; left out where nothing is known. */
void status_queue_foresee(json_t *jobs, size_t slots, int64_t now_s);

/* Aligned, for a person; color for a terminal. */
void status_queue_print(const json_t *jobs, int64_t now_s, int color);

#endif
