#include "canary_commits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"
#include "canary.h"
#include "gate.h"
#include "gather_tests.h"
#include "policy/policy.h"
#include "policy/tree_config.h"
#include "repo/repo.h"

/*
 * How it works. A built-in test is a line of shell that runs work, the program
 * pacegate-canary; how much it does stands in a file beside that. A test of the
 * repository stays as it is in its tree, so that everything known of it holds;
 * the build ends with `work plant`, which makes it run under `work slow`, in
 * the base as well, with a size of 0. Sizes are no part of a test's definition.
 */
#define WORK_DIR ".pacegate-canary/"

enum { MAX_PROGRAM = 16 << 20, MAX_TREE_CONFIG = 1 << 20 };

/* Kind 1 << i. */
static const char *const canary_kinds[] = { "cpu", "memory", "wait", NULL };

/* Pieces of work, some 50 us each: about 50, 50 and 20 ms. The planted share is
 * of all that a trial takes, with the start of shell and program. */
static const long pieces[] = { 1000, 700, 400 };
enum { START = 40 };

unsigned
canary_kind(const char *word)
{
	for (unsigned i = 0; canary_kinds[i]; i++)
		if (!strcmp(word, canary_kinds[i]))
			return 1u << i;
	return 0;
}

/* Of git fast-import. */
static void
add_file(struct buf *stream, const char *mode, const char *path,
	 const void *bytes, size_t len)
{
	buf_addf(stream, "M %s inline %s\ndata %zu\n", mode, path, len);
	buf_add(stream, bytes, len);
	buf_addc(stream, '\n');
}

static void
add_text(struct buf *stream, const char *mode, const char *path,
	 const char *text)
{
	add_file(stream, mode, path, text, strlen(text));
}

static void
add_commit(struct buf *stream, const char *ref)
{
	buf_addf(stream,
		 "commit %s\ncommitter canary <canary@localhost> 1 +0000\n"
		 "data 6\ncanary\n",
		 ref);
}

/* What is planted: the only difference between base and candidate. */
static void
add_sizes(struct buf *stream, const struct canary *canary, double size)
{
	char text[64];

	if (canary->test) {
		snprintf(text, sizeof(text), "%.9g\n", size);
		add_text(stream, "100644", WORK_DIR "size", text);
		return;
	}
	for (unsigned i = 0; canary_kinds[i]; i++) {
		char *path = mem_text(WORK_DIR "%s", canary_kinds[i]);

		snprintf(text, sizeof(text), "%ld\n",
			 pieces[i] +
				 lround((double)(pieces[i] + START) * size));
		if (canary->kinds & 1u << i)
			add_text(stream, "100644", path, text);
		free(path);
	}
}

static int
add_program(struct buf *stream, const char *path, struct err *err)
{
	char *program = programs_find(PROGRAM_CANARY);
	struct buf bytes = BUF_INIT;
	int ret = program ? file_read(program, &bytes, MAX_PROGRAM, err)
			  : err_set(err, ERR_NOT_FOUND,
				    PROGRAM_CANARY
				    " is not installed beside this program");

	if (!ret)
		add_file(stream, "100755", path, bytes.data, bytes.len);
	buf_release(&bytes);
	free(program);
	return ret;
}

static int
add_builtin(struct buf *stream, const struct canary *canary, struct err *err)
{
	add_text(stream, "100644", FILE_TREE_CONFIG,
		 "[pacegate]\n\ttests = " CANARY_DIR "*\n");
	for (unsigned i = 0; canary_kinds[i]; i++) {
		char *path = mem_text(CANARY_DIR "%s", canary_kinds[i]);
		char *text = mem_text("#!/bin/sh\nexec " WORK_DIR "work %s\n",
				      canary_kinds[i]);

		if (canary->kinds & 1u << i)
			add_text(stream, "100755", path, text);
		free(text);
		free(path);
	}
	return add_program(stream, WORK_DIR "work", err);
}

/* The project's own configuration, and after its build ours. */
static void
add_config(struct buf *stream, const char *text, const char *build)
{
	struct buf config = BUF_INIT, script = BUF_INIT;

	buf_addf(&config, "%s\n[pacegate]\n\tbuild = sh " WORK_DIR "build\n",
		 text);
	add_file(stream, "100644", FILE_TREE_CONFIG, config.data, config.len);
	if (build)
		buf_addf(&script, "(\n%s\n) || exit\n", build);
	buf_adds(&script, "exec " WORK_DIR "work plant\n");
	add_file(stream, "100644", WORK_DIR "build", script.data, script.len);
	buf_release(&config);
	buf_release(&script);
}

