#include "report/bar.h"

#include <string.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/units.h"

enum { BAR = 24, SHORT_BAR = 10, NARROW = 66 };

void
bar_add(struct buf *buf, size_t columns, double share, const char *what,
	int64_t left_ms)
{
	size_t size = columns < NARROW ? SHORT_BAR : BAR, full, room;
	struct buf left = BUF_INIT, head = BUF_INIT;

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	full = (size_t)(share * (double)size);
	buf_addc(&head, '[');
	for (size_t i = 0; i < size; i++)
		buf_addc(&head, i < full ? '#' : '.');
	buf_addf(&head, "] %3.0f %%  ", share * 100);
	if (left_ms >= 0) {
		buf_adds(&left, ", ");
		units_add_duration(&left, left_ms);
		buf_adds(&left, " left");
	}
	room = columns > head.len + left.len ? columns - head.len - left.len
					     : 0;
	buf_adds(buf, head.data);
	if (columns_of(what) > room)
		columns_add(buf, what, room, COLUMNS_LEFT);
	else
		buf_adds(buf, what);
	buf_adds(buf, buf_text(&left));
	buf_release(&head);
	buf_release(&left);
}
