#ifndef RUNNER_FORMATS_H
#define RUNNER_FORMATS_H

#include <stddef.h>
#include <stdint.h>

struct readings;

/*
 * Readers of what existing harnesses print on stdout, chosen by a test's
 * `format=` directive. Times become ns. No input or output here; what does not
 * parse is a problem in the readings.
 */

struct format_row {
	const char *name; /* in the directive */
	const char *help; /* one line: what it reads */
	void (*read)(const char *text, size_t len, struct readings *readings);
};

/* Ends with a NULL name. `events` is the first. */
extern const struct format_row format_rows[];

/* The row, or NULL for an unknown name. */
const struct format_row *format_find(const char *name);

/*
 * Read all that a test printed. A format that finds no value at all notes a
 * problem: an empty result never passes.
 */
void format_read(const struct format_row *format, const char *text, size_t len,
		 struct readings *readings);

#endif
