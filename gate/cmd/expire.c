#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/progress.h"

/* Long enough to look back over a release or two. */
#define DEFAULT_KEEP "365d"

static void
print(const struct store_expired *expired, int json)
{
	json_t *object;

	if (!json) {
		printf("%zu samples, %zu verdicts, %zu journal entries, "
		       "%zu messages dropped\n",
		       expired->samples, expired->verdicts, expired->journal,
		       expired->messages);
		return;
	}
	object = json_object();
	json_object_set_new(object, "samples",
			    json_integer((json_int_t)expired->samples));
	json_object_set_new(object, "verdicts",
			    json_integer((json_int_t)expired->verdicts));
	json_object_set_new(object, "journal",
			    json_integer((json_int_t)expired->journal));
	json_object_set_new(object, "messages",
			    json_integer((json_int_t)expired->messages));
	json_print(object);
	json_decref(object);
}

int
cmd_expire(int argc, char **argv)
{
	const char *repo = NULL, *keep = DEFAULT_KEEP;
	struct store_expired expired;
	struct progress progress;
	struct store *store = NULL;
	struct err err = ERR_INIT;
	int64_t keep_ms;
	int json = 0;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "keep", 'k', OPTION_TEXT, "TIME",
		  "drop what is older, say 90d (" DEFAULT_KEEP ")", &keep },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};
	int ret = cmd_begin("expire", rows, &argc, argv, 0);

	if (ret >= 0)
		return ret;
	ret = units_parse_duration(keep, &keep_ms);
	if (ret < 0)
		err_set(&err, ERR_INPUT, "'%.60s' is no time: say 90d", keep);
	if (ret == 0)
		ret = cmd_open_store(repo, STORE_WRITE, &store, &err);
	if (ret == 0) {
		progress_begin(&progress, "records looked at");
		store_watch(store, progress_store, &progress);
		ret = store_expire(store,
				   clock_wall_s(&clock_real) - keep_ms / 1000,
				   &expired, &err);
		progress_clear(&progress);
	}
	if (ret == 0)
		print(&expired, json);
	store_close(store);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
