#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include <jansson.h>

#include "store/store.h"
#include "store/tx.h"

struct buf;

/*
 * Inside store/: LMDB's databases in a table. export, import and verify know
 * nothing of a record but what stands here.
 */
struct table_row {
	const char *name; /* LMDB's, and `table` in exported lines */

	/*
	 * A record as JSON, without its `table`. NULL with the transaction's
	 * error when it is bad; so this is what verify checks with. A table
	 * without this and lines() is not exported.
	 */
	json_t *(*show)(struct store_tx *tx, struct record *record);

	/* Store what show() gave; ERR_INPUT with err says what is wrong. */
	int (*restore)(struct store_tx *tx, const json_t *line,
		       struct err *err);

	/* For a table without show(): 0 or tx_bad(). */
	int (*check)(struct store_tx *tx, struct record *record);

	/* For a table of which a record is many lines, instead: append them,
	 * whole, and count them. 0 or the transaction's error. */
	int (*lines)(struct store_tx *tx, struct record *record,
		     struct buf *text, size_t *lines);
};

extern const struct table_row tables[TABLE_COUNT];

json_t *meta_show(struct store_tx *tx, struct record *record);
int meta_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *name_show(struct store_tx *tx, struct record *record);
int test_restore(struct store_tx *tx, const json_t *line, struct err *err);
int metric_restore(struct store_tx *tx, const json_t *line, struct err *err);
int environment_restore(struct store_tx *tx, const json_t *line,
			struct err *err);
int name_check(struct store_tx *tx, struct record *record);
json_t *sample_show(struct store_tx *tx, struct record *record);
int sample_restore(struct store_tx *tx, const json_t *line, struct err *err);
int block_lines(struct store_tx *tx, struct record *record, struct buf *text,
		size_t *lines);
int block_check(struct store_tx *tx, struct record *record);
int point_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *baseline_show(struct store_tx *tx, struct record *record);
int baseline_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *verdict_show(struct store_tx *tx, struct record *record);
/* What walk_next() gave of the verdicts. */
int verdict_delete(struct walk *walk);
int verdict_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *job_show(struct store_tx *tx, struct record *record);
int job_restore(struct store_tx *tx, const json_t *line, struct err *err);
int job_key_check(struct store_tx *tx, struct record *record);
json_t *entry_show(struct store_tx *tx, struct record *record);
int entry_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *message_show(struct store_tx *tx, struct record *record);
int message_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *group_show(struct store_tx *tx, struct record *record);
int group_restore(struct store_tx *tx, const json_t *line, struct err *err);
json_t *ledger_show(struct store_tx *tx, struct record *record);
int ledger_restore(struct store_tx *tx, const json_t *line, struct err *err);
int change_check(struct store_tx *tx, struct record *record);

/*
 * For store_expire(): 1 for a record to be dropped, 0 for one to keep, or the
 * transaction's error. A group's refused message goes at once; one that waits
 * keeps its group.
 */
int entry_is_old(struct store_tx *tx, struct record *record, int64_t before_s);
int group_is_old(struct store_tx *tx, struct record *record, int64_t before_s);

/*
 * Pieces of exported lines, line.c. Bytes are a text, or {"hex": ..} where they
 * are not UTF-8, so that an import gives back the same ones.
 */
json_t *line_bytes(const void *bytes, size_t len);
json_t *line_name(const char *name);

/* NaN and infinities, which JSON lacks: "nan", "inf", "-inf". */
json_t *line_double(double value);

/* Back. All name the member in err. */
int line_get_bytes(const json_t *line, const char *member, struct buf *bytes,
		   struct err *err);
int line_get_double(const json_t *line, const char *member, double *value,
		    struct err *err);
int line_double_of(const json_t *value, double *number);

/* Into size bytes with a NUL; "" is fine only where empty is set. */
int line_get_text(const json_t *line, const char *member, int empty, char *text,
		  size_t size, struct err *err);
int line_get_name(const json_t *line, const char *member, int empty,
		  char name[STORE_MAX_NAME + 1], struct err *err);

/* A whole number of 64 bits; ids are below 2^53, times are signed. */
int line_get_id(const json_t *line, const char *member, uint64_t *id,
		struct err *err);
int line_get_time(const json_t *line, const char *member, int64_t *time_s,
		  struct err *err);
int line_get_u32(const json_t *line, const char *member, uint32_t *number,
		 struct err *err);

#endif
