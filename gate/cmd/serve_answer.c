/* What a request is answered with: a page of the store as it is now. */
#include "cmd/serve_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/names.h"
#include "cmd/serve_clients.h"
#include "pages.h"

static const char policy[] =
	"default-src 'none'; style-src 'self'; script-src 'self'; "
	"img-src 'self'; connect-src 'self'; form-action 'self'; "
	"base-uri 'none'; frame-ancestors 'none'";

void
answers_init(struct answers *answers, struct gate *gate, const char *base)
{
	*answers = (struct answers){ .base = base };
	view_init(&answers->view, gate);
	/* What fails is said on pages. */
	view_settle(&answers->view, NULL);
}

static void
forget(struct kept *kept)
{
	if (kept->response)
		MHD_destroy_response(kept->response);
	free(kept->path);
	*kept = (struct kept){ 0 };
}

void
answers_release(struct answers *answers)
{
	for (size_t i = 0; i < KEPT_PAGES; i++)
		forget(&answers->kept[i]);
	view_release(&answers->view);
}

/* Bytes that live until the last client has taken them. */
struct body {
	struct answers *answers;
	size_t len;
	char *bytes;
};

static void
free_body(void *data)
{
	struct body *body = data;

	body->answers->unsent_bytes -= body->len;
	free(body->bytes);
	free(body);
}

/* Takes the page's body. */
static struct MHD_Response *
make_response(struct answers *answers, struct page *page, const char *tag)
{
	struct body *body = mem_new(1, sizeof(*body));
	struct MHD_Response *response;

	*body = (struct body){ answers, page->body.len, NULL };
	body->bytes = buf_take(&page->body);
	answers->unsent_bytes += body->len;
	response = MHD_create_response_from_buffer_with_free_callback_cls(
		body->len, body->bytes, free_body, body);
	if (!response) {
		free_body(body);
		return NULL;
	}
	MHD_add_response_header(response, "Content-Type", page->type);
	MHD_add_response_header(response, "Content-Security-Policy", policy);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	if (page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (page->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, "Retry-After", "30");
	if (*tag)
		MHD_add_response_header(response, "ETag", tag);
	return response;
}

static enum MHD_Result
send_page(struct answers *answers, struct MHD_Connection *connection,
	  struct page *page, const char *tag)
{
	struct MHD_Response *response = make_response(answers, page, tag);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(connection, (unsigned)page->status,
				    response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
say(struct answers *answers, struct MHD_Connection *connection, int status,
    const char *text)
{
	struct page page = { .status = status,
			     .type = "text/plain; charset=utf-8" };

	buf_adds(&page.body, text);
	return send_page(answers, connection, &page, "");
}

static struct kept *
find_kept(struct answers *answers, const char *path)
{
	for (size_t i = 0; i < KEPT_PAGES; i++)
		if (answers->kept[i].path &&
		    !strcmp(answers->kept[i].path, path))
			return &answers->kept[i];
	return NULL;
}

/* In the place of the same page of before, else of the oldest. */
static void
keep(struct answers *answers, const char *path, const char *stamp,
     struct MHD_Response *response)
{
	struct kept *kept = find_kept(answers, path);

	if (!kept) {
		kept = &answers->kept[answers->next];
		answers->next = (answers->next + 1) % KEPT_PAGES;
	}
	forget(kept);
	kept->path = mem_copy_text(path);
	snprintf(kept->stamp, sizeof(kept->stamp), "%s", stamp);
	kept->response = response;
}

/* The page as it was sent, by the program that made it. */
static void
make_tag(const char *stamp, char *tag, size_t size)
{
	*tag = '\0';
	if (*stamp)
		snprintf(tag, size, "W/\"%s-%s\"", PACEGATE_VERSION, stamp);
}

/* stamp: what it is made of; "" where that cannot be told. */
static enum MHD_Result
send_made(struct answers *answers, struct MHD_Connection *connection,
	  const struct page_request *request, const char *stamp)
{
	struct view *view = &answers->view;
	struct MHD_Response *response;
	struct page page;
	char tag[2 * VIEW_STAMP];
	enum MHD_Result result;
	size_t len;

	pages_make(view, request, &page);
	len = page.body.len;
	/* Where rows were left to be read, it is not all that it could be. */
	if (page.status != MHD_HTTP_OK ||
	    (view->rows.is_behind && *stamp == 'g'))
		stamp = "";
	make_tag(stamp, tag, sizeof(tag));
	if (!*stamp || len > MAX_KEPT_BYTES)
		return send_page(answers, connection, &page, tag);
	response = make_response(answers, &page, tag);
	if (!response)
		return MHD_NO;
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	keep(answers, request->path, stamp, response);
	return result;
}

static enum MHD_Result
send_asked(struct answers *answers, struct MHD_Connection *connection,
	   const struct page_request *request)
{
	const char *known = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, "If-None-Match");
	struct page page = { .status = MHD_HTTP_NOT_MODIFIED,
			     .type = "text/html; charset=utf-8" };
	char tag[2 * VIEW_STAMP], stamp[VIEW_STAMP];
	const struct kept *kept;

	pages_stamp(&answers->view, request, stamp);
	make_tag(stamp, tag, sizeof(tag));
	if (*tag && known && !strcmp(known, tag))
		return send_page(answers, connection, &page, tag);
	kept = *stamp ? find_kept(answers, request->path) : NULL;
	if (kept && !strcmp(kept->stamp, stamp))
		return MHD_queue_response(connection, MHD_HTTP_OK,
					  kept->response);
	if (answers->unsent_bytes > MAX_UNSENT_BYTES)
		return say(answers, connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			   "too many clients take their answers slowly\n");
	return send_made(answers, connection, request, stamp);
}

static const char *
argument(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(
		connection, MHD_GET_ARGUMENT_KIND, name);

	return value ? value : "";
}

enum MHD_Result
answers_give(void *data, struct MHD_Connection *connection, const char *url,
	     const char *method, const char *version, const char *body,
	     size_t *body_len, void **state)
{
	struct answers *answers = data;
	const struct page_request request = { .path = url + strspn(url, "/"),
					      .a = argument(connection, "a"),
					      .b = argument(connection, "b"),
					      .base = answers->base };

	(void)version;
	(void)body;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return say(answers, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			   "pages are to be read only\n");
	/* Answering before the request has come to its end would close the
	 * connection; what it carries is dropped. */
	if (!*state || *body_len) {
		*state = answers;
		*body_len = 0;
		return MHD_YES;
	}
	clients_asked(connection);
	return send_asked(answers, connection, &request);
}
