#include "base/mem.h"
#include "base/exit.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
no_memory(void)
{
	fputs("pacegate: out of memory\n", stderr);
	_Exit(EXIT_OURS);
}

void *
mem_new(size_t count, size_t size)
{
	void *new = calloc(count ? count : 1, size ? size : 1);

	if (!new)
		no_memory();
	return new;
}

void *
mem_resize(void *old, size_t count, size_t size)
{
	void *new;

	if (size && count > SIZE_MAX / size)
		no_memory();
	new = realloc(old, count && size ? count * size : 1);
	if (!new)
		no_memory();
	return new;
}

char *
mem_copy_text(const char *text)
{
	return text ? mem_copy_bytes(text, strlen(text)) : NULL;
}

char *
mem_copy_bytes(const void *bytes, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		no_memory();
	copy = mem_new(len + 1, 1);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

__attribute__((format(printf, 1, 0))) static char *
text_from(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		no_memory();
	return text;
}

char *
mem_text(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = text_from(fmt, ap);
	va_end(ap);
	return text;
}

static void
texts_take(struct texts *texts, char *text)
{
	MEM_GROW(texts->items, texts->count, texts->cap);
	texts->items[texts->count++] = text;
}

void
texts_add(struct texts *texts, const char *text)
{
	texts_take(texts, mem_copy_text(text));
}

void
texts_addf(struct texts *texts, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	texts_take(texts, text_from(fmt, ap));
	va_end(ap);
}

int
texts_has(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (!strcmp(texts->items[i], text))
			return 1;
	return 0;
}

void
texts_release(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct texts){ 0 };
}
