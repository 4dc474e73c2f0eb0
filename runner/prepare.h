#ifndef RUNNER_PREPARE_H
#define RUNNER_PREPARE_H

#include <stddef.h>
#include <stdint.h>

#include "runner/tree.h"

struct buf;
struct control;
struct err;
struct message_phase;
struct objects;
struct sandbox;
struct spec;

/*
 * From a revision to a tree that trials can run in: a kept one where there is
 * one, else a checkout, built in the sandbox where the revision has a build.
 */
struct prepare {
	const struct spec *spec;
	struct objects *objects;
	struct trees *trees;
	struct sandbox *sandbox;
	struct control *control;
	const char *environment; /* its id: part of a kept tree's key */
	const char *build_cache; /* for builds to write to, NULL: none */

	/* Told of each phase; negative: the gate is gone. */
	int (*report)(void *data, const struct message_phase *phase);
	void *data;
};

/*
 * 1 and the tree, which the caller releases; 0 when the revision cannot be
 * used (reported as a failed phase) or the session is to stop (control->stop);
 * negative when the fault is ours.
 */
int prepare_revision(const struct prepare *prepare, size_t revision,
		     struct tree *tree, struct err *err);

/* The key under which a revision's tree is kept: all that it is made from. */
int prepare_key(const struct spec *spec, size_t revision,
		const char *environment, struct oid *key, struct err *err);

#endif
