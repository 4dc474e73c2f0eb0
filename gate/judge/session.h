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
 * shift: given |d|, its sign is a fair coin, whatever the shape of the noise.
 * We bet on that coin. The capital of a betting rule that looks only at the
 * past is an e-process: under the null it exceeds 1/a, at any look, with
 * probability at most a (Ville 1939). Bets on "the shift is more than m", and
 * on "less than m", with a bounded, odd, monotone function of d - m keep that
 * for every m, so the set of m that neither bet has refuted is an interval
 * that is valid at whatever look one stops. Outliers cost a bounded part of
 * the capital. Sign symmetry is all that is assumed; its price is that n
 * rounds give at most 2^n : 1 (alpha = 0.01 needs 8 rounds).
 *
 * A session has an error of its own beside that of its rounds (layout, build,
 * day): what history knows of it, struct noise, widens everything said here.
 */

/* How one (test, metric) is judged. Shifts are meant as ratios: a threshold of
 * 0.03 is worse at ratios over 1.03 and better below 1/1.03 (the reverse for
 * BETTER_HIGHER), so that both directions are treated alike. */
struct rule {
	double threshold; /* fraction > 0 */
	double severe;    /* fraction, INFINITY for never */
	enum better better;
	int counted;   /* counts events: values below 1 are one and the same */
	int secondary; /* see sequence_next(): wall of a test that computes */
	double alpha;  /* error of a session's interval over all looks */
	unsigned min_rounds;
	unsigned cap;       /* rounds; 0: PROTOCOL_MAX_ROUNDS */
	struct noise noise; /* of the session, from history; NOISE_UNKNOWN */
};

/* threshold 0.03, severe 0.10, lower is better, alpha 0.01, 8 to 40 rounds. */
#define RULE_INIT                                                              \
	{                                                                      \
		.threshold = 0.03, .severe = 0.10, .better = BETTER_LOWER,     \
		.alpha = 0.01, .min_rounds = 8, .cap = 40,                     \
		.noise = NOISE_UNKNOWN                                         \
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
	OUTLOOK_CAPPED  /* the cap is met and nothing is clear */
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
	size_t unusable; /* negative, NaN or infinite values: left out */
	struct estimate estimate; /* Hodges-Lehmann; level 1 - alpha */
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
 * look. Cost is quadratic in count, well under a millisecond for 60 rounds;
 * only the first LOOK_MAX_PAIRS are used.
 */
enum { LOOK_MAX_PAIRS = 512 };
void look_at(const struct rule *rule, const struct pair *pairs, size_t count,
	     struct look *look);

/*
 * True when a test needs more rounds: one of its metrics says OUTLOOK_MORE.
 * One that is `secondary` may ask for more only until twice the round where
 * the others were clear (at least 16): wall of a CPU-bound test on a shared
 * machine would else take every test to the cap.
 */
int test_wants_more(const struct rule *rules, const struct look *looks,
		    size_t count);

/* True when the look is an alarm or a claim: worse or better, so that a second
 * session with a fresh build has to confirm it (judge/confirm.h). */
int look_needs_confirmation(const struct look *look);

/* Verdict of a look that needs no confirmation: pass, else undecided. */
enum verdict look_verdict(const struct look *look);

#endif
