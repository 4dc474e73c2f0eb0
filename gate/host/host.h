#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "base/oid.h"

struct err;
struct secret;
struct texts;

/*
 * What pacegate says to a hosting service: commit statuses and comments; and
 * the two other ways out that go over the network: webhooks and mail. Many
 * posts are in flight at once, over one libcurl multi handle; nothing here
 * knows of the outbox, which is the caller's:
 *
 *     host = host_new(&limits, &err);
 *     while (host_has_room(host) && next message)
 *             host_post_status(host, &target, &status, tries, message);
 *     host_run(host, 1000, &err);
 *     while (host_take(host, &result))
 *             done, fail until result.wait_s, or refuse result.tag
 *
 * A post that was cut off may have arrived: sending it again is harmless, since
 * a status overwrites its like and a comment finds itself by its marker.
 */
struct host;

enum host_service {
	HOST_GITHUB, /* Enterprise Server too, by its url */
	HOST_GITLAB,
	HOST_GITEA,
	HOST_FORGEJO,
	HOST_BITBUCKET, /* Cloud */
	HOST_GERRIT
};

/* By pacegate-host.type; ERR_NOT_FOUND for one that takes no statuses. */
int host_service_find(const char *type, enum host_service *service);

/*
 * Where posts go. Everything in it is borrowed until host_free(): one target
 * serves all posts to a service.
 */
struct host_target {
	enum host_service service;
	const char *url; /* base of the API as the service's manual gives it:
			    https://ghe.example.org/api/v3,
			    https://gitlab.example.org/api/v4,
			    https://git.example.org/api/v1; NULL: the
			    public one, where there is one */
	const char *project; /* owner/name; GitLab: group/name or the number */
	const char *context; /* the status' name; NULL: "pacegate" */
	const struct secret *token; /* NULL: none is sent. For Bitbucket and
				       Gerrit it may be `user:password` */
	const char *ca_file; /* certificates to trust; NULL: the system's */
	const char *proxy; /* https only; NULL: by the environment; "": none */
};

/* Whether posts can go there at all: url and project parse, https or loopback,
 * no user or password inside the url. ERR_INPUT says what to configure. */
int host_target_check(const struct host_target *target, struct err *err);

/* Limits of host_new(); 0 anywhere gives the default. */
struct host_limits {
	unsigned in_flight;    /* posts to one host at a time (8) */
	int64_t connect_ms;    /* until connected, TLS too (10 s) */
	int64_t total_ms;      /* of a request (30 s) */
	size_t response_bytes; /* an answer's body (4 MiB) */
};

struct host *host_new(const struct host_limits *limits, struct err *err);

/* What is in flight is dropped, as if the network had cut it. */
void host_free(struct host *host);

/*
 * The state of a status. Where a service knows fewer, the nearest that is not
 * a lie: our own failure never shows as a failed test.
 */
enum host_state {
	HOST_PENDING,
	HOST_PASSED,
	HOST_FAILED, /* regressed, severe */
	HOST_BROKEN, /* the build or a test fails */
	HOST_ERROR   /* our own failure */
};

/* `pending`, `passed`, ...: for keys of the outbox and --json. */
const char *host_state_name(enum host_state state);
int host_state_parse(const char *name, enum host_state *state);

struct host_status {
	struct oid commit;
	enum host_state state;
	const char *title; /* one line; cut on a character within the service's
			      limit */
	const char *url;   /* page of the commit, NULL or "": none */
};

struct host_comment {
	struct oid commit;
	int64_t number;     /* of the pull or merge request; 0: on the commit */
	const char *body;   /* Markdown, without marker; cut within the limit */
	const char *marker; /* the same for every comment that may replace an
			       earlier one: [A-Za-z0-9._/-]+, such as
			       CONTEXT/COMMIT */
	const char *key;    /* of this content, same alphabet: a comment that
			       bears it is this very one, so that sending again
			       makes no second one; NULL: none */
	const char *id;     /* result.id of an earlier one, NULL: look for it */
	int fresh;          /* a new comment even where an earlier one is: the
			       verdict got worse */
};

