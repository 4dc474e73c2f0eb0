#ifndef GATE_SEND_H
#define GATE_SEND_H

struct err;
struct plan;
struct repo;
struct session;

/* The object exchange of base/protocol.h with a runner that cannot read the
 * repository: tell what the revisions need, hear what it lacks, send that. */
struct send_data {
	const struct repo *repo;
};

int send_objects(void *data, struct session *session, const struct plan *plan,
		 struct err *err);

#endif
