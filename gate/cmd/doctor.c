#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"
#include "canary.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/install.h"
#include "cmd/install_layout.h"
#include "cmd/pager.h"
#include "deliver_check.h"
#include "gate.h"
#include "policy/keys.h"
#include "repo/repo.h"

/*
 * What is in force, and what is wrong. Each finding has a level: `ok`, `note`
 * (weaker than it could be) or `bad` (does not work), and says what to do.
 */
struct doctor {
	json_t *findings, *settings;
	int bad;
};

static void find(struct doctor *doctor, const char *level, const char *what,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
find(struct doctor *doctor, const char *level, const char *what,
     const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	json_array_append_new(
		doctor->findings,
		json_pack("{s:s, s:s, s:o}", "level", level, "what", what,
			  "text", json_text_len(buf_text(&text), text.len)));
	doctor->bad |= !strcmp(level, "bad");
	buf_release(&text);
}

/* The hook itself, or what `install` linked where a service's driver looks. */
static int
hook_is_in(const json_t *record, const struct layout *layout, const char *name,
	   const char *program)
{
	char *path = file_join(layout->hooks, name);
	char *below = mem_text("/%s.d/", name);
	int is = install_is_ours(path, program);
	const json_t *hook;
	size_t i;

	json_array_foreach(json_object_get(record, "hooks"), i, hook)
	{
		const char *at = json_text_or(hook, "path", "");

		is |= strstr(at, below) && install_is_ours(at, program);
	}
	free(below);
	free(path);
	return is;
}

static void
check_layout(struct doctor *doctor, const struct gate *gate,
	     const struct layout *layout)
{
	if (layout->type && !config_last(&gate->config, SECTION_HOST ".type"))
		find(doctor, "bad", "hook",
		     "this is a repository of %s, and who pushes is not known "
		     "by that: git config pacegate-host.type %s",
		     layout->type, layout->type);
}

static void
check_hooks(struct doctor *doctor, const struct gate *gate)
{
	json_t *record = install_record_read(repo_gitdir(gate->repo));
	struct layout layout = { 0 };

	if (layout_find(&layout, repo_gitdir(gate->repo), NULL) < 0)
		goto out;
	for (size_t i = 0; install_hooks[i]; i++) {
		const char *name = install_hooks[i];
		char *program = programs_find(name);

		if (program && hook_is_in(record, &layout, name, program))
			find(doctor, "ok", "hook", "%s", name);
		else
			find(doctor, "bad", "hook",
			     "%s/%s is not ours: run `pacegate install`",
			     layout.hooks, name);
		free(program);
	}
	check_layout(doctor, gate, &layout);
out:
	json_decref(record);
	layout_release(&layout);
}

/* A repository that was given to a group after `install`. */
static void
check_sharing(struct doctor *doctor, const struct gate *gate)
{
	static const char *const files[] = { ".", "data.mdb", "lock.mdb", "log",
					     "worker.lock" };
	const char *gitdir = repo_gitdir(gate->repo);
	struct stat above, below;

	if (stat(gitdir, &above) < 0 || !(above.st_mode & S_IWGRP))
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *path = mem_text("%s/" DIR_STORE "/%s", gitdir, files[i]);
		int there = !stat(path, &below);

		free(path);
		if (!there ||
		    (below.st_gid == above.st_gid && below.st_mode & S_IWGRP))
			continue;
		find(doctor, "bad", "store",
		     "the repository is shared with its group, and the store "
		     "is not: chgrp -R --reference=%s %s/" DIR_STORE
		     " && chmod -R g+rwX,g+s %s/" DIR_STORE,
		     gitdir, gitdir, gitdir);
		return;
	}
}

static void
check_store(struct doctor *doctor, struct gate *gate)
{
	struct err err = ERR_INIT;
	int ret = gate_open_store(gate, STORE_WRITE, &err);

	if (ret == ERR_NOT_FOUND)
		find(doctor, "bad", "store",
		     "there is none: run `pacegate install`");
	else if (ret < 0)
		find(doctor, "bad", "store", "%s", err.text);
	else
		find(doctor, "ok", "store", "schema %d", store_schema());
	check_sharing(doctor, gate);
}

