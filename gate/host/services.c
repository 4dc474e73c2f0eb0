#include "host/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "host/http.h"
#include "host/secret.h"
#include "host/text.h"

#define DEFAULT_CONTEXT "pacegate"

/* What GitHub, and after it Gitea, calls things. */
#define GITHUB_WORDS                                                           \
	.states = { "pending", "success", "failure", "error", "error" },       \
	.status = "/repos/{project}/statuses/{commit}",                        \
	.context_field = "context", .title_field = "description",              \
	.url_field = "target_url", .edit_method = "PATCH",                     \
	.marker = "<!-- %s -->"

#define GITHUB_PROJECT "/repos/{project}"
#define GITLAB_PROJECT "/projects/{project}"
#define GITLAB_COMMIT GITLAB_PROJECT "/repository/commits/{commit}"
#define GITLAB_NOTES GITLAB_PROJECT "/merge_requests/{number}/notes"
#define BITBUCKET_PROJECT "/repositories/{project}"
#define BITBUCKET_COMMIT BITBUCKET_PROJECT "/commit/{commit}"
#define BITBUCKET_NOTES BITBUCKET_PROJECT "/pullrequests/{number}/comments"

#define GITEA_REST                                                             \
	GITHUB_WORDS, .token_header = "Authorization: token ",                 \
		      .accept = "application/json", .max_title = 255,          \
		      .max_context = 255, .max_comment = 65000,                \
		      .number_path = GITHUB_PROJECT "/commits/{commit}/pull",  \
		      .number_field = "number",                                \
		      .on_request = {                                          \
			      .list = GITHUB_PROJECT                           \
			      "/issues/{number}/comments",                     \
			      .create = GITHUB_PROJECT                         \
			      "/issues/{number}/comments",                     \
			      .edit = GITHUB_PROJECT "/issues/comments/{id}",  \
			      .field = "body",                                 \
		      },                                                       \
		      .greet = "/version",                                     \
		      .rights = "the scopes write:repository and write:issue"

static const struct service services[] = {
	[HOST_GITHUB] = {
		GITHUB_WORDS,
		.name = "github",
		.url = "https://api.github.com",
		.token_header = "Authorization: Bearer ",
		.accept = "application/vnd.github+json",
		.version_header = "X-GitHub-Api-Version: 2022-11-28",
		.max_title = 140,
		.max_context = 255,
		.max_comment = 65000,
		.page = "per_page=100&page=",
		.page_size = 100,
		.on_commit = {
			.list = GITHUB_PROJECT "/commits/{commit}/comments",
			.create = GITHUB_PROJECT "/commits/{commit}/comments",
			.edit = GITHUB_PROJECT "/comments/{id}",
			.field = "body",
		},
		.on_request = {
			.list = GITHUB_PROJECT "/issues/{number}/comments",
			.create = GITHUB_PROJECT "/issues/{number}/comments",
			.edit = GITHUB_PROJECT "/issues/comments/{id}",
			.field = "body",
		},
		.greet = "/rate_limit",
		.rights = "write access to commit statuses, contents and pull "
			  "requests (of a classic token: scope repo)",
	},
	[HOST_GITLAB] = {
		.name = "gitlab",
		.url = "https://gitlab.com/api/v4",
		.token_header = "PRIVATE-TOKEN: ",
		.accept = "application/json",
		.escapes_project = 1,
		.max_title = 255,
		.max_context = 255,
		.max_url = 255,
		.max_comment = 900000,
		.states = { "pending", "success", "failed", "failed",
			    "canceled" },
		.status = GITLAB_PROJECT "/statuses/{commit}",
		.context_field = "name",
		.title_field = "description",
		.url_field = "target_url",
		.edit_method = "PUT",
		.marker = "<!-- %s -->",
		.page = "per_page=100&page=",
		.page_size = 100,
		/* A commit's comments have no id there, its threads have. */
		.on_commit = {
			.list = GITLAB_COMMIT "/comments",
			.create = GITLAB_COMMIT "/comments",
			.edit = GITLAB_COMMIT "/discussions/{id}",
			.field = "note",
			.threads = GITLAB_COMMIT "/discussions",
			.thread_field = "body",
		},
		.on_request = {
			.list = GITLAB_NOTES,
			.create = GITLAB_NOTES,
			.edit = GITLAB_NOTES "/{id}",
			.field = "body",
		},
		.greet = "/version",
		.rights = "the scope api, and the role Developer or more",
	},
	[HOST_GITEA] = { GITEA_REST, .name = "gitea" },
	[HOST_FORGEJO] = { GITEA_REST, .name = "forgejo" },
	[HOST_BITBUCKET] = {
		.name = "bitbucket",
		.url = "https://api.bitbucket.org/2.0",
		.token_header = "Authorization: Bearer ",
		.accept = "application/json",
		.max_title = 255,
		.max_context = 40,
		.max_comment = 32000,
		.states = { "INPROGRESS", "SUCCESSFUL", "FAILED", "FAILED",
			    "STOPPED" },
		.status = BITBUCKET_COMMIT "/statuses/build",
		.context_field = "key",
		.title_field = "description",
		.url_field = "url",
		.edit_method = "PUT",
		/* HTML would be shown; a link that nothing refers to is not. */
		.marker = "[//]: # (%s)",
		.page = "pagelen=100&page=",
		.page_size = 100,
		.on_commit = {
			.list = BITBUCKET_COMMIT "/comments",
			.create = BITBUCKET_COMMIT "/comments",
			.edit = BITBUCKET_COMMIT "/comments/{id}",
			.field = "content.raw",
			.type = "commit_comment",
		},
		.on_request = {
			.list = BITBUCKET_NOTES,
			.create = BITBUCKET_NOTES,
			.edit = BITBUCKET_NOTES "/{id}",
			.field = "content.raw",
			.type = "pullrequest_comment",
		},
		.rights = "write access to the repository and pull requests",
	},
	/* A vote and its message; the label is the context. */
	[HOST_GERRIT] = {
		.name = "gerrit",
		.token_header = "Authorization: Bearer ",
		.accept = "application/json",
		.max_title = 1000,
		.max_context = 255,
		.states = { NULL, "1", "-1", "-1", NULL },
		.status = "/changes/{number}/revisions/{commit}/review",
		.title_field = "message",
		.number_path = "/changes/?n=1&q=commit:{commit}",
		.number_field = "_number",
		.greet = "/accounts/self",
		.rights = "permission to vote on the label",
	},
};

