#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/*
 * The nearest of the words that people may have meant, for `did you mean`. Feed
 * it each word that there is; what it keeps is borrowed.
 */
struct nearest {
	const char *word; /* what was written */
	const char *best; /* NULL: none is near */
	size_t distance;  /* of best */
};

void nearest_init(struct nearest *nearest, const char *word);
void nearest_add(struct nearest *nearest, const char *known);

#endif
