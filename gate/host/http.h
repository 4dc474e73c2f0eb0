#ifndef HOST_HTTP_H
#define HOST_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"

struct err;

/*
 * Requests over libcurl, which is seen here alone. What holds for each of them:
 * TLS is verified; nothing goes in clear text but to this machine; redirects
 * are not followed, so that a token goes nowhere else; answers are bounded in
 * size and time; no signals, and descriptors are CLOEXEC.
 */
struct http;

struct http_limits {
	unsigned connections; /* to one host at a time */
	int64_t connect_ms, total_ms;
	size_t response_bytes;
};

struct http_request {
	const char *method;
	char *url;
	struct texts headers;
	char *authorization; /* a header line that is wiped after use, or NULL
			      */
	char *body;          /* NULL: none */
	const char *ca_file; /* borrowed, as below */
	const char *proxy;
};

/* Drops all that it owns; the secret is wiped. */
void http_request_release(struct http_request *request);

enum http_tls {
	HTTP_TLS_DEMANDED,
	HTTP_TLS_TRIED, /* where the server offers it */
	HTTP_TLS_NONE
};

struct http_mail {
	char *url;
	char *from; /* the envelope's: bare addresses */
	struct texts to;
	char *message;     /* RFC 5322, CRLF; NULL: only greet the server */
	const char *login; /* `user:password` or NULL; borrowed until then */
	enum http_tls tls; /* of smtp:// */
	const char *ca_file;
};

void http_mail_release(struct http_mail *mail);

/* What went wrong before an answer was whole. */
enum http_failure {
	HTTP_ANSWERED,
	HTTP_UNREACHABLE, /* no such name, nothing listens, too slow, cut */
	HTTP_UNTRUSTED,   /* the certificate, or no TLS at all */
	HTTP_TOO_LARGE,
	HTTP_REFUSED, /* a login or an address that the mail server refuses */
	HTTP_INVALID  /* cannot be sent: the URL, the CA file */
};

struct http_answer {
	enum http_failure failure;
	int status;    /* HTTP's or SMTP's last, 0 for none */
	char why[256]; /* of a failure */
	char content_type[80], location[200], date[40];
	char retry_after[40], limit_remaining[24], limit_reset[24];
	struct buf body;
};

/* Called once for each request, from http_run(); the answer is the callee's to
 * read until it returns. It may send more. */
typedef void http_done_fn(void *data, struct http_answer *answer);

/* limits are copied. */
int http_new(struct http **http, const struct http_limits *limits,
	     struct err *err);

/* What is in flight is dropped without a call. */
void http_free(struct http *http);

/* Start. Takes what request or mail owns, leaving it empty. */
void http_send(struct http *http, struct http_request *request,
	       http_done_fn *done, void *data);
void http_send_mail(struct http *http, struct http_mail *mail,
		    http_done_fn *done, void *data);

/* Move everything on; waits up to timeout_ms for something to happen. The
 * number of requests that came to their end, or our own failure. */
int http_run(struct http *http, int timeout_ms, struct err *err);

/* Whether a URL may be posted to: https, or http to this machine, and no login
 * inside. ERR_INPUT says what is wrong. *is_loopback may be NULL. */
int http_check_url(const char *url, int *is_loopback, struct err *err);

/* The same of a mail server: smtps or smtp. */
int http_check_mail_url(const char *url, int *is_loopback, struct err *err);

#endif
