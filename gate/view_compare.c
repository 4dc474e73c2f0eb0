/* Two revisions side by side. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "compare.h"
#include "gate.h"
#include "repo/repo.h"
#include "view.h"

struct comparison {
	struct oid a, b;
	struct compare compare;
};

static int
read_comparison(struct store_tx *tx, void *data, struct err *err)
{
	struct comparison *both = data;

	(void)err;
	compare_release(&both->compare);
	return compare_commits(tx, &both->a, &both->b, &both->compare);
}

static int
larger_first(const void *a, const void *b)
{
	const struct compare_row *left = a, *right = b;
	double size = fabs(log(left->estimate.ratio));
	double other = fabs(log(right->estimate.ratio));

	return (other > size) - (other < size);
}

/* Without a question: the newest release against what HEAD is now. *a is freed
 * by the caller. */
static void
choose(struct view *view, char **a, char **b)
{
	if (**a || **b || view_refresh(view, NULL) < 0 || !view->rows.release)
		return;
	free(*a);
	free(*b);
	*a = mem_copy_text(view->rows.release);
	*b = mem_copy_text("HEAD");
}

json_t *
view_compare(struct view *view, const char *a, const char *b, struct err *err)
{
	char *from = mem_copy_text(a), *to = mem_copy_text(b);
	const struct repo *repo = view->gate->repo;
	struct comparison both = { 0 };
	json_t *doc = NULL;
	int ret = 0;

	choose(view, &from, &to);
	if (*from && *to) {
		ret = repo_resolve(repo, from, &both.a, err);
		if (!ret)
			ret = repo_resolve(repo, to, &both.b, err);
		if (!ret)
			ret = store_read(view->gate->store, read_comparison,
					 &both, err);
	}
	if (!ret && both.compare.count)
		qsort(both.compare.rows, both.compare.count,
		      sizeof(*both.compare.rows), larger_first);
	if (!ret)
		doc = json_pack("{s:s, s:o, s:o, s:o}", "repository",
				view->name, "a", json_text(from), "b",
				json_text(to), "rows",
				compare_json(&both.compare));
	compare_release(&both.compare);
	free(from);
	free(to);
	return doc;
}
