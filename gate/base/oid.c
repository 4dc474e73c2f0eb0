#include "base/oid.h"
#include "base/err.h"

#include <string.h>

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
oid_parse(struct oid *oid, const char *hex)
{
	for (size_t i = 0; i < OID_BYTES; i++) {
		int high = digit_value(hex[2 * i]);
		int low = high < 0 ? -1 : digit_value(hex[2 * i + 1]);

		if (low < 0)
			return ERR_INPUT;
		oid->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

char *
oid_format(const struct oid *oid, char hex[OID_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < OID_BYTES; i++) {
		hex[2 * i] = digits[oid->bytes[i] >> 4];
		hex[2 * i + 1] = digits[oid->bytes[i] & 15];
	}
	hex[OID_HEX] = '\0';
	return hex;
}

char *
oid_short(const struct oid *oid, char hex[OID_HEX + 1])
{
	oid_format(oid, hex);
	hex[OID_SHORT] = '\0';
	return hex;
}

int
oid_is_zero(const struct oid *oid)
{
	static const struct oid zero;

	return oid_equal(oid, &zero);
}

int
oid_equal(const struct oid *a, const struct oid *b)
{
	return !memcmp(a->bytes, b->bytes, OID_BYTES);
}

int
oid_compare(const struct oid *a, const struct oid *b)
{
	return memcmp(a->bytes, b->bytes, OID_BYTES);
}
