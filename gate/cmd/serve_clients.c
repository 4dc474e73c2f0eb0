#include "cmd/serve_clients.h"

#include <sys/socket.h>

#include "base/clock.h"

static void
give(struct client *client, int seconds)
{
	client->until_ms = clock_monotonic_ms(&clock_real) + seconds * 1000;
}

static struct client *
client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static struct client *
take_place(struct clients *clients, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	for (int i = 0; info && i < MAX_CLIENTS; i++) {
		struct client *client = &clients->items[i];

		if (client->fd)
			continue;
		client->fd = info->connect_fd;
		give(client, ASK_S);
		return client;
	}
	return NULL;
}

void
clients_note(void *data, struct MHD_Connection *connection, void **context,
	     enum MHD_ConnectionNotificationCode code)
{
	struct client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = take_place(data, connection);
	else if (client)
		client->fd = 0;
}

void
clients_asked(struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);

	if (client)
		give(client, TAKE_S);
}

void
clients_answered(void *data, struct MHD_Connection *connection, void **state,
		 enum MHD_RequestTerminationCode code)
{
	struct client *client = client_of(connection);

	(void)data;
	(void)state;
	(void)code;
	if (client)
		give(client, ASK_S);
}

/* The library finds the connection ended, and closes it. */
void
clients_check(struct clients *clients)
{
	int64_t now_ms = clock_monotonic_ms(&clock_real);

	for (int i = 0; i < MAX_CLIENTS; i++)
		if (clients->items[i].fd && clients->items[i].until_ms < now_ms)
			shutdown(clients->items[i].fd, SHUT_RDWR);
}
