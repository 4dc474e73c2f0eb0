#ifndef BASE_EXIT_H
#define BASE_EXIT_H

/* Exit codes of every program here; hooks use 0 and 1 towards git. */
enum {
	EXIT_FINE = 0,
	EXIT_REGRESSION = 1, /* a regression or a refusal */
	EXIT_USAGE = 2,
	EXIT_OURS = 3 /* our own failure */
};

#endif
