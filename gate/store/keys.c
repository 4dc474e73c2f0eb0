#include "store/keys.h"

#include <string.h>

#include "base/oid.h"

void
pack_start(struct pack *pack)
{
	pack->len = 0;
	pack->bad = 0;
}

void
pack_bytes(struct pack *pack, const void *bytes, size_t len)
{
	if (len > sizeof(pack->bytes) - pack->len) {
		pack->bad = 1;
		return;
	}
	if (len > 0)
		memcpy(pack->bytes + pack->len, bytes, len);
	pack->len += len;
}

static void
pack_number(struct pack *pack, uint64_t value, unsigned width)
{
	unsigned char bytes[8];

	for (unsigned i = 0; i < width; i++)
		bytes[i] = (unsigned char)(value >> 8 * (width - 1 - i));
	pack_bytes(pack, bytes, width);
}

void
pack_u8(struct pack *pack, unsigned value)
{
	pack_number(pack, value, 1);
}

void
pack_u32(struct pack *pack, uint32_t value)
{
	pack_number(pack, value, 4);
}

void
pack_u64(struct pack *pack, uint64_t value)
{
	pack_number(pack, value, 8);
}

/* For values only: negative numbers would sort last in a key. */
void
pack_s64(struct pack *pack, int64_t value)
{
	pack_number(pack, (uint64_t)value, 8);
}

void
pack_double(struct pack *pack, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	pack_u64(pack, bits);
}

void
pack_oid(struct pack *pack, const struct oid *oid)
{
	pack_bytes(pack, oid->bytes, OID_BYTES);
}

void
pack_text(struct pack *pack, const char *text)
{
	size_t len = strlen(text);

	if (len > UINT16_MAX) {
		pack->bad = 1;
		return;
	}
	pack_number(pack, len, 2);
	pack_bytes(pack, text, len);
}

void
pack_tail(struct pack *pack, const char *text)
{
	pack_bytes(pack, text, strlen(text));
}

int
pack_after(const struct pack *pack, struct pack *after)
{
	pack_start(after);
	pack_bytes(after, pack->bytes, pack->len);
	while (after->len > 0 && after->bytes[after->len - 1] == 0xff)
		after->len--;
	if (after->len == 0)
		return 0;
	after->bytes[after->len - 1]++;
	return 1;
}

void
fields_start(struct fields *fields, const void *bytes, size_t len)
{
	fields->at = bytes;
	fields->left = len;
	fields->bad = 0;
}

/* The next len bytes, or NULL. */
static const unsigned char *
fields_take(struct fields *fields, size_t len)
{
	const unsigned char *at = fields->at;

	if (fields->bad || len > fields->left) {
		fields->bad = 1;
		return NULL;
	}
	fields->at += len;
	fields->left -= len;
	return at;
}

static uint64_t
fields_number(struct fields *fields, unsigned width)
{
	const unsigned char *at = fields_take(fields, width);
	uint64_t value = 0;

	for (unsigned i = 0; at && i < width; i++)
		value = value << 8 | at[i];
	return value;
}

unsigned
fields_u8(struct fields *fields)
{
	return (unsigned)fields_number(fields, 1);
}

uint32_t
fields_u32(struct fields *fields)
{
	return (uint32_t)fields_number(fields, 4);
}

uint64_t
fields_u64(struct fields *fields)
{
	return fields_number(fields, 8);
}

int64_t
fields_s64(struct fields *fields)
{
	return (int64_t)fields_number(fields, 8);
}

double
fields_double(struct fields *fields)
{
	uint64_t bits = fields_u64(fields);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

void
fields_oid(struct fields *fields, struct oid *oid)
{
	const unsigned char *at = fields_take(fields, OID_BYTES);

	memset(oid, 0, sizeof(*oid));
	if (at)
		memcpy(oid->bytes, at, OID_BYTES);
}

static void
fields_copy(struct fields *fields, size_t len, char *text, size_t size)
{
	const unsigned char *at = fields_take(fields, len);

	text[0] = '\0';
	if (!at)
		return;
	if (len >= size || memchr(at, '\0', len)) {
		fields->bad = 1;
		return;
	}
	memcpy(text, at, len);
	text[len] = '\0';
}

void
fields_text(struct fields *fields, char *text, size_t size)
{
	fields_copy(fields, (size_t)fields_number(fields, 2), text, size);
}

void
fields_tail(struct fields *fields, char *text, size_t size)
{
	fields_copy(fields, fields->left, text, size);
}

int
fields_are_done(const struct fields *fields)
{
	return !fields->bad && fields->left == 0;
}
