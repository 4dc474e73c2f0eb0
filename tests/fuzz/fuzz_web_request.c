#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "web/html.h"
#include "web/place.h"

/* What of a request is taken apart by us: the path, a test's name in it, and
 * text that comes back in the page. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that is read back is the one that was written. */
static void
check_slug(const char *slug)
{
	struct buf again = BUF_INIT;
	char *test = NULL;

	if (web_unslug(slug, strlen(slug), &test) < 0)
		return;
	web_slug(&again, test);
	if (again.len <= 200 && strcmp(buf_text(&again), slug) != 0 &&
	    !strstr(buf_text(&again), WEB_SLUG_CUT))
		abort();
	if (strpbrk(buf_text(&again), "/.<>\"'&"))
		abort();
	free(test);
	buf_release(&again);
}

static void
check_text(const char *text)
{
	struct buf page = BUF_INIT;

	html_text_cut(&page, text, 200);
	if (strpbrk(buf_text(&page), "<>\"'\x1b"))
		abort();
	buf_release(&page);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = mem_copy_bytes(data, size);
	struct web_place place;

	web_place_read(&place, path);
	if (strlen(place.name) > size || strchr(place.directory, '/'))
		abort();
	check_slug(place.name);
	check_text(path);
	web_place_release(&place);
	free(path);
	return 0;
}
