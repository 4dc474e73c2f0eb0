#ifndef GATE_NOISE_H
#define GATE_NOISE_H

#include <stdint.h>

#include "judge/noise.h"

struct store;
struct store_point;
struct report;
struct report_floor;

/*
 * Noise floors out of the store: what the sessions of a test's study and the
 * newest points of its history show of a metric in an environment, as far as
 * they are of the test's newest definition. Points that are clear of the
 * threshold are changes, not noise. Read once and kept.
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

struct noise_key {
	const char *test, *metric;
	const char *environment; /* NULL: where it was measured last */
	double threshold;
};

struct noise_floor {
	struct noise noise; /* a guess where nothing is known */
	double spread;      /* of one round; NAN: not known */
	/* Smallest change (fraction) that the usual rounds of a session tell
	 * from none; INFINITY: not known */
	double detectable;
};

/* What the store says; the guess without one, or where it cannot be read. Not
 * inside a transaction. The key is only read. */
struct noise_floor noise_book_find(struct noise_book *book, struct store *store,
				   const struct noise_key *key);
struct report_floor noise_book_report(struct noise_book *book,
				      struct store *store,
				      const struct noise_key *key);
void noise_book_release(struct noise_book *book);

/* What is known by now into a report's metrics, for who reads it. */
void noise_book_describe(struct noise_book *book, struct store *store,
			 struct report *report);

/* A point's flags keep the sd that its rounds explain, in 1e-7 of ln ratio; of
 * 0, as older points have them, nothing is known (NAN). One bit beside it says
 * that the point came later than its commit, by a backfill. */
#define POINT_BACKFILLED (1u << 31)
uint32_t noise_flags(double width);
double noise_flags_width(uint32_t flags);
int noise_flags_backfilled(uint32_t flags);

#endif
