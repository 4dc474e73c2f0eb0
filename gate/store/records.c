#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "store/env.h"
#include "store/tables.h"
#include "store/tx.h"

/* Single records, and what all tables do with them. */

/* Enough of a key to find it again. */
enum { MAX_KEY_SHOWN = 40 };

int
tx_bad(struct store_tx *tx, const struct record *record, const char *fmt, ...)
{
	struct buf key = BUF_INIT;
	char text[256];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < record->key_len && i < MAX_KEY_SHOWN; i++)
		buf_addf(&key, "%02x", record->key_bytes[i]);
	rc = tx_fail(tx, ERR_INPUT, "bad record in %s, key %s%s: %s",
		     tables[record->table].name, buf_text(&key),
		     record->key_len > MAX_KEY_SHOWN ? ".." : "", text);
	buf_release(&key);
	return rc;
}

static int
check_key(struct store_tx *tx, const struct pack *key)
{
	if (tx->first.code < 0)
		return tx->first.code;
	if (key->bad || key->len > KEY_MAX)
		return tx_fail(tx, ERR_LIMIT, "key longer than %d bytes",
			       KEY_MAX);
	return 0;
}

int
tx_get(struct store_tx *tx, enum table table, const struct pack *key,
       struct record *record)
{
	MDB_val key_val = { key->len, (void *)(uintptr_t)key->bytes }, value;
	int rc = check_key(tx, key);
	int result;

	if (rc < 0)
		return rc;
	result = mdb_get(tx->txn, tx->store->dbi[table], &key_val, &value);
	if (result == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(tx, result, tables[table].name);
	record->table = table;
	record->key_bytes = key->bytes;
	record->key_len = key->len;
	fields_start(&record->key, key->bytes, key->len);
	fields_start(&record->value, value.mv_data, value.mv_size);
	return 0;
}

int
tx_put(struct store_tx *tx, enum table table, const struct pack *key,
       const void *bytes, size_t len)
{
	MDB_val key_val = { key->len, (void *)(uintptr_t)key->bytes };
	MDB_val value = { len, (void *)(uintptr_t)bytes };
	int rc = check_key(tx, key);
	int result;

	if (rc < 0)
		return rc;
	result = mdb_put(tx->txn, tx->store->dbi[table], &key_val, &value, 0);
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(tx, result, tables[table].name);
	return 0;
}

int
tx_put_pack(struct store_tx *tx, enum table table, const struct pack *key,
	    const struct pack *value)
{
	if (value->bad)
		return tx_fail(tx, ERR_LIMIT, "%s: value too long",
			       tables[table].name);
	return tx_put(tx, table, key, value->bytes, value->len);
}

int
tx_put_doc(struct store_tx *tx, enum table table, const struct pack *key,
	   const struct pack *head, const json_t *doc)
{
	struct buf value = BUF_INIT;
	int rc;

	if (head->bad)
		return tx_fail(tx, ERR_LIMIT, "%s: value too long",
			       tables[table].name);
	buf_add(&value, head->bytes, head->len);
	json_append(&value, doc);
	rc = tx_put(tx, table, key, value.data, value.len);
	buf_release(&value);
	return rc;
}

int
tx_delete(struct store_tx *tx, enum table table, const struct pack *key)
{
	MDB_val key_val = { key->len, (void *)(uintptr_t)key->bytes };
	int rc = check_key(tx, key);
	int result;

	if (rc < 0)
		return rc;
	result = mdb_del(tx->txn, tx->store->dbi[table], &key_val, NULL);
	if (result == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(tx, result, tables[table].name);
	return 0;
}

json_t *
tx_doc(struct store_tx *tx, struct record *record)
{
	struct err err = ERR_INIT;
	json_t *doc;

	if (record->value.bad) {
		tx_bad(tx, record, "value cut short");
		return NULL;
	}
	doc = json_parse((const char *)record->value.at, record->value.left,
			 &err);
	if (!doc)
		tx_bad(tx, record, "%s", err.text);
	return doc;
}

int
tx_check_name(struct store_tx *tx, const char *what, const char *name)
{
	size_t len = strlen(name);

	if (len == 0)
		return tx_fail(tx, ERR_LIMIT, "empty name of a %s", what);
	if (len > STORE_MAX_NAME)
		return tx_fail(tx, ERR_LIMIT,
			       "name of a %s is %zu bytes long, at most %d "
			       "are possible: %.60s..",
			       what, len, STORE_MAX_NAME, name);
	return 0;
}

/* The last id given under a name; 0 for none. */
static int
counter_get(struct store_tx *tx, const char *name, struct pack *key,
	    uint64_t *last)
{
	struct record record;
	int rc;

	*last = 0;
	pack_start(key);
	pack_tail(key, "counter:");
	pack_tail(key, name);
	rc = tx_get(tx, TABLE_META, key, &record);
	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	*last = fields_u64(&record.value);
	if (!fields_are_done(&record.value))
		return tx_bad(tx, &record, "value is no number");
	return 0;
}

int
tx_raise_id(struct store_tx *tx, const char *name, uint64_t last)
{
	struct pack key, value;
	uint64_t now;
	int rc = counter_get(tx, name, &key, &now);

	if (rc < 0 || now >= last)
		return rc;
	pack_start(&value);
	pack_u64(&value, last);
	return tx_put_pack(tx, TABLE_META, &key, &value);
}

uint64_t
tx_next_id(struct store_tx *tx, const char *name, uint64_t at_least)
{
	struct pack key;
	uint64_t last;

	if (counter_get(tx, name, &key, &last) < 0)
		return 0;
	last = last + 1 < at_least ? at_least : last + 1;
	return tx_raise_id(tx, name, last) < 0 ? 0 : last;
}

uint64_t
tx_next_time_id(struct store_tx *tx, const char *name, int64_t now_s)
{
	uint64_t now_us = 0;

	if (now_s > 0 && now_s < INT64_MAX / 1000000)
		now_us = (uint64_t)now_s * 1000000;
	return tx_next_id(tx, name, now_us);
}
