#ifndef JUDGE_BET_H
#define JUDGE_BET_H

#include <stddef.h>

/*
 * Bets on the sign of d - m, round after round, where m is a supposed shift.
 *
 * How it works. Suppose that d is symmetric about m. Then, given |d - m| and
 * all earlier rounds, the sign is a fair coin, and whoever stakes a share of
 * his capital on it that looks at nothing else has, on average, what he had:
 * the capital is a test martingale, and exceeds 1/a at any time with
 * probability at most a (Ville 1939). The stake is share * psi((d - m) / scale)
 * with psi(x) = x within -1..1 and constant beyond: odd, so that it is fair;
 * monotone, so that a shift beyond m only makes it worse for who bets against
 * it; bounded, so that an outlier costs a bounded part. The scale of a round is
 * half the middle range of the rounds before it; it does not depend on m, so
 * the capital falls with m along every path and what is not refuted is an
 * interval. Fixed shares, each with its part of the capital, are mixed, since
 * the best one is not known.
 */

enum { BETS_MAX = 1024 };

struct bets {
	double d[BETS_MAX];
	double steep[BETS_MAX];  /* 1 / scale of the past; huge: sign alone */
	double weight[BETS_MAX]; /* part of the usual stake */
	double past[BETS_MAX];   /* rounds of full weight, ascending */
	size_t count, full, quiet;
};

void bets_init(struct bets *bets);

/* Add a round, in order; not beyond BETS_MAX. An unquiet one is given a quarter
 * of the stake, unless most rounds are. */
void bets_add(struct bets *bets, double d, int unquiet);

/*
 * What the bet that the shift is more than m (direction 1) or less (-1) has
 * made of 1: an e-value against its not being so. *when, if not NULL, gets the
 * number of rounds after which it reached level; count + 1 for never.
 */
double bets_capital(const struct bets *bets, double m, int direction,
		    double level, size_t *when);

/* The end of the interval of shifts that the bet against larger ones (direction
 * 1) or smaller ones (-1) has not refuted at level; infinite for too few. */
double bets_end(const struct bets *bets, int direction, double level);

#endif
