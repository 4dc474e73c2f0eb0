#include "judge/session.h"

#include <math.h>
#include <string.h>

#include "base/protocol.h"
#include "judge/bet.h"
#include "judge/robust.h"

enum {
	/* A secondary metric may ask for so many rounds in any case. */
	SECONDARY_ROUNDS = 16,
	/* From then on the interval tells how wide it will be. */
	FORESEE_ROUNDS = 24
};

/* Of what the root foretells, for width_at_cap(). */
#define FASTER 0.7

/* Where a rule draws its lines, for shifts ln ratio with worse positive. */
struct lines {
	double reach;  /* of the session's own noise */
	double same;   /* no change is within +- this; may be negative */
	double alarm;  /* worse is beyond this, better below its negative */
	double severe; /* INFINITY for never */
	double level, wanted;
};

/* The rounds of a look, and what they alone say of the shift. */
struct shift {
	struct bets bets;
	size_t unusable;
	int exact; /* neither side ever varied, or each was counted once */
	double base;
	double middle, low, high;
};

/* ln ratio of a pair, or NAN. */
static double
shift_of(double base, double now, int counted)
{
	if (!isfinite(base) || !isfinite(now) || base < 0 || now < 0)
		return NAN;
	if (counted) {
		base = base < 1 ? 1 : base;
		now = now < 1 ? 1 : now;
	}
	if (!(base > 0) && !(now > 0))
		return 0;
	if (!(base > 0))
		return log(ZERO_RATIO);
	if (!(now > 0))
		return -log(ZERO_RATIO);
	/* The quotient of two doubles may overflow, its logarithm does not. */
	return log(now) - log(base);
}

static void
take_rounds(const struct rule *rule, const struct pair *pairs, size_t count,
	    struct shift *shift)
{
	double sign = rule->better == BETTER_HIGHER ? -1 : 1;
	const struct pair *first = NULL;
	int varied = 0;

	bets_init(&shift->bets);
	shift->unusable = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pair *pair = &pairs[i];
		double d = shift_of(pair->baseline, pair->candidate,
				    rule->counted);

		if (isnan(d)) {
			shift->unusable++;
			continue;
		}
		if (!first)
			first = pair;
		varied |= pair->baseline < first->baseline ||
			  pair->baseline > first->baseline ||
			  pair->candidate < first->candidate ||
			  pair->candidate > first->candidate;
		bets_add(&shift->bets, sign * d, pair->unquiet);
	}
	shift->base = first ? first->baseline : 0;
	shift->exact = rule->once
			       ? shift->bets.count > 0
			       : !varied && shift->bets.count >= EXACT_ROUNDS &&
					 (rule->counted || rule->noise.exact);
}

static void
draw_lines(const struct rule *rule, struct lines *lines)
{
	double threshold = log1p(rule->threshold);

	lines->reach = noise_reach(&rule->noise);
	lines->same = threshold - lines->reach;
	lines->alarm = fmax(threshold + lines->reach,
			    noise_clear(&rule->noise));
	lines->severe = isfinite(rule->severe)
				? fmax(log1p(rule->severe) + lines->reach,
				       lines->alarm)
				: INFINITY;
	lines->level = 1 / rule->alpha;
	lines->wanted = fmax(lines->level, rule->e_wanted);
}

/* Against "not beyond m" in a direction. */
static double
evidence(const struct shift *shift, double m, int direction)
{
	if (shift->exact)
		return direction * (shift->middle - m) > 0 ? EXACT_E : 0;
	return bets_capital(&shift->bets, m, direction, INFINITY, NULL);
}

static void
estimate_shift(struct shift *shift, const struct lines *lines)
{
	const struct bets *bets = &shift->bets;

	shift->middle = robust_centre(bets->past, bets->full);
	if (shift->exact) {
		shift->low = shift->high = shift->middle;
		for (size_t i = 0; i < bets->count; i++) {
			shift->low = fmin(shift->low, bets->d[i]);
			shift->high = fmax(shift->high, bets->d[i]);
		}
		return;
	}
	shift->low = bets_end(bets, -1, lines->level);
	shift->high = bets_end(bets, 1, lines->level);
	shift->middle = fmin(fmax(shift->middle, shift->low), shift->high);
}

