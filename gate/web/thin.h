#ifndef WEB_THIN_H
#define WEB_THIN_H

#include <stddef.h>

/*
 * Which of count values to draw where only so many can be seen: of every
 * stretch its least and its largest, so that no outlier is hidden, and the
 * first and the last of all. keep takes their indices, ascending, and has room
 * for max (at least 4). Returns how many.
 */
size_t web_thin(const double *values, size_t count, size_t max, size_t *keep);

#endif