/* What will count instructions; what was asked for has to work. */
static void
check_counter(struct doctor *doctor, const struct gate *gate,
	      const json_t *counters)
{
	struct sandbox_policy box;
	const char *wanted, *found, *perf;

	if (!counters)
		return;
	policy_sandbox(gate->policy, &box);
	wanted = box.counter;
	perf = json_text_or(counters, "perf", "unknown");
	if (!strcmp(wanted, "none")) {
		find(doctor, "note", "counter", "none is wanted");
		return;
	}
	if (!strcmp(wanted, "auto"))
		found = perf;
	else
		found = json_text_or(counters, wanted, "unknown");
	if (!strcmp(found, "yes"))
		find(doctor, "ok", "counter", "instructions are counted by %s",
		     strcmp(wanted, "valgrind") ? "perf" : "valgrind");
	else if (strcmp(wanted, "auto") != 0)
		find(doctor, "bad", "counter", "%s counts nothing here: %s",
		     wanted, found);
	else
		find(doctor, "note", "counter",
		     "none: no hardware counters: %s; counter = valgrind "
		     "counts without (%s)",
		     found,
		     strcmp(json_text_or(counters, "valgrind", ""), "yes")
			     ? json_text_or(counters, "valgrind", "unknown")
			     : "slow, one run a revision");
}

/* A runner of another version answers otherwise, or not at all. */
static void
check_version(struct doctor *doctor, const json_t *answer)
{
	const char *version = json_text_or(answer, "version", "an older one");
	const char *node = json_text_or(answer, "node", NULL);

	if (answer && strcmp(version, PACEGATE_VERSION) != 0)
		find(doctor, "bad", "runner",
		     "%s%s has version %s of the runner, and this gate is "
		     "version " PACEGATE_VERSION ": install the same there",
		     node ? "node " : "this machine", node ? node : "",
		     version);
	else if (answer && node)
		find(doctor, "ok", "runner", "version %s, tried on node %s",
		     version, node);
}

/* The runner tells of its sandbox; it alone knows. */
static void
check_sandbox(struct doctor *doctor, const struct gate *gate)
{
	char *runner = gate_runner(gate);
	struct pool_rules pool;
	struct err err = ERR_INIT;
	json_t *json, *note;
	size_t i;

	if (!runner) {
		find(doctor, "bad", "runner",
		     PROGRAM_RUNNER " is not installed beside this program");
		return;
	}
	gate_pool(gate, &pool);
	pool.session.runner = runner;
	json = pool_self_test(&pool, &err);
	if (!json_bool_or(json, "ok", 0))
		find(doctor, "bad", "sandbox", "%s",
		     json_text_or(json, "error", err.text));
	else
		find(doctor, "ok", "sandbox", "%s",
		     json_text_or(json, "sandbox", "usable"));
	check_version(doctor, json);
	json_array_foreach(json_object_get(json, "notes"), i, note)
		find(doctor, "note", "sandbox", "%s", json_string_value(note));
	check_counter(doctor, gate, json_object_get(json, "counters"));
	json_decref(json);
	free(runner);
}

static void
on_pool(void *data, const char *level, const char *text)
{
	find(data, level, "slots", "%s", text);
}

static void
check_pool(struct doctor *doctor, const struct gate *gate)
{
	const struct pool_check checking = { on_pool, doctor };
	struct pool_rules pool;

	gate_pool(gate, &pool);
	pool_check(&pool, &checking);
}

/* One kind of planted change: too few found, or alarms without cause. */
static void
check_canary_row(struct doctor *doctor, const json_t *row)
{
	const char *test = json_text_or(row, "test", "");
	double size = json_number_or(row, "size", 0);
	double rate = json_number_or(row, "rate", 0) * 100;
	long long pairs = json_int_or(row, "pairs", 0);

	/* What lies near the threshold, or below, need not be found. */
	if (size > 0 &&
	    size < fmax(CANARY_SIZE, 2 * json_number_or(row, "threshold", 1)))
		return;
	if (size > 0 && json_number_or(row, "high", 1) < 0.9)
		find(doctor, "bad", "canary",
		     "the gate does not bite: %.0f %% of %lld planted "
		     "slowdowns of %.0f %% were found in %s",
		     rate, pairs, size * 100, test);
	else if (!(size > 0) && json_number_or(row, "low", 0) > 0.01)
		find(doctor, "bad", "canary",
		     "the gate cries wolf: false alarms in %.1f %% of %lld "
		     "pairs of %s",
		     rate, pairs, test);
	else
		find(doctor, "ok", "canary",
		     "%s: %s in %.1f %% of %lld pairs with %.0f %% planted",
		     test, size > 0 ? "found" : "false alarms", rate, pairs,
		     size * 100);
}

