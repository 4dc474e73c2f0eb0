/* What a page is made of, as a short text: as long as it is the same, so is the
 * page, and need not be made again. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "gate.h"
#include "repo/repo.h"
#include "view.h"

enum { MAX_LINE = 200000 };

/* Histories are those of the main branch; where there is none, of all. */
const struct line *
view_line(struct view *view)
{
	struct oid tip;

	if (repo_resolve(view->gate->repo, "HEAD", &tip, NULL) < 0)
		return NULL;
	if (!view->line_epoch)
		view->line_epoch = (uint64_t)clock_wall_s(&clock_real);
	if (!view->line.count || !oid_equal(&view->line.commits[0], &tip))
		view->line_epoch += !line_advance(&view->line, view->gate->repo,
						  &tip, MAX_LINE);
	return &view->line;
}

void
view_begin_line(struct view *view, const struct oid *tip)
{
	line_read(&view->line, view->gate->repo, tip, MAX_LINE);
}

struct asked {
	const char *test;
	const struct oid *commit;
	uint64_t generation;
};

static int
read_generation(struct store_tx *tx, void *data, struct err *err)
{
	struct asked *asked = data;
	uint32_t id;

	(void)err;
	if (asked->test)
		return store_test_find(tx, asked->test, &id,
				       &asked->generation);
	asked->generation = store_commit_generation(tx, asked->commit);
	return store_tx_error(tx);
}

static void
write_stamp(struct view *view, struct asked *asked, uint64_t epoch,
	    char stamp[VIEW_STAMP])
{
	*stamp = '\0';
	if (!store_read(view->gate->store, read_generation, asked, NULL) &&
	    asked->generation)
		snprintf(stamp, VIEW_STAMP, "%c%llx-%llx",
			 asked->test ? 't' : 'c',
			 (unsigned long long)asked->generation,
			 (unsigned long long)epoch);
}

void
view_stamp_test(struct view *view, const char *test, char stamp[VIEW_STAMP])
{
	struct asked asked = { .test = test };

	view_line(view);
	write_stamp(view, &asked, view->line_epoch, stamp);
}

void
view_stamp_commit(struct view *view, const struct oid *commit,
		  char stamp[VIEW_STAMP])
{
	struct asked asked = { .commit = commit };

	write_stamp(view, &asked, 0, stamp);
}

/* Rows that are left to be read make another page of the same generation. */
void
view_stamp(struct view *view, char stamp[VIEW_STAMP])
{
	uint64_t generation = store_generation(view->gate->store);

	*stamp = '\0';
	if (generation && !view->rows.is_behind)
		snprintf(stamp, VIEW_STAMP, "g%llx",
			 (unsigned long long)generation);
}