struct host_webhook {
	const char *url;
	const char *body; /* JSON */
	const char *id;   /* of the message, for the receiver to know one that
			     comes twice; NULL: none */
	const struct secret *secret; /* HMAC-SHA256 over the body, sent as
					`X-Hub-Signature-256: sha256=HEX`;
					NULL: unsigned */
	const char *ca_file, *proxy; /* as in struct host_target */
};

/*
 * A mail server. smtps:// speaks TLS from the start, smtp:// demands STARTTLS.
 * On loopback, without a ca_file, STARTTLS is used where it is offered and
 * verifies, else plain text. Borrowed until host_free().
 */
struct host_mailer {
	const char *url;             /* smtp://host[:port], smtps://... */
	const struct secret *secret; /* `user:password`, NULL: no login */
	const char *ca_file;         /* as in struct host_target */
};

struct host_mail {
	const char *from;       /* address, or `Name <address>` */
	const struct texts *to; /* addresses, or `Name <address>`; those that
				   are none are left out */
	const char *subject;    /* UTF-8, one line */
	const char *body;       /* UTF-8 plain text */
	const char *id;         /* makes the Message-ID, the same each time
				   it is sent: [A-Za-z0-9._-]+ */
	int64_t time_s;         /* Date, seconds since 1970 */
};

/* Room for another post: fewer are in flight than limits.in_flight. Posting
 * without room is allowed; it waits its turn. */
int host_has_room(const struct host *host);
size_t host_in_flight(const struct host *host);

/*
 * Start a post. Each gives exactly one result with its tag, also where it
 * cannot even be started. tries is the number of attempts that failed before:
 * waits grow with it. Text is copied.
 */
void host_post_status(struct host *host, const struct host_target *target,
		      const struct host_status *status, unsigned tries,
		      void *tag);
void host_post_comment(struct host *host, const struct host_target *target,
		       const struct host_comment *comment, unsigned tries,
		       void *tag);
void host_post_webhook(struct host *host, const struct host_webhook *webhook,
		       unsigned tries, void *tag);
void host_post_mail(struct host *host, const struct host_mailer *mailer,
		    const struct host_mail *mail, unsigned tries, void *tag);

/*
 * For doctor: reaches the service, shows the token, and tries whether a status
 * could be posted with a dry call (to a commit that cannot exist). DELIVERED
 * means all of it went well.
 */
void host_probe(struct host *host, const struct host_target *target, void *tag);

/* The same of a mail server: greets it, TLS and login as for a mail, and sends
 * none. */
void host_probe_mail(struct host *host, const struct host_mailer *mailer,
		     void *tag);

enum host_outcome {
	HOST_DELIVERED,
	HOST_RETRY,   /* not before wait_s have passed */
	HOST_REFUSED, /* for good, until somebody does what `advice` says */
	HOST_NOWHERE  /* the service has no place for it (Gitea has no comments
			 on commits): done with, not an error */
};

enum { HOST_MAX_TEXT = 512, HOST_MAX_ID = 128 };

struct host_result {
	void *tag;
	enum host_outcome outcome;
	int64_t wait_s;             /* RETRY */
	int status;                 /* last HTTP or SMTP status, 0: none */
	char why[HOST_MAX_TEXT];    /* cleaned, one line, no secret in it */
	char advice[HOST_MAX_TEXT]; /* REFUSED: what to do; "": nothing */
	char id[HOST_MAX_ID];       /* of the comment, "": unknown */
	int has_skew;               /* the service gave its time */
	int64_t skew_s;             /* its clock minus ours */
};

/* Work until a result is there, nothing is in flight, or timeout_ms passed.
 * Our own failure alone is an error. */
int host_run(struct host *host, int timeout_ms, struct err *err);

/* The next result: 1, or 0 when there is none. */
int host_take(struct host *host, struct host_result *result);

#endif
