/* serve: the pages over HTTP, read-only, straight from the store. One thread,
 * so that one store serves. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/serve_answer.h"
#include "cmd/serve_clients.h"
#include "gate.h"

enum { WAIT_MS = 1000, MAX_HEADERS = 32 << 10 };

struct server {
	struct answers answers;
	struct clients clients;
};

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

static void
loop(struct MHD_Daemon *daemon, struct server *server)
{
	struct view *view = &server->answers.view;

	while (!cmd_is_stopped()) {
		int is_behind = view->rows.is_behind;

		if (MHD_run_wait(daemon, is_behind ? 0 : WAIT_MS) != MHD_YES)
			break;
		clients_check(&server->clients);
		/* What requests have left to do, between them. */
		if (is_behind && view_refresh(view, NULL) < 0)
			view->rows.is_behind = 0;
	}
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
		flags, 0, NULL, NULL, answers_give, &server->answers,
		MHD_OPTION_SOCK_ADDR, address->ai_addr,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CLIENTS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)MAX_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_HEADERS,
		MHD_OPTION_NOTIFY_CONNECTION, clients_note, &server->clients,
		MHD_OPTION_NOTIFY_COMPLETED, clients_answered, NULL,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	freeaddrinfo(address);
	if (!daemon)
		return err_set(err, ERR_SYSTEM,
			       "cannot listen on %s: is it taken, or not this "
			       "host's?",
			       listen);
	printf("serving %s on http://%s/\n", server->answers.view.name, listen);
	fflush(stdout);
	loop(daemon, server);
	MHD_stop_daemon(daemon);
	return 0;
}

int
cmd_serve(int argc, char **argv)
{
	const char *repo = NULL, *listen = "127.0.0.1:8617";
	struct server *server = mem_new(1, sizeof(*server));
	const char *base = "";
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "listen", 0, OPTION_TEXT, "ADDRESS:PORT",
		  "where to (127.0.0.1:8617)", &listen },
		{ "base", 0, OPTION_TEXT, "URL",
		  "how people reach the pages, for the feeds", &base },
		{ 0 }
	};

	ret = cmd_begin("serve", rows, &argc, argv, 0);
	if (ret >= 0)
		goto out;
	cmd_catch_signals();
	ret = cmd_open(&gate, repo, STORE_READ, &err);
	if (!ret) {
		answers_init(&server->answers, &gate, base);
		ret = serve(server, listen, &err);
		answers_release(&server->answers);
	}
	gate_close(&gate);
	ret = ret ? cmd_fail(&err) : EXIT_FINE;
out:
	free(server);
	return ret;
}
