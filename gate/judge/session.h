#ifndef JUDGE_SESSION_H
#define JUDGE_SESSION_H

#include <stddef.h>

#include "base/metrics.h"
#include "judge/noise.h"
#include "judge/verdict.h"

/*
 * The judge of one (test, metric) while a session runs.
 *
 * How it works. Every round runs baseline and candidate once, in random order,
 * so d = ln(candidate / baseline) - m is symmetric about 0 when m is the true
 * shift, whatever the shape of the noise; for m = 0 the random order alone
 * makes it so, however the machine drifts. judge/bet.h bets on the sign of it,
 * for every m: what the bets have not refuted at 1/alpha is an interval that
 * is valid at whatever look one stops, and the capital itself is the evidence.
 * Sign symmetry is all that is assumed; its price is that n rounds give at most
 * 2^n : 1 (alpha = 0.01 needs 8 rounds).
 *
 * A session has an error of its own beside that of its rounds (layout, build,
 * day). What is known of it, struct noise, widens the interval by NOISE_REACH
 * sd, and an alarm has to be clear of the threshold by as much, and of no
 * change at all by NOISE_CLEAR sd; by more while it was learnt from few
 * sessions.
 *
 * Counts that do not vary within a session (rule.counted, or noise.exact) are
 * not noise, so there is nothing to bet on: they are compared, after
 * EXACT_ROUNDS rounds. So are counts that a session takes but once (rule.once):
 * whoever took them has seen to it that they come out the same again, and of
 * several sessions the interval is what covers all.
 */
#define NOISE_REACH 1.5
#define NOISE_CLEAR 2.5

enum {
	EXACT_ROUNDS = 4,
	/* Beyond so many, a regression that may or may not be severe is not
	 * worth more rounds. */
	SEVERE_ROUNDS = 40
};

/* What an exact difference counts for, in the place of an e-value. */
#define EXACT_E 1e6

/* A value of zero beside one that is not is taken as this ratio, or 1 by it.
 * Zero beside zero is no change. */
#define ZERO_RATIO 1000

/* How one (test, metric) is judged. Shifts are meant as ratios: a threshold of
 * 0.03 is worse at ratios over 1.03 and better below 1/1.03 (the reverse for
 * BETTER_HIGHER), so that both directions are treated alike. */
struct rule {
	double threshold; /* fraction > 0 */
	double severe;    /* fraction, INFINITY for never */
	enum better better;
	int counted; /* counts events: values below 1 are one and the same */
	int once;    /* counted once a session: each value stands for itself */
	int secondary; /* see test_wants_more(): wall of a test that computes */
	/* Error over all looks of each thing said: of worse, of better, of
	 * same, and of each end of the interval. */
	double alpha;
	/* An alarm of less evidence goes on until the cap, so that a push of
	 * many tests can believe it (judge/push.h); below 1/alpha: no matter.
	 */
	double e_wanted;
	unsigned min_rounds;
	unsigned cap;       /* rounds; 0: PROTOCOL_MAX_ROUNDS */
	struct noise noise; /* between sessions: a guess, or learnt */
};

/* threshold 0.03, severe 0.10, lower is better, alpha 0.01, 8 to 40 rounds. */
#define RULE_INIT                                                              \
	{                                                                      \
		.threshold = 0.03, .severe = 0.10, .better = BETTER_LOWER,     \
		.alpha = 0.01, .min_rounds = 8, .cap = 40, .noise = NOISE_NONE \
	}

/* One round: both values are of trials whose outcome was ok. Rounds where one
 * of the two has no value are left out by the caller. */
struct pair {
	double baseline, candidate;
	int unquiet; /* the machine stuttered in one of the two (wall far above
			cpu, steal, ...): the same for both, weighed less */
};

/* What to do after a look. */
enum outlook {
	OUTLOOK_MORE,   /* go on */
	OUTLOOK_SAME,   /* clear: no change beyond the threshold */
	OUTLOOK_BETTER, /* clear: better beyond the threshold */
	OUTLOOK_WORSE,  /* clear: worse beyond it (and beyond severe or not) */
	OUTLOOK_CAPPED  /* nothing is clear, and more rounds are not to be
			   had (the cap), or would not help (the noise) */
};

const char *outlook_name(enum outlook outlook);

/* candidate / baseline, with a confidence interval; low may be 0 and high
 * INFINITY while there are too few rounds for one. */
struct estimate {
	double ratio; /* 1 when nothing is known */
	double low, high;
};

struct look {
	enum outlook outlook;
	int severe;      /* with OUTLOOK_WORSE: clear of `severe` as well */
	size_t rounds;   /* pairs that were usable */
	size_t clear_at; /* rounds after which the outlook first was clear */
	size_t unusable; /* negative, NaN or infinite values: left out */
	struct estimate estimate; /* Hodges-Lehmann; each end at 1 - alpha */
	double spread;            /* robust sd of ln ratio of one round */
	/* Evidence as e-values: at most 1 on average if it is not so. */
	double e_worse;  /* against "not worse than the threshold" */
	double e_better; /* against "not better than the threshold" */
	double e_severe; /* against "not worse than severe"; 0 for never */
	/* Smallest detectable change, a fraction: a change of this size would
	 * have been told from none. INFINITY while nothing would. */
	double detectable;
};

/*
 * Look at the rounds so far, in their order. Pure: the same pairs give the same
 * look. Some 20 microseconds for 40 rounds, half a millisecond for 1000. Only
 * the first LOOK_MAX_PAIRS are used, and there the look is capped.
 */
enum { LOOK_MAX_PAIRS = 1000 };
void look_at(const struct rule *rule, const struct pair *pairs, size_t count,
	     struct look *look);

/*
 * True when a test needs more rounds: one of its metrics says OUTLOOK_MORE.
 * One that is `secondary` may ask for more only until twice the round where
 * the others were clear (at least 16): wall of a test that computes, on a
 * shared machine, or the little CPU time of one that waits, would else take
 * every test to the cap.
 */
int test_wants_more(const struct rule *rules, const struct look *looks,
		    size_t count);

/* True when the look is an alarm or a claim: worse or better, so that a second
 * session with a fresh build has to confirm it (judge/confirm.h). */
int look_needs_confirmation(const struct look *look);

/* Verdict of a look that needs no confirmation: pass, else undecided. */
enum verdict look_verdict(const struct look *look);

#endif
