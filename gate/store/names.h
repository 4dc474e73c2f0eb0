#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stdint.h>

#include "store/store.h"
#include "store/tx.h"

/*
 * Inside store/: long names stand in keys as 32-bit ids, counted from 1 and
 * never given again. 0 is "".
 */
enum name_kind { NAME_TEST, NAME_METRIC, NAME_ENVIRONMENT };

/* ERR_NOT_FOUND for what was never stored. */
int name_find(struct store_tx *tx, enum name_kind kind, const char *name,
	      uint32_t *id);

/* The same, and gives a new name its id. */
int name_make(struct store_tx *tx, enum name_kind kind, const char *name,
	      uint32_t *id);

/* The name of an id that record holds; an unknown id makes record bad. */
int name_of(struct store_tx *tx, const struct record *record,
	    enum name_kind kind, uint32_t id, char name[STORE_MAX_NAME + 1]);

#endif
