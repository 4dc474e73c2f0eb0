#include "store/tables.h"

/* In the order of export: names before what uses them. */
const struct table_row tables[TABLE_COUNT] = {
	[TABLE_META] = { "meta", meta_show, meta_restore, NULL },
	[TABLE_TESTS] = { "tests", name_show, test_restore, NULL },
	[TABLE_TEST_IDS] = { "test_ids", NULL, NULL, name_check },
	[TABLE_METRICS] = { "metrics", name_show, metric_restore, NULL },
	[TABLE_METRIC_IDS] = { "metric_ids", NULL, NULL, name_check },
	[TABLE_ENVIRONMENTS] = { "environments", name_show, environment_restore,
				 NULL },
	[TABLE_ENVIRONMENT_IDS] = { "environment_ids", NULL, NULL, name_check },
	[TABLE_SAMPLES] = { "samples", sample_show, sample_restore, NULL },
	[TABLE_SERIES] = { "series", NULL, point_restore, block_check,
			   block_lines },
	[TABLE_BASELINES] = { "baselines", baseline_show, baseline_restore,
			      NULL },
	[TABLE_VERDICTS] = { "verdicts", verdict_show, verdict_restore, NULL },
	[TABLE_SESSIONS] = { "sessions", job_show, job_restore, NULL },
	[TABLE_SESSION_KEYS] = { "session_keys", NULL, NULL, job_key_check },
	[TABLE_JOURNAL] = { "journal", entry_show, entry_restore, NULL },
	[TABLE_OUTBOX] = { "outbox", message_show, message_restore, NULL },
	[TABLE_OUTBOX_GROUPS] = { "outbox_groups", group_show, group_restore,
				  NULL },
	[TABLE_LEDGER] = { "ledger", ledger_show, ledger_restore, NULL },
	[TABLE_CHANGES] = { "changes", NULL, NULL, change_check },
};
