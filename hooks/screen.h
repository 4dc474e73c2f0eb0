#ifndef HOOKS_SCREEN_H
#define HOOKS_SCREEN_H

#include <stddef.h>

#include "hooks/sideband.h"

/*
 * What one push shows: never more lines than fit a terminal, whatever it
 * brings. Who adds says how many lines have to stay free for what is worth
 * more; what finds no room is counted, and the end tells how much that was.
 */
enum { SCREEN_LINES = 24 };

struct screen {
	struct sideband sideband;
	size_t left;   /* lines */
	size_t hidden; /* lines that found no room */
};

void screen_init(struct screen *screen, int fd);

/* From here on it shows nothing, be it lines or progress. */
void screen_mute(struct screen *screen);

/* How many lines there are above those that have to stay free. */
size_t screen_room(const struct screen *screen, size_t keep);

/* Whole lines: as many of the first ones as leave `keep` free. */
void screen_add(struct screen *screen, const char *text, size_t keep);

#endif
