#include "host/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "host/http.h"

int64_t
retry_grow(const struct retry *retry, int64_t first_s)
{
	int64_t whole = first_s;

	for (unsigned i = 0; i < retry->tries && whole < RETRY_MOST_S; i++)
		whole *= 2;
	if (whole > RETRY_MOST_S)
		whole = RETRY_MOST_S;
	return whole - (int64_t)(retry->die % (uint64_t)(whole / 2 + 1));
}

int64_t
retry_parse_date(const char *value)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };
	char month[4];
	const char *at;

	if (sscanf(value, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT",
		   &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
		   &tm.tm_sec) != 6)
		return -1;
	at = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!at || (at - months) % 3 != 0 || tm.tm_year < 1970)
		return -1;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	return (int64_t)timegm(&tm);
}

static int64_t
bounded(int64_t wait_s)
{
	return wait_s < 0                ? 0
	       : wait_s > RETRY_HONOUR_S ? RETRY_HONOUR_S
					 : wait_s;
}

int64_t
retry_after(const char *value, int64_t now_s)
{
	int64_t number;

	if (value[0] && strspn(value, "0123456789") == strlen(value))
		/* What overflows is at least as long as we would wait. */
		return units_parse_count(value, 0, INT64_MAX, &number) == 0
			       ? bounded(number)
			       : RETRY_HONOUR_S;
	number = retry_parse_date(value);
	return number < 0 ? -1 : bounded(number - now_s);
}

/* Seconds until the limit's reset where nothing remains, else -1. */
static int64_t
until_reset(const struct http_answer *answer, int64_t now_s)
{
	int64_t left, reset;

	if (units_parse_count(answer->limit_remaining, 0, INT64_MAX, &left) <
		    0 ||
	    left > 0 ||
	    units_parse_count(answer->limit_reset, 0, INT64_MAX, &reset) < 0)
		return -1;
	/* Some count the seconds from now, most from 1970. */
	return bounded(reset > 1000000000 ? reset - now_s : reset);
}

int
retry_is_limit(const struct http_answer *answer)
{
	int64_t left;

	if (answer->status == 429)
		return 1;
	if (answer->status != 403)
		return 0;
	return answer->retry_after[0] ||
	       (units_parse_count(answer->limit_remaining, 0, INT64_MAX,
				  &left) == 0 &&
		left == 0) ||
	       strcasestr(buf_text(&answer->body), "rate limit") != NULL;
}

int64_t
retry_wait(const struct retry *retry, const struct http_answer *answer)
{
	int64_t own = retry_grow(retry, RETRY_FIRST_S), asked;

	asked = retry_after(answer->retry_after, retry->now_s);
	if (asked < 0)
		asked = until_reset(answer, retry->now_s);
	if (asked < 0 && retry_is_limit(answer)) {
		own = retry_grow(retry, 2 * RETRY_LIMITED_S);
		asked = RETRY_LIMITED_S;
	}
	if (asked < 0)
		return own;
	/* A tenth, so that what waited for the same moment spreads. */
	asked += (int64_t)(retry->die % (uint64_t)(asked / 10 + 2));
	return asked > own ? asked : own;
}

int64_t
retry_pause(const struct retry *retry, const struct http_answer *answer)
{
	int64_t reset = until_reset(answer, retry->now_s);

	return reset < 0 ? 0 : reset;
}
