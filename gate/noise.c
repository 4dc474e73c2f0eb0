#include "noise.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "judge/replay.h"
#include "store/store.h"

enum { POINTS = 50 };

struct noise_page {
	struct noise_page *next; /* of the same hash */
	char *test, *metric;
	struct noise noise;
};

struct history {
	const char *test, *metric;
	char *environment; /* of the newest point; NULL: no history */
	uint64_t newest;
	struct replay_point points[POINTS];
	size_t count;
};

static int
choose_environment(void *data, const struct store_series *series,
		   uint64_t last_order)
{
	struct history *history = data;

	if (strcmp(series->metric, history->metric) ||
	    (history->environment && last_order <= history->newest))
		return 0;
	free(history->environment);
	history->environment = mem_copy_text(series->environment);
	history->newest = last_order;
	return 0;
}

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct history *history = data;

	(void)order;
	history->points[history->count++] = (struct replay_point){
		point->low, point->high, point->value, point->base
	};
	return 0;
}

static int
read_history(struct store_tx *tx, void *data, struct err *err)
{
	struct history *history = data;
	const struct store_range range = { 0, UINT64_MAX, 1, POINTS };
	struct store_series series = { history->test, history->metric, NULL };
	int ret = store_series_each(tx, history->test, choose_environment,
				    history);

	(void)err;
	if (ret < 0 || !history->environment)
		return ret;
	series.environment = history->environment;
	return store_point_each(tx, &series, &range, take_point, history);
}

static struct noise
learn(struct store *store, const char *test, const char *metric,
      double threshold)
{
	struct history history = { .test = test, .metric = metric };
	struct noise noise = NOISE_UNKNOWN;
	struct err err = ERR_INIT;

	if (store_read(store, read_history, &history, &err) < 0)
		log_event(LOG_WARNING, "no noise floor for %s %s: %s", test,
			  metric, err.text);
	else
		noise = replay_noise(history.points, history.count, threshold);
	free(history.environment);
	return noise;
}

/* FNV-1a of both names, each with its end. */
static unsigned
hash(const char *test, const char *metric)
{
	uint32_t h = 2166136261u;

	for (const char *at = test;; at++) {
		h = (h ^ (unsigned char)*at) * 16777619u;
		if (!*at)
			break;
	}
	for (const char *at = metric; *at; at++)
		h = (h ^ (unsigned char)*at) * 16777619u;
	return (h ^ h >> 16) & 255;
}

struct noise
noise_book_find(struct noise_book *book, struct store *store, const char *test,
		const char *metric, double threshold)
{
	struct noise_page **first = &book->pages[hash(test, metric)];
	struct noise_page *page = *first;

	if (!store)
		return (struct noise)NOISE_UNKNOWN;
	while (page &&
	       (strcmp(page->test, test) || strcmp(page->metric, metric)))
		page = page->next;
	if (!page) {
		page = mem_new(1, sizeof(*page));
		*page = (struct noise_page){
			*first, mem_copy_text(test), mem_copy_text(metric),
			learn(store, test, metric, threshold)
		};
		*first = page;
	}
	return page->noise;
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
			free(page);
			page = next;
		}
	}
	*book = (struct noise_book)NOISE_BOOK_INIT;
}
