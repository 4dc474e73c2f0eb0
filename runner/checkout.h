#ifndef RUNNER_CHECKOUT_H
#define RUNNER_CHECKOUT_H

#include <stdint.h>

struct err;
struct objects;
struct spec_revision;

/*
 * Writing a tree of git into a directory. The tree is a stranger's: names are
 * checked, nothing is ever followed or overwritten, sizes and counts are
 * bounded. Files get mode 0644 or 0755, submodules become empty directories,
 * every time stamp is CHECKOUT_TIME_S, so that a build sees the same each
 * time.
 */

enum {
	CHECKOUT_TIME_S = 946684800, /* 2000-01-01 */
	CHECKOUT_MAX_ENTRIES = 1000000,
	CHECKOUT_BLOCK = 4096 /* what the smallest entry counts as */
};

struct checkout_limits {
	int64_t max_bytes;
	/* Asked now and then; non-zero gives up with ERR_TIMEOUT. May be
	 * NULL. */
	int (*stop)(void *data);
	void *stop_data;
};

/*
 * Write the revision's tree and its overlay below the empty directory dir.
 * What is wrong with the tree is the pusher's fault and names the path; a
 * missing object or a full disk is ours.
 */
int checkout_export(struct objects *objects,
		    const struct spec_revision *revision, int dir,
		    const struct checkout_limits *limits, struct err *err);

/*
 * One entry of a raw tree object. 1 and the entry, 0 at the end, ERR_INPUT
 * for what is no tree. Names are as they stand: check them.
 */
struct tree_entry {
	unsigned mode;
	const char *name; /* borrowed, ends with a NUL */
	const unsigned char *oid;
};

int checkout_next_entry(const char **at, const char *end,
			struct tree_entry *entry);

#endif
