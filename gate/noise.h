#ifndef GATE_NOISE_H
#define GATE_NOISE_H

#include "judge/noise.h"

struct store;

/*
 * Noise floors out of the store: what the newest points of a test's history
 * show of a metric, in the environment where it was measured last (which one
 * this session will have is known only when it ends). Points that are clear of
 * the threshold are changes, not noise. Read once and kept.
 */
struct noise_book {
	struct noise_page *pages[256];
};

#define NOISE_BOOK_INIT                                                        \
	{                                                                      \
		{                                                              \
			0                                                      \
		}                                                              \
	}

/* What history says; unknown without a store, or where it cannot be read. */
struct noise noise_book_find(struct noise_book *book, struct store *store,
			     const char *test, const char *metric,
			     double threshold);
void noise_book_release(struct noise_book *book);

#endif
