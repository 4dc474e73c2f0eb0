/* serve: the pages over HTTP, read-only, straight from the store. The one file
 * that sees libmicrohttpd. One thread, so that one store serves. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/mem.h"
#include "base/names.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "pages.h"
#include "view.h"

enum {
	WAIT_MS = 1000,
	MAX_CONNECTIONS = 256,
	MAX_IDLE_S = 15,
	MAX_HEADERS = 32 << 10,
	KEPT_PAGES = 64,
	MAX_KEPT = 1 << 20 /* bytes of one */
};

static const char policy[] =
	"default-src 'none'; style-src 'self'; script-src 'self'; "
	"img-src 'self'; connect-src 'self'; form-action 'self'; "
	"base-uri 'none'; frame-ancestors 'none'";

/* Pages by path, as long as what they are made of stays: a long history takes a
 * while to read, and is looked at again and again. */
struct kept {
	char *path;
	char stamp[VIEW_STAMP];
	struct page page;
};

struct server {
	struct view view;
	const char *base;
	struct kept kept[KEPT_PAGES];
	size_t next; /* to be replaced */
};

static enum MHD_Result
send_page(struct MHD_Connection *connection, struct page *page, const char *tag)
{
	size_t len = page->body.len;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		len, buf_take(&page->body), MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", page->type);
	MHD_add_response_header(response, "Content-Security-Policy", policy);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	if (page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (tag)
		MHD_add_response_header(response, "ETag", tag);
	result = MHD_queue_response(connection, (unsigned)page->status,
				    response);
	MHD_destroy_response(response);
	return result;
}

static const char *
argument(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(
		connection, MHD_GET_ARGUMENT_KIND, name);

	return value ? value : "";
}

static int
find_kept(const struct server *server, const char *path, const char *stamp,
	  struct page *page)
{
	for (size_t i = 0; i < KEPT_PAGES; i++) {
		const struct kept *kept = &server->kept[i];

		if (!kept->path || strcmp(kept->stamp, stamp) != 0 ||
		    strcmp(kept->path, path) != 0)
			continue;
		*page = (struct page){ .status = kept->page.status,
				       .type = kept->page.type };
		buf_add(&page->body, buf_text(&kept->page.body),
			kept->page.body.len);
		return 1;
	}
	return 0;
}

static void
forget(struct kept *kept)
{
	free(kept->path);
	buf_release(&kept->page.body);
	*kept = (struct kept){ 0 };
}

static void
keep(struct server *server, const char *path, const char *stamp,
     const struct page *page)
{
	struct kept *kept = &server->kept[server->next];

	if (page->status != MHD_HTTP_OK || page->body.len > MAX_KEPT)
		return;
	/* The same page of before, not one more. */
	for (size_t i = 0; i < KEPT_PAGES; i++)
		if (server->kept[i].path && !strcmp(server->kept[i].path, path))
			kept = &server->kept[i];
	if (kept == &server->kept[server->next])
		server->next = (server->next + 1) % KEPT_PAGES;
	forget(kept);
	*kept = (struct kept){ .path = mem_copy_text(path),
			       .page = { .status = page->status,
					 .type = page->type } };
	snprintf(kept->stamp, sizeof(kept->stamp), "%s", stamp);
	buf_add(&kept->page.body, buf_text(&page->body), page->body.len);
}

/* stamp: what it is made of; "" where that cannot be told. */
static void
make_page(struct server *server, const struct page_request *request,
	  char stamp[VIEW_STAMP], struct page *page)
{
	struct view *view = &server->view;

	if (*stamp && find_kept(server, request->path, stamp, page))
		return;
	pages_make(view, request, page);
	/* Where rows were left to be read, it is not all that it could be. */
	if (view->rows.is_behind && *stamp == 'g')
		*stamp = '\0';
	if (*stamp)
		keep(server, request->path, stamp, page);
}

/* The page as it was sent, by the program that made it. */
static void
make_tag(const char *stamp, char *tag, size_t size)
{
	snprintf(tag, size, "W/\"%s-%s\"", PACEGATE_VERSION, stamp);
}

static enum MHD_Result
answer(void *data, struct MHD_Connection *connection, const char *url,
       const char *method, const char *version, const char *body,
       size_t *body_len, void **state)
{
	struct server *server = data;
	struct page_request request = { .path = url + strspn(url, "/"),
					.a = argument(connection, "a"),
					.b = argument(connection, "b"),
					.base = server->base };
	struct page page = { .type = "text/plain; charset=utf-8" };
	char tag[2 * VIEW_STAMP], stamp[VIEW_STAMP];
	const char *known;

	(void)version;
	(void)body;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		page.status = MHD_HTTP_METHOD_NOT_ALLOWED;
		buf_adds(&page.body, "pages are to be read only\n");
		return send_page(connection, &page, NULL);
	}
	/* Answering before the request has come to its end would close the
	 * connection; what it carries is dropped. */
	if (!*state || *body_len) {
		*state = server;
		*body_len = 0;
		return MHD_YES;
	}
	known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					    "If-None-Match");
	pages_stamp(&server->view, &request, stamp);
	make_tag(stamp, tag, sizeof(tag));
	if (*stamp && known && !strcmp(known, tag)) {
		page.status = MHD_HTTP_NOT_MODIFIED;
		return send_page(connection, &page, tag);
	}
	make_page(server, &request, stamp, &page);
	return send_page(connection, &page,
			 page.status == 200 && *stamp ? tag : NULL);
}

