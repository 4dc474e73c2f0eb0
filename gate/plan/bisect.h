#ifndef PLAN_BISECT_H
#define PLAN_BISECT_H

#include <stddef.h>

/*
 * Bisection: which commit of a line brought a change. Pure: told what was found
 * at commits, it says which ones to weigh next.
 *
 * The line runs from a commit without the change, 0, to the last one, which has
 * it. What is sought is the last step from without to with: whatever came and
 * went before is not what the last commit shows. Commits that cannot be weighed
 * are holes: no answer is to be had of them, so those that are left are asked
 * from the middle of the longest stretch between holes; a run of commits that
 * do not build is left behind that way, and where the change lies in it, the
 * answer is the stretch.
 */
enum bisect_found {
	BISECT_UNKNOWN,
	BISECT_UNCHANGED,
	BISECT_CHANGED,
	BISECT_UNCLEAR,   /* too noisy to say: asked once more, then a hole */
	BISECT_UNTESTABLE /* does not build, fails: a hole */
};

/* Holes between the ends, after which the stretch is the answer. */
enum { BISECT_MAX_HOLES = 24 };

struct bisect {
	unsigned char *commits; /* what is known of each */
	size_t count;
};

/* count: at least 2, the two ends. The last one is still to be asked, unless
 * it is answered for. */
void bisect_init(struct bisect *bisect, size_t count);
void bisect_release(struct bisect *bisect);

/* An answer; the second one of a commit counts for more, as long as it is
 * one. */
void bisect_answer(struct bisect *bisect, size_t at, enum bisect_found found);

enum bisect_end {
	BISECT_ASKS,    /* there are commits to weigh */
	BISECT_FOUND,   /* bad brought it, good is the one before */
	BISECT_STRETCH, /* one of those after good, up to bad, did */
	BISECT_NOTHING, /* the last commit does not have it */
	BISECT_UNSURE   /* whether the last commit has it cannot be told */
};

struct bisect_state {
	enum bisect_end end;
	size_t good,
		bad;  /* the change came after one, with the other at last */
	size_t open;  /* commits between them that can still be asked */
	size_t holes; /* and that cannot */
};

void bisect_look(const struct bisect *bisect, struct bisect_state *state);

/*
 * The commits to weigh next, while others are being weighed (asked[], NULL:
 * none) and so many places are free: they cut what is left into parts as even
 * as they can be. next[] has room for places; returns how many, in order of
 * the line. 0 also while only what was asked can tell.
 */
size_t bisect_next(const struct bisect *bisect, const unsigned char *asked,
		   size_t places, size_t *next);

#endif
