#ifndef HOST_RETRY_H
#define HOST_RETRY_H

#include <stdint.h>

struct http_answer;

/*
 * When to try again. Pure: the time and the die are given.
 */

enum {
	RETRY_FIRST_S = 5,     /* after the first failure */
	RETRY_MOST_S = 900,    /* and never longer, by our own choice */
	RETRY_LIMITED_S = 60,  /* least wait where a limit gave no time */
	RETRY_HONOUR_S = 86400 /* longest wait that a service may ask for */
};

struct retry {
	unsigned tries; /* attempts that failed before */
	int64_t now_s;
	uint32_t die; /* any random number */
};

/* Doubles with each try from first_s up to RETRY_MOST_S; between the half and
 * the whole of it, so that not all come back at once. */
int64_t retry_grow(const struct retry *retry, int64_t first_s);

/* Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3) as seconds from
 * now; -1 for neither. Bounded by RETRY_HONOUR_S. */
int64_t retry_after(const char *value, int64_t now_s);

/* An HTTP date in seconds since 1970, -1 for none. */
int64_t retry_parse_date(const char *value);

/* Whether the answer is a rate limit (429, or a 403 that says so), and not a
 * refusal. */
int retry_is_limit(const struct http_answer *answer);

/*
 * The seconds to wait after an answer (or none) that may be tried again: what
 * the service asks for, plus a little of our own so that not all come back at
 * once, and never less than our own growing wait.
 */
int64_t retry_wait(const struct retry *retry, const struct http_answer *answer);

/* After a success: seconds until the service takes more, 0 for at once. */
int64_t retry_pause(const struct retry *retry,
		    const struct http_answer *answer);

#endif
