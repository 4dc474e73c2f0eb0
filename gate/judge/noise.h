#ifndef JUDGE_NOISE_H
#define JUDGE_NOISE_H

#include <stddef.h>

/*
 * The noise floor of a (test, metric, environment): how far two sessions of
 * the same code lie apart (builds, layout, days), which no number of rounds
 * within one session shows.
 *
 * Of a young test it is a cautious guess that gives way to what is learnt: the
 * variance has a scaled inverse chi-squared prior, so that after n sessions it
 * is the weighted mean of the prior's and of theirs, and an error of the next
 * session has Student's t distribution with as many degrees of freedom as
 * stand behind it (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6). So few
 * sessions widen by their number too, not by their spread alone.
 */
struct noise {
	double sd;         /* of ln ratio between sessions of the same code */
	unsigned sessions; /* how many it was learnt from; 0: a guess */
	int exact;         /* never varied at all, over enough sessions */
	double freedom;    /* degrees of freedom of sd; 0: it is known */
};

/* Nothing between sessions: what rounds alone say. */
#define NOISE_NONE                                                             \
	{                                                                      \
		0.0, 0, 0, 0.0                                                 \
	}

enum {
	NOISE_ENOUGH = 8, /* fewer no-change sessions: still being studied */
	NOISE_EXACT = 4   /* as many without any difference: exact */
};

/*
 * What is supposed of a test before any session. The same commit measured again
 * differs by 0.2 to 0.4 % in the median of wall time, far more now and then,
 * and by 0.001 to 0.03 % in what is counted (shared/eval, facts about real
 * noise): 0.35 % and 0.02 % with 3 degrees of freedom have medians of 0.27 and
 * 0.015 %, and tails as heavy.
 */
struct noise noise_prior(int counted);

/* One session that compared a thing with itself, or code that no change
 * touched. */
struct noise_session {
	double ratio; /* its estimate, as in struct estimate */
	double width; /* sd of ln ratio that its own rounds explain */
};

/*
 * Learn it from such sessions. What their rounds explain is taken out, and a
 * session that is wide against the noise says little. Robust: one odd session
 * does not matter. Those not finite and positive are left out.
 */
struct noise noise_learn(const struct noise *prior,
			 const struct noise_session *sessions, size_t count);

/*
 * The steps between neighbours of a history of ratios to a baseline, in order,
 * as sessions: so neither a real change that stays nor slow drift is taken for
 * noise. A step has the noise of two sessions, as has a comparison with a
 * baseline that is built anew. steps has room for count; returns how many.
 */
size_t noise_steps(const struct noise_session *history, size_t count,
		   struct noise_session *steps);

/*
 * How far a session's own error may reach (of ln ratio), as often as Gaussian
 * noise of known sd exceeds 1.5 sd; and how far from no change at all an alarm
 * has to be: 2.5 sd.
 */
double noise_reach(const struct noise *noise);
double noise_clear(const struct noise *noise);

/* The sd of an estimate that its rounds explain: of the centre of Hodges and
 * Lehmann over Gaussian rounds. From an interval where the rounds are not
 * known; 0 where there is none. */
double noise_width(double spread, size_t rounds);
double noise_width_of_interval(double low, double high);

/*
 * Smallest change (fraction) that a session of `rounds` rounds tells from none,
 * when one round has this spread (sd of ln ratio) and sessions this noise.
 */
double noise_detectable(const struct noise *noise, double spread,
			unsigned rounds, double alpha);

#endif
