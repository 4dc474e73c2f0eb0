#ifndef HOST_SERVICES_H
#define HOST_SERVICES_H

#include <stddef.h>

#include "base/json.h"
#include "host/host.h"

struct buf;
struct http_request;

/*
 * The table of services: what their manuals say, as data, and the requests that
 * follow from it. Pure.
 */

/* Where comments of one kind are. Paths are templates, see service_path(). */
struct comment_place {
	const char *list;    /* NULL: the service has none of the kind */
	const char *create;  /* POST */
	const char *edit;    /* NULL: cannot be edited by what `list` says */
	const char *field;   /* of the body: "body", "note", "content.raw" */
	const char *type;    /* Bitbucket wants each object to say its own */
	const char *threads; /* another list, which has the ids for `edit` */
	const char *thread_field;
};

struct service {
	const char *name;         /* of pacegate-host.type */
	const char *url;          /* the public API, NULL: there is none */
	const char *token_header; /* what stands before the token */
	const char *accept;
	const char *version_header; /* one more header, or NULL */
	int escapes_project;        /* slashes too: it is one path segment */

	/* Longest texts in characters, 0: no limit known. */
	size_t max_title, max_context, max_url, max_comment;
	const char *states[5]; /* by enum host_state, NULL: not said */
	const char *status;    /* path; POST */
	const char *context_field, *title_field, *url_field;
	const char *number_path; /* finds the number of a commit's request */
	const char *number_field;
	const char *page; /* query of lists that come in pages, or NULL */
	int page_size;
	struct comment_place on_commit, on_request;
	const char *edit_method;
	const char *marker; /* how a hidden line is written, with one %s */
	const char *greet;  /* path that doctor asks for, or NULL */
	const char *rights; /* what the token needs, for people */
};

/* By enum host_service. */
const struct service *service_of(enum host_service service);

/* What a path's braces stand for: {project} {commit} {number} {id} {context}.
 * {id} is trusted to be made of [A-Za-z0-9/-]. */
struct path_parts {
	const struct host_target *target;
	const struct oid *commit;
	int64_t number;
	const char *id;
};

/* A request to a path below the target's API, authorized; body may be NULL and
 * is the caller's. page is 0 for one that does not come in pages. */
void service_request(struct http_request *request, const char *method,
		     const char *path, const struct path_parts *parts, int page,
		     const json_t *body);

/* The context in use: the target's or the default, within the limit. */
char *service_context(const struct host_target *target);

/* The JSON of a status. */
json_t *service_status(const struct host_target *target,
		       const struct host_status *status);

/* The JSON of a comment: the body and behind it the hidden line; see
 * answer_find_comment(). */
json_t *service_comment(const struct host_target *target,
			const struct comment_place *place, int is_edit,
			const char *body, const char *marker, const char *key);

#endif