static void
check_canary(struct doctor *doctor, struct gate *gate)
{
	json_t *record, *row;
	const json_t *rows;
	size_t i;

	if (!gate->store)
		return;
	record = canary_record(gate);
	rows = json_object_get(record, "rows");
	json_array_foreach(rows, i, row) check_canary_row(doctor, row);
	if (!json_array_size(rows))
		find(doctor, "note", "canary",
		     "none has run: `pacegate canary` shows that the gate "
		     "bites, `pacegate canary --every 1d` goes on showing it");
	json_decref(record);
}

static void
on_setting(void *data, const char *key, const char *value, const char *where)
{
	struct doctor *doctor = data;

	json_array_append_new(
		doctor->settings,
		json_pack("{s:o, s:o, s:o}", "key", json_text(key), "value",
			  json_text(value), "where", json_text(where)));
}

static void
check_config(struct doctor *doctor, const struct gate *gate)
{
	struct problems problems = { 0 };
	struct config config = { 0 };
	struct err err = ERR_INIT;
	struct policy *policy;

	if (repo_config(gate->repo, &config, 1, &err) < 0)
		find(doctor, "bad", "config", "%s", err.text);
	policy = policy_new(&config, &problems);
	policy_each(policy, on_setting, doctor);
	for (size_t i = 0; i < problems.count; i++)
		find(doctor, "bad", "config", "%s: %s", problems.items[i].where,
		     problems.items[i].what);
	if (!problems.count)
		find(doctor, "ok", "config", "every key is understood");
	policy_free(policy);
	problems_release(&problems);
	config_release(&config);
}

static void
on_check(void *data, const char *level, const char *what, const char *text)
{
	find(data, level, what, "%s", text);
}

static void
print_text(const struct doctor *doctor)
{
	json_t *item;
	size_t i;

	pager_start();
	puts("in force:");
	json_array_foreach(doctor->settings, i, item)
		printf("  %-34s %-12s %s\n", json_text_or(item, "key", ""),
		       json_text_or(item, "value", ""),
		       json_text_or(item, "where", ""));
	puts("\nfindings:");
	json_array_foreach(doctor->findings, i, item)
	{
		const char *text = json_text_or(item, "text", "");
		struct buf line = BUF_INIT;

		buf_add_clean(&line, text, strlen(text), 1000);
		printf("  %-5s %-8s %s\n", json_text_or(item, "level", ""),
		       json_text_or(item, "what", ""), buf_text(&line));
		buf_release(&line);
	}
}

int
cmd_doctor(int argc, char **argv)
{
	struct doctor doctor = { .findings = json_array(),
				 .settings = json_array() };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	const char *repo = NULL;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("doctor", rows, &argc, argv, 0);
	if (ret >= 0)
		goto out;
	ret = gate_open(&gate, repo, NULL, &err);
	if (ret < 0) {
		ret = cmd_fail(&err);
		goto out;
	}
	pager_configure(gate.repo);
	check_config(&doctor, &gate);
	check_hooks(&doctor, &gate);
	check_store(&doctor, &gate);
	check_canary(&doctor, &gate);
	check_sandbox(&doctor, &gate);
	check_pool(&doctor, &gate);
	/* Last: it holds secrets, which nothing started here may inherit. */
	deliver_check(&gate, on_check, &doctor);
	if (json) {
		json_t *all = json_pack("{s:O, s:O}", "settings",
					doctor.settings, "findings",
					doctor.findings);

		json_print(all);
		json_decref(all);
	} else {
		print_text(&doctor);
	}
	ret = doctor.bad ? EXIT_REGRESSION : EXIT_FINE;
out:
	json_decref(doctor.findings);
	json_decref(doctor.settings);
	gate_close(&gate);
	return ret;
}
