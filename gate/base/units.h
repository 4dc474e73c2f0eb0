#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* What people write in configuration and directives, and back. All parsers
 * take the whole text and return 0 or ERR_INPUT; nothing is guessed. */

/* `250ms`, `30s`, `5m`, `2h`, `7d`; a bare number is seconds. */
int units_parse_duration(const char *text, int64_t *ms);

/* `512`, `64k`, `100M`, `2G` (powers of 1024; a `B` or `iB` may follow). */
int units_parse_size(const char *text, int64_t *bytes);

/* `3%`, `0.5%`, `+12%`, `-20%`; 0.03 for 3 %. The sign `%` is demanded. */
int units_parse_percent(const char *text, double *fraction);

/* A decimal number within [min, max]. */
int units_parse_count(const char *text, int64_t min, int64_t max,
		      int64_t *count);

/* A finite number as strtod(3) in the C locale reads it. */
int units_parse_number(const char *text, double *number);

/* `61.2 ms`, `3.40 s`, `12.5 MB`, `1,204`: three digits that matter. unit is
 * "ns", "B", "1" or any other, which is then put behind the number. */
void units_add_value(struct buf *buf, double value, const char *unit);

/* `+12.3 %`, `-0.4 %` of a ratio: 1.123 gives +12.3 %. */
void units_add_change(struct buf *buf, double ratio);

/* `4 s`, `2 min 05 s`, `3 h 10 min`. */
void units_add_duration(struct buf *buf, int64_t ms);

#endif