enum { SERVICE_COUNT = sizeof(services) / sizeof(services[0]) };

const struct service *
service_of(enum host_service service)
{
	return &services[service];
}

int
host_service_find(const char *type, enum host_service *service)
{
	for (int i = 0; i < SERVICE_COUNT; i++)
		if (!strcasecmp(services[i].name, type)) {
			*service = (enum host_service)i;
			return 0;
		}
	return ERR_NOT_FOUND;
}

/* The states as the outbox and --json write them. */
static const char *const state_names[] = {
	[HOST_PENDING] = "pending", [HOST_PASSED] = "passed",
	[HOST_FAILED] = "failed",   [HOST_BROKEN] = "broken",
	[HOST_ERROR] = "error",
};

const char *
host_state_name(enum host_state state)
{
	return state_names[state];
}

int
host_state_parse(const char *name, enum host_state *state)
{
	for (int i = 0; i <= HOST_ERROR; i++)
		if (!strcmp(state_names[i], name)) {
			*state = (enum host_state)i;
			return 0;
		}
	return ERR_INPUT;
}

/* Append what a word in braces stands for. */
static void
add_part(struct buf *url, const char *word, size_t len,
	 const struct path_parts *parts)
{
	const struct service *service = service_of(parts->target->service);
	char hex[OID_HEX + 1];

	if (len == 7 && !strncmp(word, "project", len))
		text_add_escaped(url, parts->target->project,
				 service->escapes_project ? "" : "/");
	else if (len == 6 && !strncmp(word, "commit", len))
		buf_adds(url, oid_format(parts->commit, hex));
	else if (len == 6 && !strncmp(word, "number", len))
		buf_addf(url, "%lld", (long long)parts->number);
	else
		buf_adds(url, parts->id);
}

static char *
make_url(const char *path, const struct path_parts *parts, int page)
{
	const struct service *service = service_of(parts->target->service);
	const char *base = parts->target->url ? parts->target->url
					      : service->url;
	struct buf url = BUF_INIT;

	buf_adds(&url, base ? base : "");
	while (url.len > 0 && url.data[url.len - 1] == '/')
		url.data[--url.len] = '\0';
	while (*path) {
		const char *end = *path == '{' ? strchr(path, '}') : NULL;

		if (end) {
			add_part(&url, path + 1, (size_t)(end - path - 1),
				 parts);
			path = end + 1;
		} else {
			buf_addc(&url, *path++);
		}
	}
	if (page > 0 && service->page)
		buf_addf(&url, "?%s%d", service->page, page);
	return buf_take(&url);
}

/* The whole header line. A `user:password` is for basic authentication. */
static char *
make_authorization(const struct host_target *target)
{
	const char *token = secret_text(target->token);
	const char *prefix = service_of(target->service)->token_header;
	struct buf line = BUF_INIT;

	if (!token[0])
		return NULL;
	if (strchr(token, ':')) {
		buf_adds(&line, "Authorization: Basic ");
		text_add_base64(&line, token, strlen(token));
	} else {
		buf_addf(&line, "%s%s", prefix, token);
	}
	return buf_take(&line);
}

void
service_request(struct http_request *request, const char *method,
		const char *path, const struct path_parts *parts, int page,
		const json_t *body)
{
	const struct service *service = service_of(parts->target->service);
	struct buf text = BUF_INIT;

	memset(request, 0, sizeof(*request));
	request->method = method;
	request->url = make_url(path, parts, page);
	request->authorization = make_authorization(parts->target);
	request->ca_file = parts->target->ca_file;
	request->proxy = parts->target->proxy;
	texts_addf(&request->headers, "Accept: %s", service->accept);
	if (service->version_header)
		texts_add(&request->headers, service->version_header);
	if (!body)
		return;
	texts_add(&request->headers, "Content-Type: application/json");
	json_append(&text, body);
	request->body = buf_take(&text);
}

