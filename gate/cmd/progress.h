#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdint.h>

struct weigh_progress;

/*
 * The bar of what takes long: on stderr where that is a terminal, else nothing.
 * It begins to show after half a second, so that what is quick stays quiet.
 */
struct progress {
	int is_on, is_shown;
	int64_t start_ms, last_ms;
	const char *what;
};

/* what: borrowed; it may be NULL where progress_weigh() is used. */
void progress_begin(struct progress *progress, const char *what);

/* done of total; 0 for a total that nobody knows: done alone is told. The time
 * left is told by how it went so far. */
void progress_at(struct progress *progress, uint64_t done, uint64_t total);

/* The same of a share, 0 to 1, of what is done just now. */
void progress_share(struct progress *progress, double share, const char *what);

/* A store_watch_fn, with the progress as its data. */
void progress_store(void *progress, uint64_t seen, uint64_t total);

/* A callback of struct gate_run, with the progress as its data. */
void progress_weigh(void *progress, const struct weigh_progress *at);

/* Wipe the bar, so that something else can be said; it may go on after. */
void progress_clear(struct progress *progress);

#endif
