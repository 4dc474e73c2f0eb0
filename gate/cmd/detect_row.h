#ifndef CMD_DETECT_ROW_H
#define CMD_DETECT_ROW_H

#include <stddef.h>

struct err;

/* A series' name, a piece of the input. */
struct detect_name {
	const char *text;
	size_t len;
};

struct detect_row {
	struct detect_name name; /* give the row before's: makes it fast */
	long index;
	double value; /* NaN where there is none */
};

/*
 * Read the row at *at, which ends at a newline or at end, where a NUL must be;
 * *at becomes its newline, or NULL after the last row. NAME,INDEX,VALUE; the
 * name may hold commas. An empty line is 1. ERR_INPUT.
 */
int detect_row_read(struct detect_row *row, const char **at, const char *end,
		    struct err *err);

int detect_name_is(const struct detect_name *a, const struct detect_name *b);

#endif