static int
add_repository(struct buf *stream, const struct gate *gate,
	       const struct canary *canary, struct err *err)
{
	struct tree_config config = { 0 };
	struct ref_policy policy;
	struct buf text = BUF_INIT;
	struct oid commit, tree, blob;
	char hex[OID_HEX + 1];
	int ret;

	policy_ref(gate->policy, CANARY_REF, &policy);
	ret = repo_resolve(gate->repo, "HEAD", &commit, err);
	if (!ret)
		ret = repo_commit_parent(gate->repo, &commit, NULL, &tree, err);
	if (!ret)
		ret = gather_tree_config(gate->repo, &tree, &config, NULL, err);
	if (!ret && !repo_file_at(gate->repo, &tree, FILE_TREE_CONFIG, &blob,
				  NULL, NULL))
		ret = repo_blob(gate->repo, &blob, MAX_TREE_CONFIG, &text, err);
	if (!ret) {
		buf_addf(stream, "M 040000 %s \"\"\n", oid_format(&tree, hex));
		add_config(stream, buf_text(&text),
			   config.build ? config.build : policy.build);
		add_text(stream, "100644", WORK_DIR "test", canary->test);
		ret = add_program(stream, WORK_DIR "work", err);
	}
	buf_release(&text);
	tree_config_release(&config);
	return ret;
}

static int
import(const char *dir, const struct buf *stream, struct err *err)
{
	const char *argv[] = { "git",     "--git-dir", dir, "fast-import",
			       "--quiet", "--force",   NULL };
	struct proc_options options = { .argv = argv, .out = -1, .err = -1 };
	int status = 0, ret;
	pid_t pid = 0;

	options.in = memfd_create("pacegate-canary", MFD_CLOEXEC);
	if (options.in < 0 ||
	    io_write_all(options.in, stream->data, stream->len) < 0 ||
	    lseek(options.in, 0, SEEK_SET) < 0) {
		ret = err_errno(err, "the canary's commits");
	} else {
		ret = proc_start(&options, &pid, err);
		if (!ret)
			ret = proc_wait(pid, -1, &status, err);
		if (!ret && status)
			ret = err_set(err, ERR_SYSTEM,
				      "the canary's commits: git fast-import "
				      "failed");
	}
	io_close(&options.in);
	return ret;
}

/* With the objects of the real repository, and none of its refs. */
static int
make_repo(const struct gate *gate, const char *dir, struct err *err)
{
	const char *init[] = { "git", "init", "-q", "--bare", dir, NULL };
	char *path = file_join(dir, "objects/info/alternates");
	struct texts dirs = { 0 };
	struct buf text = BUF_INIT;
	int ret = file_remove_tree(dir, err);

	if (!ret)
		ret = proc_capture(init, NULL, NULL, 4096, err);
	if (!ret)
		ret = repo_object_dirs(gate->repo, &dirs, err);
	for (size_t i = 0; i < dirs.count; i++)
		buf_addf(&text, "%s\n", dirs.items[i]);
	if (!ret)
		ret = file_write(path, buf_text(&text), text.len, 0644, err);
	buf_release(&text);
	texts_release(&dirs);
	free(path);
	return ret;
}

/*
 * A number that no earlier commit had, so that every one is built anew: the
 * kept tree of one and the same base would show the luck of that one copy again
 * and again, such as where its pages lie in memory. And a pair without a plant
 * has to differ, or nothing would run.
 */
static void
add_number(struct buf *stream)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld\n",
		 (long long)clock_monotonic_ns(&clock_real));
	add_text(stream, "100644", WORK_DIR "pair", text);
}

int
canary_make(const struct gate *gate, const struct canary *canary,
	    const char *dir, struct err *err)
{
	struct buf stream = BUF_INIT;
	int ret = make_repo(gate, dir, err);

	add_commit(&stream, CANARY_BASE);
	if (!ret)
		ret = canary->test ? add_repository(&stream, gate, canary, err)
				   : add_builtin(&stream, canary, err);
	add_sizes(&stream, canary, 0);
	add_number(&stream);
	add_commit(&stream, CANARY_REF);
	buf_adds(&stream, "from " CANARY_BASE "\n");
	add_sizes(&stream, canary, canary->size);
	add_number(&stream);
	if (!ret)
		ret = import(dir, &stream, err);
	buf_release(&stream);
	return ret;
}
