#ifndef RUNNER_READINGS_H
#define RUNNER_READINGS_H

#include <stddef.h>

#include "base/mem.h"
#include "base/metrics.h"

/*
 * What one trial said about itself, by events or in a format: values, and
 * everything in it that could not be used. Several values of one name are
 * repetitions and become their median: the trial is the unit of statistics.
 * No input or output here.
 */

enum {
	READING_MAX_NAME = 64, /* bytes */
	READING_MAX_UNIT = 16
};

struct reading {
	char name[READING_MAX_NAME + 1];
	char unit[READING_MAX_UNIT + 1]; /* "ns", "B", "1", or any other */
	enum better better;
	int coarse; /* some stamp was the receipt's */
	char *raw;  /* as the harness wrote the name */
	double *values;
	size_t count, cap;
};

struct readings {
	struct reading *items;
	size_t count, cap;
	struct texts problems; /* each one `where: what, what to write` */
	struct texts notes;
	char *skip, *fail; /* the test's own reason, NULL: it gave none */
	size_t lags;       /* problems that the machine made, not the test */
	size_t unsaid;     /* problems and notes beyond the bound */
};

#define READINGS_INIT                                                          \
	{                                                                      \
		0                                                              \
	}

void readings_release(struct readings *readings);

/* Note what could not be used; cleaned, cut and bounded. */
void readings_problem(struct readings *readings, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void readings_note(struct readings *readings, const char *text, size_t len);

/* The test's own reason to skip or to fail; the first one stays. */
void readings_set_reason(char **reason, const char *text, size_t len);

/*
 * Add one value under a name that a stranger wrote. raw may hold anything:
 * what a metric's name cannot hold becomes `_`. A problem under `where` is
 * noted when the value cannot be used: not finite, a name of the runner's own
 * metrics, two raw names that become one, another unit or direction than
 * before, more than PROTOCOL_MAX_VALUES names.
 */
struct reading_value {
	const char *raw;
	size_t raw_len;
	double value;
	const char *unit;
	enum better better;
	int coarse;
};

void readings_add(struct readings *readings, const char *where,
		  const struct reading_value *value);

/* True for what may be a metric's name: letters, digits and _ . / : + = @ # -,
 * first a letter, a digit or `_`, at most READING_MAX_NAME bytes. */
int reading_name_is_valid(const char *name, size_t len);

/* The same for a unit, `%` too. */
int reading_unit_is_valid(const char *unit, size_t len);

/* The median of the repetitions. */
double reading_median(const struct reading *reading);

/*
 * Keep what the test's `metrics=` directive lists. A list that names only the
 * runner's own metrics restricts nothing; a listed name that never came is a
 * problem.
 */
void readings_keep(struct readings *readings, const struct texts *metrics);

#endif
