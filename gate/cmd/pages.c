/* pages: a static copy of the pages, of which only what changed is written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/progress.h"
#include "gate.h"
#include "pages.h"
#include "view.h"

enum { COMMITS = 1000, MAX_PAGE = 64 << 20 };

/* What the copy was made of, beside it: by name of what its pages show. */
#define RECORD ".pacegate-pages"

struct copy {
	struct view *view;
	const char *dir, *base;
	json_t *old, *stamps; /* stamps of last time and of this */
	size_t pages, written;
	size_t groups, total; /* of pages, for the bar */
	struct progress progress;
	struct err *err;
};

static int
is_same(const char *path, const struct buf *body)
{
	struct buf old = BUF_INIT;
	int same = !file_read(path, &old, MAX_PAGE, NULL) &&
		   old.len == body->len &&
		   !memcmp(buf_text(&old), buf_text(body), old.len);

	buf_release(&old);
	return same;
}

/* Whole or not at all, since a web server reads beside us; not synced to the
 * disk one by one, since it can be made again. */
static int
write_page(const char *path, const struct buf *body, struct err *err)
{
	char *beside = mem_text("%s.new", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int ret = 0;

	if (fd < 0 || io_write_all(fd, buf_text(body), body->len) < 0)
		ret = err_set(err, ERR_SYSTEM, "%s: %s", beside,
			      strerror(errno));
	if (fd >= 0 && close(fd) < 0 && !ret)
		ret = err_set(err, ERR_SYSTEM, "%s: %s", beside,
			      strerror(errno));
	if (!ret && rename(beside, path) < 0)
		ret = err_set(err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
	if (ret)
		unlink(beside);
	free(beside);
	return ret;
}

static int
copy_page(struct copy *copy, const char *name)
{
	struct page_request request = {
		.path = name,
		.a = "",
		.b = "",
		.base = copy->base,
		.is_copy = 1,
	};
	char *path = file_join(copy->dir, name);
	struct page page;
	int ret = 0;

	pages_make(copy->view, &request, &page);
	if (page.status != 200)
		ret = err_set(copy->err, ERR_SYSTEM,
			      "%s could not be made: status %d", name,
			      page.status);
	else if (!is_same(path, &page.body)) {
		ret = write_page(path, &page.body, copy->err);
		copy->written++;
	}
	copy->pages++;
	buf_release(&page.body);
	free(path);
	return ret;
}

static int
is_there(struct copy *copy, const char *name)
{
	char *path = file_join(copy->dir, name);
	int there = file_exists(path);

	copy->pages += (size_t)there;
	free(path);
	return there;
}

/* fn for each page of the group, until one returns not `go`. */
static int
each_page(struct copy *copy, const struct page_group *group, int go,
	  int (*fn)(struct copy *copy, const char *name))
{
	const char *ending = group->endings;
	int ret = go;

	while (ret == go && *ending) {
		size_t len = strcspn(ending, " ");
		char *name = mem_text("%s%.*s", group->name, (int)len, ending);

		ret = fn(copy, name);
		free(name);
		ending += len + strspn(ending + len, " ");
	}
	return ret;
}

/* Pages that are made of the same as last time are not even made. */
static int
copy_group(void *data, const struct page_group *group)
{
	struct copy *copy = data;
	const char *old = json_text_or(copy->old, group->name, "");
	size_t pages = copy->pages;

	if (*group->stamp)
		json_object_set_new(copy->stamps, group->name,
				    json_string(group->stamp));
	if (*group->stamp && !strcmp(old, group->stamp) &&
	    each_page(copy, group, 1, is_there))
		return 0;
	copy->pages = pages;
	return each_page(copy, group, 0, copy_page);
}

/* Stamps are good for the same program, which writes the same links, as long as
 * the store is the same (one that came back from a copy is older) and all
 * commits of then are on the line still. */
static void
read_record(struct copy *copy)
{
	char *path = file_join(copy->dir, RECORD);
	struct view *view = copy->view;
	struct buf text = BUF_INIT;
	json_t *record = NULL;
	struct oid tip;

	if (!file_read(path, &text, MAX_PAGE, NULL))
		record = json_parse(text.data, text.len, NULL);
	if (json_int_or(record, "generation", INT64_MAX) <=
		    (json_int_t)store_generation(view->gate->store) &&
	    !strcmp(json_text_or(record, "version", ""), PACEGATE_VERSION) &&
	    !strcmp(json_text_or(record, "base", "?"), copy->base)) {
		copy->old = json_incref(json_object_get(record, "stamps"));
		view->line_epoch = (uint64_t)json_int_or(record, "epoch", 1);
		if (!json_get_oid(record, "tip", &tip, NULL))
			view_begin_line(view, &tip);
	}
	json_decref(record);
	buf_release(&text);
	free(path);
}

static int
write_record(struct copy *copy)
{
	const struct line *line = view_line(copy->view);
	char *path = file_join(copy->dir, RECORD);
	json_t *record = json_pack(
		"{s:s, s:s, s:I, s:I, s:O}", "version", PACEGATE_VERSION,
		"base", copy->base, "generation",
		(json_int_t)copy->view->rows.generation, "epoch",
		(json_int_t)copy->view->line_epoch, "stamps", copy->stamps);
	struct buf text = BUF_INIT;
	int ret;

	if (line && line->count)
		json_object_set_new(record, "tip", json_oid(&line->commits[0]));
	json_append(&text, record);
	ret = write_page(path, &text, copy->err);
	json_decref(record);
	buf_release(&text);
	free(path);
	return ret;
}

static int
make_dirs(const char *dir, struct err *err)
{
	static const char *const names[] = { "test", "commit", "session",
					     "assets" };
	int ret = file_make_dirs(dir, 0777, err);

	for (size_t i = 0; !ret && i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = file_join(dir, names[i]);

		ret = file_make_dirs(path, 0777, err);
		free(path);
	}
	return ret;
}

static int
count_group(void *data, const struct page_group *group)
{
	(void)group;
	((struct copy *)data)->total++;
	return 0;
}

static int
copy_shown(void *data, const struct page_group *group)
{
	struct copy *copy = data;
	int ret = copy_group(copy, group);

	progress_at(&copy->progress, ++copy->groups, copy->total);
	return ret;
}

static int
copy_all(struct copy *copy, size_t commits)
{
	int ret = make_dirs(copy->dir, copy->err);

	if (ret)
		return ret;
	copy->stamps = json_object();
	read_record(copy);
	progress_begin(&copy->progress, "pages");
	/* Counted first where somebody looks on. */
	if (copy->progress.is_on)
		ret = pages_each(copy->view, commits, count_group, copy,
				 copy->err);
	if (!ret)
		ret = pages_each(copy->view, commits, copy_shown, copy,
				 copy->err);
	progress_clear(&copy->progress);
	if (!ret)
		ret = write_record(copy);
	json_decref(copy->old);
	json_decref(copy->stamps);
	return ret;
}

int
cmd_pages(int argc, char **argv)
{
	const char *repo = NULL, *commits = NULL, *base = "";
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	struct view view = { 0 };
	struct copy copy = { .view = &view, .err = &err };
	int64_t max = COMMITS;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "commits", 0, OPTION_TEXT, "N",
		  "pages of the newest N commits (1000)", &commits },
		{ "base", 0, OPTION_TEXT, "URL",
		  "where the pages will be, for the feeds", &base },
		{ 0 }
	};

	ret = cmd_begin("pages", rows, &argc, argv, 1);
	if (ret >= 0)
		return ret;
	if (argc < 2 ||
	    (commits && units_parse_count(commits, 0, INT32_MAX, &max) < 0)) {
		fputs(argc < 2 ? "pacegate pages: say the directory\n"
			       : "pacegate pages: --commits: write a number\n",
		      stderr);
		return EXIT_USAGE;
	}
	copy.dir = argv[1];
	copy.base = base;
	ret = cmd_open(&gate, repo, STORE_READ, &err);
	if (!ret) {
		view_init(&view, &gate);
		ret = copy_all(&copy, (size_t)max);
		view_release(&view);
	}
	if (!ret)
		printf("%zu pages, %zu written\n", copy.pages, copy.written);
	gate_close(&gate);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
