#ifndef WEB_LEDGER_H
#define WEB_LEDGER_H

#include <jansson.h>

struct buf;

/* Entries of the ledger as a table, for the pages that show some. */
void web_ledger_table(struct buf *buf, const json_t *entries, const char *root);

#endif
