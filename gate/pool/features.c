#include "pool/features.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

int
features_add(struct texts *features, const char *list)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.:=";
	char *copy = mem_copy_text(list ? list : ""), *rest = NULL;
	int ret = 0;

	for (char *item = strtok_r(copy, ", \t", &rest); item && !ret;
	     item = strtok_r(NULL, ", \t", &rest)) {
		if (item[strspn(item, letters)])
			ret = ERR_INPUT;
		else if (!texts_has(features, item))
			texts_add(features, item);
	}
	free(copy);
	return ret;
}

int
features_hold(const struct texts *features, const struct texts *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!texts_has(features, wanted->items[i]))
			return 0;
	return 1;
}
