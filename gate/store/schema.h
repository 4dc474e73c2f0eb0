#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>

#include "store/env.h"

/* Inside store/: the schema's version and how an older one becomes newer. */

/* One row a step, in order. */
extern const struct migration store_migrations[];
extern const size_t store_migration_count;

/* From schema 1, a record for each point; series_migrate.c. */
int series_migrate(struct store_tx *tx, void *data, struct err *err);

/*
 * Open the tables; make them in an empty store, migrate an older one, all in
 * one transaction. ERR_VERSION for a newer one, and for an older one that was
 * opened for reading.
 */
int schema_prepare(struct store *store, const struct store_setup *setup,
		   struct err *err);

#endif
