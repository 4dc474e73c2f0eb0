#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <stdint.h>

struct err;
struct store;

/*
 * Inside store/: whose turn it is to write. LMDB's own lock waits for ever,
 * for a stopped process too, and lets one that writes all the time go before
 * those who wait.
 */
enum { TURN_PATIENCE_MS = 10000 };

/* ERR_BUSY names the process that holds it when it has been the same one for
 * store->patience_ms. */
int turn_take(const struct store *store, struct err *err);
void turn_give(const struct store *store);

#endif
