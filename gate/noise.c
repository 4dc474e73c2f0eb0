#include "noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "history.h"
#include "judge/replay.h"
#include "judge/robust.h"
#include "judge/session.h"
#include "report/report.h"
#include "store/store.h"
#include "study_record.h"

enum { POINTS = 50, ROOM = POINTS + STUDY_KEPT };

#define FLAG_UNIT 1e-7
#define MAX_UNITS (POINT_BACKFILLED - 2)
#define NO_ENVIRONMENT ""

struct noise_page {
	struct noise_page *next; /* of the same hash */
	char *test, *metric, *environment;
	struct noise_floor floor;
};

struct source {
	struct store_tx *tx;
	const struct noise_key *key;
	char definition[41]; /* of the newest point; "": not known */
	char *environment;   /* the key's, or that of the newest point */
	uint64_t newest;
	struct replay_point points[POINTS];
	size_t count;
	struct noise_session sessions[ROOM];
	size_t session_count;
	double spreads[ROOM];
	size_t spread_count;
};

uint32_t
noise_flags(double width)
{
	double units = width / FLAG_UNIT;

	if (!(units >= 0))
		return 0;
	return units < MAX_UNITS - 1 ? 1 + (uint32_t)lround(units) : MAX_UNITS;
}

double
noise_flags_width(uint32_t flags)
{
	flags &= ~POINT_BACKFILLED;
	return flags ? (flags - 1) * FLAG_UNIT : NAN;
}

/* What older points have where the sd was without bounds is none. */
int
noise_flags_backfilled(uint32_t flags)
{
	return flags & POINT_BACKFILLED && flags != UINT32_MAX;
}

static int
choose_environment(void *data, const struct store_series *series,
		   uint64_t last_order)
{
	struct source *history = data;

	if (strcmp(series->metric, history->key->metric) ||
	    (history->environment && last_order <= history->newest))
		return 0;
	free(history->environment);
	history->environment = mem_copy_text(series->environment);
	history->newest = last_order;
	return 0;
}

static void
add_spread(struct source *history, double spread)
{
	if (isfinite(spread))
		history->spreads[history->spread_count++] = spread;
}

/* Measured by another definition of the test than the newest: it says nothing
 * of this one. */
static int
is_of_another_epoch(struct source *history, const struct oid *commit)
{
	struct store_baseline record;

	if (store_baseline_get(history->tx, history->key->test, commit,
			       &record))
		return 0;
	if (!*history->definition)
		memcpy(history->definition, record.definition,
		       sizeof(history->definition));
	return history_differs(record.definition, history->definition);
}

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct source *history = data;
	double width = noise_flags_width(point->flags);

	(void)order;
	if (is_of_another_epoch(history, &point->commit))
		return 0;
	if (isnan(width))
		width = noise_width_of_interval(point->low, point->high);
	history->points[history->count++] = (struct replay_point){
		point->low, point->high, point->value, point->base, width
	};
	/* The way back from noise_width(), where something was compared. */
	if (point->low > 0)
		add_spread(history, width / noise_width(1, point->trials));
	return 0;
}

static void
take_study(struct store_tx *tx, struct source *history)
{
	double spreads[STUDY_KEPT];
	json_t *record = study_record_get(tx, history->environment,
					  history->key->test);
	size_t count = 0;

	if (!history_differs(json_text_or(record, "definition", ""),
			     history->definition))
		count = study_record_sessions(record, history->key->metric,
					      history->sessions, spreads);
	history->session_count = count;
	for (size_t i = 0; i < count; i++)
		add_spread(history, spreads[i]);
	json_decref(record);
}