/* Half of the interval as the cap would leave it: it shrinks about as the root
 * of the rounds, and faster at first where a few rounds are far off. */
static double
width_at_cap(const struct rule *rule, const struct shift *shift, size_t rounds)
{
	double cap = rule->cap ? rule->cap : PROTOCOL_MAX_ROUNDS;

	if (rounds < FORESEE_ROUNDS || !isfinite(shift->high - shift->low))
		return 0;
	return FASTER * (shift->high - shift->low) / 2 *
	       fmin(1, sqrt((double)rounds / cap));
}

/*
 * Nothing will be said: not with ever so many rounds, where the noise between
 * sessions leaves no room between the lines; nor with those that are left. For
 * that the whole interval counts where an alarm could be missed, and its middle
 * half where a pass could.
 */
static int
is_hopeless(const struct shift *shift, const struct lines *lines, double width)
{
	double alarm = lines->alarm + width, same = lines->same - width;
	double quarter = width > 0 ? (shift->high - shift->low) / 4 : 0;

	if (!(lines->reach > 0) && !(width > 0))
		return 0;
	return shift->high <= alarm && shift->low >= -alarm &&
	       (same <= 0 || shift->low + quarter >= same ||
		shift->high - quarter <= -same);
}

/* Worse, but whether severe is not clear yet. */
static int
severity_is_open(const struct shift *shift, const struct lines *lines,
		 const struct look *look)
{
	return isfinite(lines->severe) && look->rounds < SEVERE_ROUNDS &&
	       look->e_severe < lines->wanted && shift->high > lines->severe;
}

/* What the rounds say, wherever one stops. OUTLOOK_MORE: nothing. */
static enum outlook
clear_outlook(const struct rule *rule, const struct shift *shift,
	      const struct lines *lines, const struct look *look)
{
	if (look->rounds < rule->min_rounds && !shift->exact)
		return OUTLOOK_MORE;
	if (look->e_worse >= lines->level)
		return OUTLOOK_WORSE;
	if (look->e_better >= lines->level)
		return OUTLOOK_BETTER;
	if (shift->low > -lines->same && shift->high < lines->same)
		return OUTLOOK_SAME;
	return is_hopeless(shift, lines,
			   width_at_cap(rule, shift, look->rounds))
		       ? OUTLOOK_CAPPED
		       : OUTLOOK_MORE;
}

/* An alarm that more rounds would make more of. */
static int
wants_more(enum outlook clear, const struct shift *shift,
	   const struct lines *lines, const struct look *look)
{
	switch (clear) {
	case OUTLOOK_WORSE:
		return look->e_worse < lines->wanted ||
		       severity_is_open(shift, lines, look);
	case OUTLOOK_BETTER:
		return look->e_better < lines->wanted;
	case OUTLOOK_MORE:
		return 1;
	case OUTLOOK_SAME:
	case OUTLOOK_CAPPED:
		break;
	}
	return 0;
}

/* After how many rounds the outlook was clear for the first time. */
static size_t
first_clear(const struct rule *rule, const struct shift *shift,
	    const struct lines *lines, enum outlook outlook)
{
	size_t up = 0, down = 0;
	double above = -lines->same, below = lines->same;

	if (shift->exact)
		return EXACT_ROUNDS;
	if (outlook == OUTLOOK_WORSE)
		above = lines->alarm;
	if (outlook == OUTLOOK_BETTER)
		below = -lines->alarm;
	if (outlook != OUTLOOK_BETTER)
		bets_capital(&shift->bets, above, 1, lines->level, &up);
	if (outlook != OUTLOOK_WORSE)
		bets_capital(&shift->bets, below, -1, lines->level, &down);
	up = up > down ? up : down;
	up = up > shift->bets.count ? shift->bets.count : up;
	return up > rule->min_rounds ? up : rule->min_rounds;
}

