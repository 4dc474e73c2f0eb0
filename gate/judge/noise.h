#ifndef JUDGE_NOISE_H
#define JUDGE_NOISE_H

#include <stddef.h>

/*
 * The noise floor of a (test, metric, environment): how far two sessions of
 * the same code lie apart (builds, layout, days), which no number of rounds
 * within one session shows.
 */
struct noise {
	double sd;         /* of ln ratio between sessions of the same code */
	unsigned sessions; /* how many it was learnt from; 0: unknown */
	int exact;         /* never varied at all, over enough sessions */
};

#define NOISE_UNKNOWN                                                          \
	{                                                                      \
		0.0, 0, 0                                                      \
	}

enum {
	NOISE_ENOUGH = 4, /* fewer no-change sessions: still being studied */
	NOISE_EXACT = 4   /* as many without any difference: exact */
};

/*
 * Learn it from the estimates (ratio, as struct estimate gives it) of sessions
 * that compared a thing with itself, or code that no change touched. widths
 * are the sd of each ln ratio that its own rounds explain (may be NULL), which
 * is taken out. Robust: one odd session does not matter. Values that are not
 * finite and positive are left out.
 */
struct noise noise_learn(const double *ratios, const double *widths,
			 size_t count);

/*
 * Smallest change (fraction) that a session of `rounds` rounds can tell from
 * none, when one round has this spread (sd of ln ratio) and sessions this
 * noise: for a test that is studied before it is first judged.
 */
double noise_detectable(const struct noise *noise, double spread,
			unsigned rounds, double alpha);

#endif
