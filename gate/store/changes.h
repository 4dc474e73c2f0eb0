#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include <stdint.h>

#include "store/tx.h"

struct oid;

/* Inside store/: note that something of a test (0: of none) or of a commit is
 * written by this transaction. */
int change_test(struct store_tx *tx, uint32_t test);
int change_commit(struct store_tx *tx, const struct oid *commit);

#endif