static void
decide(const struct rule *rule, const struct shift *shift,
       const struct lines *lines, size_t count, struct look *look)
{
	size_t cap = rule->cap ? rule->cap : PROTOCOL_MAX_ROUNDS;
	enum outlook clear = clear_outlook(rule, shift, lines, look);
	int at_end = count >= cap || count >= LOOK_MAX_PAIRS;

	look->outlook = clear;
	look->clear_at = look->rounds < rule->min_rounds ? look->rounds
							 : rule->min_rounds;
	if (clear == OUTLOOK_MORE)
		look->outlook = at_end ? OUTLOOK_CAPPED : OUTLOOK_MORE;
	else if (clear != OUTLOOK_CAPPED)
		look->clear_at = first_clear(rule, shift, lines, clear);
	if (!at_end && wants_more(clear, shift, lines, look))
		look->outlook = OUTLOOK_MORE;
	look->severe = look->outlook == OUTLOOK_WORSE &&
		       look->e_severe >= lines->level;
}

static void
fill_estimate(const struct rule *rule, const struct shift *shift, double reach,
	      struct look *look)
{
	double low = shift->low - reach, high = shift->high + reach;

	if (rule->better == BETTER_HIGHER)
		look->estimate = (struct estimate){ exp(-shift->middle),
						    exp(-high), exp(-low) };
	else
		look->estimate = (struct estimate){ exp(shift->middle),
						    exp(low), exp(high) };
	if (isfinite(low) && isfinite(high))
		look->detectable = expm1((high - low) / 2);
	/* One event more or less is seen. */
	if (shift->exact && shift->base > 0)
		look->detectable = fmax(look->detectable, 1 / shift->base);
}

static double
spread_of(const struct bets *bets)
{
	double values[BETS_MAX];

	memcpy(values, bets->past, bets->full * sizeof(*values));
	return robust_spread(values, bets->full);
}

void
look_at(const struct rule *rule, const struct pair *pairs, size_t count,
	struct look *look)
{
	size_t used = count < LOOK_MAX_PAIRS ? count : LOOK_MAX_PAIRS;
	struct shift shift = { .low = -INFINITY, .high = INFINITY };
	struct lines lines;

	take_rounds(rule, pairs, used, &shift);
	draw_lines(rule, &lines);
	*look = (struct look){ .rounds = shift.bets.count,
			       .unusable = shift.unusable,
			       .estimate = { 1, 0, INFINITY },
			       .detectable = INFINITY,
			       .e_worse = 1,
			       .e_better = 1,
			       .e_severe = isfinite(lines.severe) ? 1 : 0 };
	if (shift.bets.count) {
		estimate_shift(&shift, &lines);
		look->spread = spread_of(&shift.bets);
		look->e_worse = evidence(&shift, lines.alarm, 1);
		look->e_better = evidence(&shift, -lines.alarm, -1);
		if (isfinite(lines.severe))
			look->e_severe = evidence(&shift, lines.severe, 1);
		fill_estimate(rule, &shift, lines.reach, look);
	}
	decide(rule, &shift, &lines, count, look);
}

const char *
outlook_name(enum outlook outlook)
{
	static const char *const words[] = { "more", "same", "better", "worse",
					     "capped" };

	return words[outlook];
}

int
test_wants_more(const struct rule *rules, const struct look *looks,
		size_t count)
{
	size_t clear_at = SECONDARY_ROUNDS / 2;
	int primary = 0;

	for (size_t i = 0; i < count; i++) {
		if (rules[i].secondary)
			continue;
		primary = 1;
		if (looks[i].outlook == OUTLOOK_MORE)
			return 1;
		if (looks[i].clear_at > clear_at)
			clear_at = looks[i].clear_at;
	}
	for (size_t i = 0; i < count; i++)
		if (rules[i].secondary && looks[i].outlook == OUTLOOK_MORE &&
		    (!primary || looks[i].rounds < 2 * clear_at))
			return 1;
	return 0;
}

int
look_needs_confirmation(const struct look *look)
{
	return look->outlook == OUTLOOK_WORSE ||
	       look->outlook == OUTLOOK_BETTER;
}

enum verdict
look_verdict(const struct look *look)
{
	return look->outlook == OUTLOOK_SAME ? VERDICT_PASS : VERDICT_UNDECIDED;
}