/* FNV-1a: tells contexts apart whose beginnings are the same. */
static unsigned
hash_text(const char *text)
{
	unsigned hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

char *
service_context(const struct host_target *target)
{
	const struct service *service = service_of(target->service);
	const char *context = target->context && target->context[0]
				      ? target->context
				      : DEFAULT_CONTEXT;
	struct buf out = BUF_INIT;

	/* A label of that name is what most servers have. */
	if (target->service == HOST_GERRIT && !strcmp(context, DEFAULT_CONTEXT))
		context = "Verified";
	if (text_characters(context) <= service->max_context) {
		text_add_cut(&out, context, 0, 1);
	} else {
		text_add_cut(&out, context, service->max_context - 9, 1);
		buf_addf(&out, "-%08x", hash_text(context));
	}
	return buf_take(&out);
}

static void
set_cut(json_t *object, const char *name, const char *text, size_t max,
	int one_line)
{
	struct buf cut = BUF_INIT;

	text_add_cut(&cut, text, max, one_line);
	json_object_set_new(object, name, json_text(buf_text(&cut)));
	buf_release(&cut);
}

/* Bitbucket demands a link; the commit's own page says nothing wrong. */
static void
add_commit_page(json_t *body, const struct host_target *target,
		const struct host_status *status)
{
	char hex[OID_HEX + 1];
	char *page = mem_text("https://bitbucket.org/%s/commits/%s",
			      target->project,
			      oid_format(&status->commit, hex));

	json_object_set_new(body, "url", json_text(page));
	free(page);
}

static void
add_bitbucket(json_t *body, const char *context)
{
	json_object_set_new(body, "name", json_text(context));
	json_object_set_new(body, "type", json_string("build"));
}

static json_t *
gerrit_review(const struct host_target *target,
	      const struct host_status *status)
{
	const struct service *service = service_of(HOST_GERRIT);
	const char *vote = service->states[status->state];
	char *label = service_context(target);
	char *message = mem_text("%s%s%s", status->title,
				 status->url && status->url[0] ? "\n\n" : "",
				 status->url ? status->url : "");
	json_t *body = json_object(), *labels = json_object();

	set_cut(body, service->title_field, message, 0, 0);
	json_object_set_new(body, "tag", json_string("autogenerated:pacegate"));
	/* Our own failure takes an earlier vote back. */
	json_object_set_new(labels, label, json_integer(vote ? atoi(vote) : 0));
	json_object_set_new(body, "labels", labels);
	free(label);
	free(message);
	return body;
}

json_t *
service_status(const struct host_target *target,
	       const struct host_status *status)
{
	const struct service *service = service_of(target->service);
	const char *url = status->url ? status->url : "";
	char *context;
	json_t *body;

	if (target->service == HOST_GERRIT)
		return gerrit_review(target, status);
	context = service_context(target);
	body = json_object();
	json_object_set_new(body, "state",
			    json_string(service->states[status->state]));
	json_object_set_new(body, service->context_field, json_text(context));
	set_cut(body, service->title_field, status->title, service->max_title,
		1);
	/* A link that is cut leads nowhere. */
	if (url[0] &&
	    (!service->max_url || text_characters(url) <= service->max_url))
		json_object_set_new(body, service->url_field, json_text(url));
	else if (target->service == HOST_BITBUCKET)
		add_commit_page(body, target, status);
	if (target->service == HOST_BITBUCKET)
		add_bitbucket(body, context);
	free(context);
	return body;
}

/* `content.raw` is a member of a member. */
static void
set_field(json_t *object, const char *field, const char *text)
{
	const char *dot = strchr(field, '.');
	json_t *inner;

	if (!dot) {
		json_object_set_new(object, field, json_text(text));
		return;
	}
	inner = json_object();
	json_object_set_new(inner, dot + 1, json_text(text));
	json_object_setn_new(object, field, (size_t)(dot - field), inner);
}

json_t *
service_comment(const struct host_target *target,
		const struct comment_place *place, int is_edit,
		const char *body, const char *marker, const char *key)
{
	const struct service *service = service_of(target->service);
	const char *hole = strstr(service->marker, "%s");
	const char *word = key ? key : "-";
	json_t *object = json_object();
	struct buf text = BUF_INIT;
	size_t room = strlen(service->marker) + strlen(marker) + strlen(word) +
		      16;

	text_add_cut(&text, body,
		     service->max_comment > room ? service->max_comment - room
						 : 1,
		     0);
	buf_adds(&text, "\n\n");
	buf_add(&text, service->marker, (size_t)(hole - service->marker));
	buf_addf(&text, "pacegate %s %s%s\n", marker, word, hole + 2);
	if (place->type)
		json_object_set_new(object, "type", json_string(place->type));
	set_field(object,
		  is_edit && place->threads ? place->thread_field
					    : place->field,
		  buf_text(&text));
	buf_release(&text);
	return object;
}
