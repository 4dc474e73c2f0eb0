#ifndef BASE_COLUMNS_H
#define BASE_COLUMNS_H

#include <stddef.h>

struct buf;

/*
 * Columns that a text takes on a terminal: two for each wide character of East
 * Asia and each emoji, none for marks that combine with the one before.
 */
size_t columns_of(const char *text);

enum columns_side { COLUMNS_LEFT, COLUMNS_RIGHT };

/* The text in a cell of so many columns; a longer one is cut and ends in `...`
 * where that fits. */
void columns_add(struct buf *buf, const char *text, size_t columns,
		 enum columns_side side);

#endif
