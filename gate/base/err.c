#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->fault = FAULT_OURS;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int
err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, ERR_SYSTEM, "%s: %s", text, strerror(saved));
}

int
err_blame(struct err *err, enum fault fault)
{
	if (!err)
		return ERR_SYSTEM;
	err->fault = fault;
	return err->code;
}

int
err_context(struct err *err, const char *fmt, ...)
{
	char before[256], text[sizeof(err->text)];
	va_list ap;

	if (!err)
		return ERR_SYSTEM;
	va_start(ap, fmt);
	vsnprintf(before, sizeof(before), fmt, ap);
	va_end(ap);
	memcpy(text, err->text, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	if (snprintf(err->text, sizeof(err->text), "%s: %s", before, text) < 0)
		err->text[0] = '\0';
	return err->code;
}
