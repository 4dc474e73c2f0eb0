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
#include "base/mem.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "pages.h"
#include "view.h"

enum { COMMITS = 1000, MAX_PAGE = 64 << 20 };

struct copy {
	struct view *view;
	const char *dir, *base;
	size_t written, same;
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
copy_page(void *data, const char *name)
{
	struct copy *copy = data;
	struct page_request request = {
		.path = name, .a = "", .b = "", .base = copy->base
	};
	char *path = file_join(copy->dir, name);
	struct page page;
	int ret = 0;

	pages_make(copy->view, &request, &page);
	if (page.status != 200)
		ret = err_set(copy->err, ERR_SYSTEM,
			      "%s could not be made: status %d", name,
			      page.status);
	else if (is_same(path, &page.body))
		copy->same++;
	else
		ret = write_page(path, &page.body, copy->err);
	if (!ret)
		copy->written++;
	buf_release(&page.body);
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
	if (!ret)
		ret = make_dirs(copy.dir, &err);
	if (!ret) {
		view_init(&view, &gate);
		ret = pages_each(&view, (size_t)max, copy_page, &copy, &err);
		view_release(&view);
	}
	if (!ret)
		printf("%zu pages, %zu written\n", copy.written,
		       copy.written - copy.same);
	gate_close(&gate);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
