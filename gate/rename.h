#ifndef GATE_RENAME_H
#define GATE_RENAME_H

struct store_tx;

/*
 * A renamed test keeps its history: the points of all its metrics, with what
 * they were held against. The old name keeps them too, for the branches where
 * the test is still called so. Again it changes nothing.
 */
void rename_history(struct store_tx *tx, const char *from, const char *to);

#endif
