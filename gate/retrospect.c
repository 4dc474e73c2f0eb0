#include "retrospect.h"

#include "base/err.h"
#include "gate.h"
#include "history.h"
#include "repo/repo.h"
#include "report/report.h"

enum { MAX_LINE = 200000 };

struct looking {
	struct report *report;
	struct line line;
	int64_t oldest_s; /* commit that matters */
};

/* Others were told, or have nothing to be held against. */
static int
was_let_through(const struct report_metric *metric)
{
	return metric->verdict == VERDICT_PASS ||
	       metric->verdict == VERDICT_UNDECIDED;
}

static void
take_change(const struct history *history, const struct oid *commit,
	    const struct change *change, struct report_later *later)
{
	for (size_t i = change->first; i <= change->last; i++)
		if (oid_equal(&history->points[i].point.commit, commit))
			later->commits = (unsigned)(change->last -
						    change->first + 1);
	if (!later->commits)
		return;
	later->ratio = change->ratio;
	later->low = change->low;
	later->high = change->high;
	later->first = history->points[change->first].point.commit;
	later->last = history->points[change->last].point.commit;
}

static int
look_at_metric(struct store_tx *tx, struct looking *looking, const char *test,
	       struct report_metric *metric, struct err *err)
{
	const struct report *report = looking->report;
	const struct store_series series = { test, metric->name,
					     report->environment };
	struct history history;
	int ret = history_read(tx, &series,
			       looking->line.count ? &looking->line : NULL,
			       &history, err);

	metric->later = (struct report_later){ 0 };
	for (size_t i = 0;
	     !ret && i < history.change_count && !metric->later.commits; i++)
		if (!history.changes[i].change.passing)
			take_change(&history, &report->commit,
				    &history.changes[i].change, &metric->later);
	history_release(&history);
	return ret;
}

static int
look(struct store_tx *tx, void *data, struct err *err)
{
	struct looking *looking = data;
	struct report *report = looking->report;
	int ret = 0;

	for (size_t i = 0; i < report->count; i++) {
		struct report_test *test = &report->tests[i];

		for (size_t j = 0; !ret && j < test->count; j++)
			if (was_let_through(&test->metrics[j]))
				ret = look_at_metric(tx, looking, test->path,
						     &test->metrics[j], err);
	}
	return ret;
}

static int
find_oldest(struct store_tx *tx, void *data, struct err *err)
{
	struct looking *looking = data;
	int ret = 0;

	(void)err;
	for (size_t i = 0; !ret && i < looking->report->count; i++)
		ret = history_oldest(tx, looking->report->tests[i].path,
				     &looking->oldest_s);
	return ret;
}

/* The branch that it came to, if that still is there and holds it. */
static int
find_line(const struct gate *gate, struct looking *looking, struct err *err)
{
	const struct report *report = looking->report;
	struct oid tip, parent;
	int ret = 0;

	repo_commit_time(gate->repo, &report->commit, &parent,
			 &looking->oldest_s, NULL);
	ret = store_read(gate->store, find_oldest, looking, err);
	if (ret < 0)
		return ret;
	if ((report->ref && !repo_ref(gate->repo, report->ref, &tip, NULL)) ||
	    !repo_resolve(gate->repo, "HEAD", &tip, NULL))
		line_read_back(&looking->line, gate->repo, &tip, MAX_LINE,
			       looking->oldest_s);
	if (line_find(&looking->line, &report->commit) == looking->line.count)
		line_release(&looking->line);
	return 0;
}

int
retrospect(struct gate *gate, struct report *report, struct err *err)
{
	struct looking looking = { .report = report, .oldest_s = INT64_MAX };
	int ret;

	if (!report->environment)
		return 0;
	ret = find_line(gate, &looking, err);
	if (!ret)
		ret = store_read(gate->store, look, &looking, err);
	line_release(&looking.line);
	return ret;
}
