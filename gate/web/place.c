#include "web/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
web_place_read(struct web_place *place, const char *path)
{
	const char *slash = strchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t len = dot ? (size_t)(dot - name) : strlen(name);

	place->directory = mem_copy_bytes(path,
					  slash ? (size_t)(slash - path) : 0);
	place->name = mem_copy_bytes(name, len);
	place->ending = dot ? dot : "";
	place->root = slash ? "../" : "";
}

void
web_place_release(struct web_place *place)
{
	free(place->directory);
	free(place->name);
}
