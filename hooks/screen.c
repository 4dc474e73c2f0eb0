#include "hooks/screen.h"

#include <string.h>

#include "base/buf.h"

void
screen_init(struct screen *screen, int fd)
{
	*screen = (struct screen){ .left = SCREEN_LINES };
	sideband_init(&screen->sideband, fd);
}

void
screen_mute(struct screen *screen)
{
	screen->left = 0;
	screen->sideband.quiet = 1;
}

size_t
screen_room(const struct screen *screen, size_t keep)
{
	return screen->left > keep ? screen->left - keep : 0;
}

void
screen_add(struct screen *screen, const char *text, size_t keep)
{
	size_t room = screen_room(screen, keep);
	struct buf shown = BUF_INIT;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (room) {
			buf_add(&shown, text, len);
			buf_addc(&shown, '\n');
			screen->left--;
			room--;
		} else {
			screen->hidden++;
		}
		text += len + (text[len] == '\n');
	}
	if (shown.len)
		sideband_say(&screen->sideband, buf_text(&shown));
	buf_release(&shown);
}
