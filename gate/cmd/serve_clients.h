#ifndef CMD_SERVE_CLIENTS_H
#define CMD_SERVE_CLIENTS_H

#include <microhttpd.h>
#include <stdint.h>

/*
 * Who is connected, and until when. libmicrohttpd drops those who are silent;
 * one who sends or takes a byte now and then could keep a place for ever, and
 * all places at once.
 */
enum {
	MAX_CLIENTS = 256,
	MAX_IDLE_S = 15,
	ASK_S = 20,  /* from one answer to the end of the next request */
	TAKE_S = 120 /* to take an answer */
};

struct client {
	int fd; /* the library's; 0: the place is free */
	int64_t until_ms;
};

struct clients {
	struct client items[MAX_CLIENTS];
};

/* For MHD_OPTION_NOTIFY_CONNECTION and MHD_OPTION_NOTIFY_COMPLETED; data is the
 * clients. */
void clients_note(void *data, struct MHD_Connection *connection, void **context,
		  enum MHD_ConnectionNotificationCode code);
void clients_answered(void *data, struct MHD_Connection *connection,
		      void **state, enum MHD_RequestTerminationCode code);

/* The request has come: now it is our turn, then theirs to take it. */
void clients_asked(struct MHD_Connection *connection);

/* End those whose time is over. */
void clients_check(struct clients *clients);

#endif
