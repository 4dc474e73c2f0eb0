#ifndef TESTS_REPO_HELP_H
#define TESTS_REPO_HELP_H

/*
 * Real repositories for the tests of gate/repo: a directory of their own, git
 * that reads no configuration but what a test writes, and shell scripts in it.
 * Include after cmocka.h.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/oid.h"
#include "base/proc.h"
#include "repo/repo.h"

#define help_unused __attribute__((unused))

#ifdef __SANITIZE_ADDRESS__
/* libgit2 1.5 loses 112 bytes for each repository setting that it matches with
 * a regular expression (git_config_foreach_match); none of ours calls pcre2. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8\n";
}

const char *__lsan_default_options(void);

const char *
__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

static char *help_dir;

help_unused static int
help_setup(void **state)
{
	static const char *const git_env[] = { "GIT_DIR",
					       "GIT_WORK_TREE",
					       "GIT_OBJECT_DIRECTORY",
					       "GIT_QUARANTINE_PATH",
					       "GIT_INDEX_FILE",
					       NULL };
	const char *tmp = getenv("TMPDIR");
	struct buf path = BUF_INIT;
	char *real;

	(void)state;
	for (const char *const *name = git_env; *name; name++)
		unsetenv(*name);
	buf_addf(&path, "%s/pacegate-repo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(path.data));
	real = realpath(path.data, NULL);
	assert_non_null(real);
	help_dir = real;
	buf_release(&path);
	setenv("HOME", help_dir, 1);
	unsetenv("XDG_CONFIG_HOME");
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_AUTHOR_NAME", "A U Thor", 1);
	setenv("GIT_AUTHOR_EMAIL", "author@example.com", 1);
	setenv("GIT_COMMITTER_NAME", "C O Mitter", 1);
	setenv("GIT_COMMITTER_EMAIL", "committer@example.com", 1);
	setenv("GIT_AUTHOR_DATE", "1600000000 +0000", 1);
	setenv("GIT_COMMITTER_DATE", "1600000000 +0000", 1);
	return 0;
}

help_unused static int
help_teardown(void **state)
{
	(void)state;
	if (chdir("/") || file_remove_tree(help_dir, NULL) < 0)
		return -1;
	free(help_dir);
	help_dir = NULL;
	return 0;
}

/* Each commit a minute after the one before it. */
#define HELP_SHELL                                                             \
	"set -e; now=${now:-1600000000}\n"                                     \
	"tick() { now=$((now + 60)); export GIT_AUTHOR_DATE=\"$now +0000\" "   \
	"GIT_COMMITTER_DATE=\"$now +0000\"; }\n"                               \
	"commit() { tick; git commit -q --allow-empty -m \"$1\"; }\n"          \
	"merge() { tick; git merge -q --no-edit --no-ff \"$@\"; }\n"           \
	"init() { git init -q -b main \"$@\"; }\n"

/* Run a shell script in the test's directory; what it prints, without the last
 * newline, belongs to the caller. It must succeed. */
help_unused __attribute__((format(printf, 1, 2))) static char *
sh(const char *fmt, ...)
{
	struct buf script = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;
	const char *argv[] = { "sh", "-c", NULL, NULL };
	va_list ap;

	buf_adds(&script, HELP_SHELL);
	va_start(ap, fmt);
	buf_vaddf(&script, fmt, ap);
	va_end(ap);
	argv[2] = script.data;
	if (proc_capture(argv, help_dir, &out, 256 << 20, &err) < 0)
		fail_msg("%s\n%s\n%s", err.text, script.data, buf_text(&out));
	while (out.len && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	buf_release(&script);
	return buf_take(&out);
}

/* The same, for what it does alone. */
#define run(...) free(sh(__VA_ARGS__))

help_unused static struct oid
oid_of(const char *repo, const char *rev)
{
	char *hex = sh("git -C '%s' rev-parse --verify '%s'", repo, rev);
	struct oid oid;

	assert_int_equal(oid_parse(&oid, hex), 0);
	free(hex);
	return oid;
}

help_unused static void
check_oid(const struct oid *got, const struct oid *wanted)
{
	char a[OID_HEX + 1], b[OID_HEX + 1];

	assert_string_equal(oid_format(got, a), oid_format(wanted, b));
}

#define check_rev(got, repo, rev)                                              \
	do {                                                                   \
		struct oid wanted_ = oid_of(repo, rev);                        \
		check_oid(got, &wanted_);                                      \
	} while (0)

help_unused static struct repo *
open_repo(const char *name)
{
	char *path = file_join(help_dir, name);
	struct err err = ERR_INIT;
	struct repo *repo = NULL;

	if (repo_open(&repo, path, NULL, &err) < 0)
		fail_msg("%s", err.text);
	free(path);
	return repo;
}

/* Callbacks that write down what they get. */
help_unused static int
note_oid(void *data, const struct oid *oid)
{
	char hex[OID_HEX + 1];

	buf_addf(data, "%s\n", oid_format(oid, hex));
	return 0;
}

help_unused static int
note_commit(void *data, const struct repo_commit *commit)
{
	buf_addf(data, "%s\n", commit->subject);
	return 0;
}

help_unused static int
note_file(void *data, const struct repo_file *file)
{
	char hex[OID_HEX + 1];

	buf_addf(data, "%06o %s %s\n", file->mode, oid_format(&file->blob, hex),
		 file->path);
	return 0;
}

/* As `git diff-tree -r --raw` without status and renames. */
help_unused static int
note_change(void *data, const struct repo_change *change)
{
	char a[OID_HEX + 1], b[OID_HEX + 1];

	buf_addf(data, ":%06o %06o %s %s %s\n", change->old_mode,
		 change->new_mode, oid_format(&change->old_blob, a),
		 oid_format(&change->new_blob, b), change->path);
	return 0;
}

#endif
