#include "host/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/text.h"

enum { MAX_ADDRESS = 254 }; /* RFC 5321, 4.5.3.1, less the brackets */

static int
is_sound(const char *address)
{
	const char *at = strchr(address, '@');

	if (!at || at == address || !at[1] || strchr(at + 1, '@') ||
	    strlen(address) > MAX_ADDRESS || address[0] == '-')
		return 0;
	for (; *address; address++)
		if ((unsigned char)*address <= ' ' ||
		    (unsigned char)*address > 0x7e ||
		    strchr("<>()[]\\,;:\"", *address))
			return 0;
	return 1;
}

char *
address_bare(const char *text)
{
	const char *open = strrchr(text, '<'), *end;
	char *address;

	if (open) {
		end = strchr(open, '>');
		if (!end || end[1 + strspn(end + 1, " \t")])
			return NULL;
		address = mem_copy_bytes(open + 1, (size_t)(end - open - 1));
	} else {
		address = mem_copy_text(text);
	}
	if (is_sound(address))
		return address;
	free(address);
	return NULL;
}

/* Characters that need neither quotes nor an encoded word. */
static int
is_phrase(const char *name)
{
	for (; *name; name++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789 '-_",
			    *name))
			return 0;
	return 1;
}

void
address_add(struct buf *buf, const char *text)
{
	const char *open = strrchr(text, '<');
	char *address = address_bare(text), *name;
	size_t len = open ? (size_t)(open - text) : 0;

	while (len > 0 && strchr(" \t\"", text[len - 1]))
		len--;
	while (len > 0 && strchr(" \t\"", *text)) {
		text++;
		len--;
	}
	if (len > 0) {
		name = mem_copy_bytes(text, len);
		if (is_phrase(name))
			buf_adds(buf, name);
		else
			text_add_words(buf, name);
		buf_adds(buf, " <");
		free(name);
	}
	buf_adds(buf, address ? address : "");
	if (len > 0)
		buf_addc(buf, '>');
	free(address);
}
