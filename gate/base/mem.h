#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Allocation. A process that gets no memory cannot go on: these print a line
 * and exit with EXIT_OURS, which the policy for our own failures then covers.
 */

/* Zeroed memory for count things of size bytes; overflow-checked. */
void *mem_new(size_t count, size_t size);

/* Grow or shrink an array to count things of size bytes; overflow-checked. */
void *mem_resize(void *old, size_t count, size_t size);

/* Copies; mem_copy_text(NULL) is NULL. */
char *mem_copy_text(const char *text);
char *mem_copy_bytes(const void *bytes, size_t len);

/* printf into fresh memory. */
char *mem_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Make room for one more in an array that keeps its count and capacity:
 *     MEM_GROW(list->items, list->count, list->cap);
 */
#define MEM_GROW(items, count, cap)                                            \
	do {                                                                   \
		if ((count) == (cap)) {                                        \
			(cap) = (cap) ? (cap)*2 : 8;                           \
			(items) = mem_resize((items), (cap),                   \
					     sizeof(*(items)));                \
		}                                                              \
	} while (0)

/* A list of texts that it owns. */
struct texts {
	char **items;
	size_t count, cap;
};

void texts_add(struct texts *texts, const char *text);
void texts_addf(struct texts *texts, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int texts_has(const struct texts *texts, const char *text);
void texts_release(struct texts *texts);

#endif