static int
read_history(struct store_tx *tx, void *data, struct err *err)
{
	struct source *history = data;
	const struct noise_key *key = history->key;
	const struct store_range range = { 0, UINT64_MAX, 1, POINTS };
	struct store_series series = { key->test, key->metric, NULL };
	int ret = 0;

	(void)err;
	history->tx = tx;
	*history->definition = '\0';
	free(history->environment);
	history->environment = mem_copy_text(key->environment);
	history->count = history->session_count = history->spread_count = 0;
	if (!key->environment)
		ret = store_series_each(tx, key->test, choose_environment,
					history);
	if (ret < 0 || !history->environment)
		return ret;
	series.environment = history->environment;
	ret = store_point_each(tx, &series, &range, take_point, history);
	if (!ret)
		take_study(tx, history);
	return ret;
}

static struct noise_floor
floor_of(struct source *history)
{
	const struct metric_row *row = metric_find(history->key->metric);
	struct noise prior = noise_prior(row && row->counted);
	const struct rule usual = RULE_INIT;
	struct noise_floor floor = { prior, NAN, INFINITY };

	history->session_count += replay_sessions(
		history->points, history->count, history->key->threshold,
		history->sessions + history->session_count);
	floor.noise = noise_learn(&prior, history->sessions,
				  history->session_count);
	if (!history->spread_count)
		return floor;
	floor.spread = robust_median(history->spreads, history->spread_count);
	floor.detectable = noise_detectable(&floor.noise, floor.spread,
					    usual.cap, usual.alpha);
	return floor;
}

static struct noise_floor
learn(struct store *store, const struct noise_key *key)
{
	struct source *history = mem_new(1, sizeof(*history));
	struct noise_floor floor;
	struct err err = ERR_INIT;

	history->key = key;
	if (store && store_read(store, read_history, history, &err) < 0) {
		log_event(LOG_WARNING, "no noise floor for %s %s: %s",
			  key->test, key->metric, err.text);
		history->count = history->session_count = 0;
	}
	floor = floor_of(history);
	free(history->environment);
	free(history);
	return floor;
}

/* FNV-1a of the names, each with its end. */
static unsigned
hash(const char *test, const char *metric, const char *environment)
{
	const char *const names[] = { test, metric, environment };
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (const char *at = names[i];; at++) {
			h = (h ^ (unsigned char)*at) * 16777619u;
			if (!*at)
				break;
		}
	}
	return (h ^ h >> 16) & 255;
}

struct noise_floor
noise_book_find(struct noise_book *book, struct store *store,
		const struct noise_key *key)
{
	const char *environment = key->environment ? key->environment
						   : NO_ENVIRONMENT;
	struct noise_page **first =
		&book->pages[hash(key->test, key->metric, environment)];
	struct noise_page *page = *first;

	while (page && (strcmp(page->test, key->test) ||
			strcmp(page->metric, key->metric) ||
			strcmp(page->environment, environment)))
		page = page->next;
	if (!page) {
		page = mem_new(1, sizeof(*page));
		*page = (struct noise_page){ *first, mem_copy_text(key->test),
					     mem_copy_text(key->metric),
					     mem_copy_text(environment),
					     learn(store, key) };
		*first = page;
	}
	return page->floor;
}

struct report_floor
noise_book_report(struct noise_book *book, struct store *store,
		  const struct noise_key *key)
{
	struct noise_floor floor = noise_book_find(book, store, key);

	return (struct report_floor){ floor.noise.sd, floor.detectable,
				      floor.noise.sessions, floor.noise.exact };
}

void
noise_book_describe(struct noise_book *book, struct store *store,
		    struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct report_test *test = &report->tests[i];

		for (size_t j = 0; j < test->count; j++) {
			struct report_metric *metric = &test->metrics[j];
			const struct noise_key key = { test->path, metric->name,
						       report->environment,
						       metric->threshold };

			metric->floor = noise_book_report(book, store, &key);
		}
	}
}

void
noise_book_release(struct noise_book *book)
{
	for (size_t i = 0; i < sizeof(book->pages) / sizeof(*book->pages);
	     i++) {
		struct noise_page *page = book->pages[i];

		while (page) {
			struct noise_page *next = page->next;

			free(page->test);
			free(page->metric);
			free(page->environment);
			free(page);
			page = next;
		}
	}
	*book = (struct noise_book)NOISE_BOOK_INIT;
}