/* `8617`, `127.0.0.1:8617`, `[::1]:8617`. */
static int
find_address(const char *listen, struct addrinfo **found, struct err *err)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE |
						    AI_NUMERICHOST |
						    AI_NUMERICSERV,
					.ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(listen, ':');
	const char *port = colon ? colon + 1 : listen;
	size_t len = colon ? (size_t)(colon - listen) : 0;
	char *host;
	int code;

	if (len > 1 && listen[0] == '[' && listen[len - 1] == ']')
		host = mem_copy_bytes(listen + 1, len - 2);
	else
		host = len ? mem_copy_bytes(listen, len)
			   : mem_copy_text("127.0.0.1");
	code = getaddrinfo(host, port, &hints, found);
	free(host);
	if (code)
		return err_set(err, ERR_INPUT,
			       "--listen %s: %s: write ADDRESS:PORT, as "
			       "127.0.0.1:8617",
			       listen, gai_strerror(code));
	return 0;
}

static int
serve(struct server *server, const char *listen, struct err *err)
{
	struct addrinfo *address = NULL;
	struct MHD_Daemon *daemon;
	int ret = find_address(listen, &address, err);
	unsigned flags = MHD_USE_EPOLL | MHD_NO_FLAG;

	if (ret)
		return ret;
	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, answer, server, MHD_OPTION_SOCK_ADDR,
		address->ai_addr, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)MAX_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MAX_HEADERS, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
		MHD_OPTION_END);
	freeaddrinfo(address);
	if (!daemon)
		return err_set(err, ERR_SYSTEM,
			       "cannot listen on %s: is it taken, or not this "
			       "host's?",
			       listen);
	printf("serving %s on http://%s/\n", server->view.name, listen);
	fflush(stdout);
	while (!cmd_is_stopped()) {
		int is_behind = server->view.rows.is_behind;

		if (MHD_run_wait(daemon, is_behind ? 0 : WAIT_MS) != MHD_YES)
			break;
		/* What requests have left to do, between them. */
		if (is_behind && view_refresh(&server->view, NULL) < 0)
			server->view.rows.is_behind = 0;
	}
	MHD_stop_daemon(daemon);
	return 0;
}

int
cmd_serve(int argc, char **argv)
{
	const char *repo = NULL, *listen = "127.0.0.1:8617";
	struct server server = { .base = "" };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "listen", 0, OPTION_TEXT, "ADDRESS:PORT",
		  "where to (127.0.0.1:8617)", &listen },
		{ "base", 0, OPTION_TEXT, "URL",
		  "how people reach the pages, for the feeds", &server.base },
		{ 0 }
	};

	ret = cmd_begin("serve", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	cmd_catch_signals();
	ret = cmd_open(&gate, repo, STORE_READ, &err);
	if (!ret) {
		view_init(&server.view, &gate);
		/* So that nobody waits for it; what fails is said on pages. */
		view_settle(&server.view, NULL);
		ret = serve(&server, listen, &err);
		for (size_t i = 0; i < KEPT_PAGES; i++)
			forget(&server.kept[i]);
		view_release(&server.view);
	}
	gate_close(&gate);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
