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
	NOISE_ENOUGH = 8, /* fewer no-change sessions: still being studied */
	NOISE_EXACT = 4   /* as many without any difference: exact */
};

/*
 * Learn it from the estimates (ratio, as struct estimate gives it) of sessions
 * that compared a thing with itself, or code that no change touched. widths
 * are the sd of each ln ratio that its own rounds explain (may be NULL), which
 * is taken out. Robust: one odd session does not matter. A few sessions may
 * look alike by chance, so they count for a little more than they show. Values
 * that are not finite and positive are left out.
 */
struct noise noise_learn(const double *ratios, const double *widths,
			 size_t count);

/*
 * The same from a history of ratios to a baseline, in order: from the steps
 * between neighbours, so that neither a real change that stays nor slow drift
 * is taken for noise. A step has the noise of two sessions, as has a
 * comparison with a baseline that is built anew.
 */
struct noise noise_learn_history(const double *ratios, const double *widths,
				 size_t count);

/* The sd that its rounds explain, from an estimate's interval; 0 where there
 * is none. */
double noise_width(double low, double high);

/*
 * Smallest change (fraction) that a session of `rounds` rounds can tell from
 * none, when one round has this spread (sd of ln ratio) and sessions this
 * noise: for a test that is studied before it is first judged. What struct
 * look's detectable will be, within some 20 % for Gaussian noise.
 */
double noise_detectable(const struct noise *noise, double spread,
			unsigned rounds, double alpha);

#endif
