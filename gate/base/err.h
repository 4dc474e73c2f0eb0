#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * Errors. A function that can fail returns 0 or a negative error code, and
 * fills the struct err that it was given last. Callers add context on the way
 * up, so that a message reads `baseline perf/ssl: map full`.
 */

enum {
	ERR_SYSTEM = -1,      /* a system call or a library failed */
	ERR_INPUT = -2,       /* what somebody wrote does not parse */
	ERR_NOT_FOUND = -3,   /* no such commit, test, record */
	ERR_UNSUPPORTED = -4, /* sound, but not something this build can do */
	ERR_VERSION = -5,     /* written by a newer pacegate */
	ERR_BUSY = -6,        /* somebody else holds it */
	ERR_TIMEOUT = -7,     /* a deadline passed */
	ERR_LIMIT = -8,       /* larger or more than a bound allows */
	ERR_PROTOCOL = -9,    /* the other side broke the protocol */
	ERR_LOST = -10        /* a machine failed; another may do as well */
};

/* Whose fault it is; the three are never mixed in what people see. */
enum fault { FAULT_OURS, FAULT_PUSHER, FAULT_TEST };

struct err {
	int code;
	enum fault fault;
	char text[768];
};

#define ERR_INIT                                                               \
	{                                                                      \
		0                                                              \
	}

/* Set code and text, fault is ours. Returns the code. err may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set(), and appends `: strerror(errno)`; the code is ERR_SYSTEM. */
int err_errno(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Say whose fault the error is. Returns its code. */
int err_blame(struct err *err, enum fault fault);

/* Put `text: ` before the message. Returns the code of err. */
int err_context(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
