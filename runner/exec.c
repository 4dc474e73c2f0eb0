#include "runner/exec.h"
#include "runner/count.h"
#include "runner/course.h"
#include "runner/environment.h"
#include "runner/message.h"
#include "runner/sandbox.h"
#include "runner/trial.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/json.h"
#include "base/options.h"
#include "base/protocol.h"
#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the options say, as text and then as numbers. */
struct exec_options {
	const char *slot, *cpus, *root, *tree, *source, *target, *build, *setup;
	const char *memory, *processes, *cpu, *disk, *output, *files, *timeout;
	const char *count, *sample;
	int64_t sample_ms;
	const struct counter_event *counters;
	struct texts read, env;
	int events, keep_stdout, writable, fixed_layout, again;
	int without_filter, without_cgroup;
	int64_t timeout_ms;
	struct sandbox_options sandbox;
};

struct exec_events {
	struct buf text;
	int64_t start_ns, first_ns;
};

static const char usage[] = "pacegate-runner --exec [options] -- COMMAND...";
static const char summary[] =
	"Run one command in the sandbox, as a trial would be, and print what "
	"became of it.";

static int exec_parse(struct exec_options *options, int *argc, char **argv,
		      int *help, struct err *err);
static int exec_command(struct sandbox *sandbox,
			const struct exec_options *options, char **argv,
			json_t **answer, struct err *err);
static int exec_count(struct sandbox *sandbox,
		      const struct exec_options *options, char **argv,
		      json_t **answer, struct err *err);
static int exec_build(struct sandbox *sandbox,
		      const struct exec_options *options, json_t **answer,
		      struct err *err);

static int
was_asked_again(void)
{
	char byte = 0;

	while (io_read(STDIN_FILENO, &byte, 1) == 1)
		if (byte == '\n')
			return 1;
	return 0;
}

int
runner_exec(int argc, char **argv)
{
	struct exec_options options = { .timeout_ms = 60000 };
	struct sandbox sandbox = SANDBOX_INIT;
	struct err err = ERR_INIT;
	json_t *answer = NULL;
	int help = 0, ret = exec_parse(&options, &argc, argv, &help, &err);

	if (help || ret < 0)
		goto out;
	ret = sandbox_open(&options.sandbox, &sandbox, &err);
	if (!ret && options.build)
		ret = exec_build(&sandbox, &options, &answer, &err);
	else if (!ret && options.count && !strcmp(options.count, "valgrind"))
		ret = exec_count(&sandbox, &options, argv + 1, &answer, &err);
	else if (!ret)
		ret = exec_command(&sandbox, &options, argv + 1, &answer, &err);
	if (!ret)
		ret = json_write_line(STDOUT_FILENO, answer, &err);
	while (!ret && options.again && !options.build && was_asked_again()) {
		json_decref(answer);
		answer = NULL;
		ret = exec_command(&sandbox, &options, argv + 1, &answer, &err);
		if (!ret)
			ret = json_write_line(STDOUT_FILENO, answer, &err);
	}
	sandbox_close(&sandbox);
out:
	json_decref(answer);
	texts_release(&options.read);
	texts_release(&options.env);
	if (ret == 0)
		return EXIT_FINE;
	fprintf(stderr, "pacegate-runner: %s\n", err.text);
	return ret == ERR_INPUT ? EXIT_USAGE : EXIT_OURS;
}

static int
parse_one(const char *name, const char *text,
	  int (*parse)(const char *text, int64_t *value), int64_t *value,
	  struct err *err)
{
	if (text && parse(text, value) < 0)
		return err_set(err, ERR_INPUT, "--%s %s: not a value for it",
			       name, text);
	return 0;
}

static int
parse_count(const char *text, int64_t *value)
{
	return units_parse_count(text, 0, 1 << 30, value);
}

static int
exec_numbers(struct exec_options *options, struct err *err)
{
	struct sandbox_limits *limits = &options->sandbox.limits;
	int64_t slot = -1;
	int ret = parse_one("memory", options->memory, units_parse_size,
			    &limits->memory_bytes, err);

	if (!ret)
		ret = parse_one("disk", options->disk, units_parse_size,
				&limits->disk_bytes, err);
	if (!ret)
		ret = parse_one("output", options->output, units_parse_size,
				&limits->output_bytes, err);
	if (!ret)
		ret = parse_one("processes", options->processes, parse_count,
				&limits->processes, err);
	if (!ret)
		ret = parse_one("files", options->files, parse_count,
				&limits->files, err);
	if (!ret)
		ret = parse_one("cpu", options->cpu, units_parse_duration,
				&limits->cpu_ms, err);
	if (!ret)
		ret = parse_one("timeout", options->timeout,
				units_parse_duration, &options->timeout_ms,
				err);
	if (!ret)
		ret = parse_one("sample", options->sample, units_parse_duration,
				&options->sample_ms, err);
	if (!ret)
		ret = parse_one("slot", options->slot, parse_count, &slot, err);
	options->sandbox.slot = (int)slot;
	return ret;
}

static int
exec_parse(struct exec_options *options, int *argc, char **argv, int *help,
	   struct err *err)
{
	struct exec_options *o = options;
	const struct option_row rows[] = {
		{ "tree", 't', OPTION_TEXT, "DIR", "show it at /t", &o->tree },
		{ "tree-writable", 0, OPTION_FLAG, NULL,
		  "and let the command write there", &o->writable },
		{ "source", 0, OPTION_TEXT, "DIR", "show it at /src",
		  &o->source },
		{ "build", 0, OPTION_TEXT, "COMMAND",
		  "build --source into --target instead", &o->build },
		{ "setup", 0, OPTION_TEXT, "COMMAND", "before --build",
		  &o->setup },
		{ "target", 0, OPTION_TEXT, "DIR", "an empty directory",
		  &o->target },
		{ "slot", 0, OPTION_TEXT, "N", "as root: whose user to become",
		  &o->slot },
		{ "cpus", 0, OPTION_TEXT, "LIST", "such as 0-1,4", &o->cpus },
		{ "root", 0, OPTION_TEXT, "DIR", "another root file system",
		  &o->root },
		{ "read", 0, OPTION_TEXTS, "PATH", "show it too, read-only",
		  &o->read },
		{ "env", 0, OPTION_TEXTS, "NAME=VALUE", "set it", &o->env },
		{ "timeout", 0, OPTION_TEXT, "TIME", "default 60s",
		  &o->timeout },
		{ "memory", 0, OPTION_TEXT, "SIZE", "limit", &o->memory },
		{ "processes", 0, OPTION_TEXT, "N", "limit", &o->processes },
		{ "cpu", 0, OPTION_TEXT, "TIME", "limit of CPU time", &o->cpu },
		{ "disk", 0, OPTION_TEXT, "SIZE", "limit", &o->disk },
		{ "output", 0, OPTION_TEXT, "SIZE", "limit", &o->output },
		{ "files", 0, OPTION_TEXT, "N", "limit of open files",
		  &o->files },
		{ "events", 0, OPTION_FLAG, NULL,
		  "set PERF_EVENTS and print "
		  "what comes",
		  &o->events },
		{ "stdout", 0, OPTION_FLAG, NULL, "print stdout apart",
		  &o->keep_stdout },
		{ "fixed-layout", 0, OPTION_FLAG, NULL,
		  "no address space randomisation", &o->fixed_layout },
		{ "count", 0, OPTION_TEXT, "perf|valgrind|software",
		  "count instructions by this", &o->count },
		{ "again", 0, OPTION_FLAG, NULL,
		  "once more for each line on stdin", &o->again },
		{ "sample", 0, OPTION_TEXT, "TIME",
		  "print what it uses over time, so often", &o->sample },
		{ "unsafe-without-filter", 0, OPTION_FLAG, NULL,
		  "no system call filter: to see that tests bite",
		  &o->without_filter },
		{ "unsafe-without-cgroup", 0, OPTION_FLAG, NULL,
		  "no control group: to see what holds without",
		  &o->without_cgroup },
		{ NULL, 0, OPTION_FLAG, NULL, NULL, NULL },
	};
	int ret = options_parse(rows, argc, argv, help, err);

	if (ret == 0 && *help)
		options_print(*help, "exec", usage, summary, rows);
	if (ret < 0 || *help)
		return ret;
	if (o->count && !strcmp(o->count, "perf"))
		o->counters = counters_hardware;
	else if (o->count && !strcmp(o->count, "software"))
		o->counters = counters_software;
	else if (o->count && strcmp(o->count, "valgrind") != 0)
		return err_set(err, ERR_INPUT,
			       "--count %s: perf, software or valgrind",
			       o->count);
	if (!o->build && *argc < 2)
		return err_set(err, ERR_INPUT, "no command: %s", usage);
	if (o->build && (!o->source || !o->target))
		return err_set(err, ERR_INPUT,
			       "--build needs --source and --target");
	o->sandbox.cpus = o->cpus;
	o->sandbox.root = o->root;
	o->sandbox.read = &o->read;
	o->sandbox.env = &o->env;
	o->sandbox.without_filter = o->without_filter;
	o->sandbox.without_cgroup = o->without_cgroup;
	return exec_numbers(o, err);
}

static void
on_start(void *data, int64_t start_ns)
{
	struct exec_events *events = data;

	events->start_ns = start_ns;
}

static int
on_event_bytes(void *data, const char *bytes, size_t len, int64_t received_ns)
{
	struct exec_events *events = data;

	if (!events->text.len)
		events->first_ns = received_ns;
	buf_add(&events->text, bytes, len);
	return 0;
}

static json_t *
texts_json(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		json_array_append_new(array, json_text(texts->items[i]));
	return array;
}

static void
set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *
counted_json(const struct sandbox_result *run)
{
	json_t *object = json_object();

	for (int i = 0; i < COUNTERS_MAX; i++)
		if (run->counters[i].metric)
			set(object, run->counters[i].metric,
			    json_num(run->counters[i].value));
	return object;
}

static json_t *
trial_json(const struct sandbox *sandbox, const struct trial_result *trial)
{
	const struct sandbox_result *run = &trial->run;
	json_t *answer = json_object(), *metrics = json_object();
	struct buf text = BUF_INIT;

	set(answer, "outcome", json_text(trial->outcome));
	set(answer, "status", json_integer(trial->status));
	set(answer, "why", json_text(trial->why));
	for (size_t i = 0; i < trial->metric_count; i++)
		set(metrics, trial->metrics[i].name,
		    json_num(trial->metrics[i].value));
	set(answer, "metrics", metrics);
	set(answer, "counted", counted_json(run));
	set(answer, "marks", texts_json(&trial->marks));
	set(answer, "strays", json_integer((json_int_t)run->strays));
	set(answer, "output_bytes", json_integer(run->output_bytes));
	set(answer, "log", json_text_len(buf_text(&run->log), run->log.len));
	sandbox_describe(sandbox, &text);
	set(answer, "sandbox", json_text(buf_text(&text)));
	set(answer, "notes", texts_json(&sandbox->notes));
	buf_release(&text);
	return answer;
}

static int
exec_command(struct sandbox *sandbox, const struct exec_options *options,
	     char **argv, json_t **answer, struct err *err)
{
	struct exec_events events = { .text = BUF_INIT };
	struct trial_result trial = TRIAL_RESULT_INIT;
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct buf out = BUF_INIT;
	struct course course;
	char *given = argv[0], *found = NULL;
	const struct sandbox_step step = { .argv = (const char *const *)argv };
	int64_t before_ns;
	int ret;

	if (!strchr(argv[0], '/'))
		argv[0] = found = mem_text("/usr/bin/%s", argv[0]);
	command.steps = &step;
	command.step_count = 1;
	command.tree = options->tree;
	command.tree_writable = options->writable;
	command.source = options->source;
	command.fixed_layout = options->fixed_layout;
	command.counters = options->counters;
	command.course = options->sample ? &course : NULL;
	command.course_interval_ns = options->sample_ms * 1000000;
	command.timeout_ms = options->timeout_ms;
	command.keep_stdout = options->keep_stdout ? &out : NULL;
	command.stdout_max = 1 << 20;
	command.data = &events;
	command.on_start = on_start;
	command.on_event_bytes = options->events ? on_event_bytes : NULL;
	before_ns = clock_monotonic_ns(&clock_real);
	ret = sandbox_run(sandbox, &command, &trial.run, err);
	if (ret < 0)
		goto out;
	trial_classify(&sandbox->limits, NULL, argv[0], options->timeout_ms,
		       &trial);
	trial_measure(&trial);
	trial_mark(&trial);
	*answer = trial_json(sandbox, &trial);
	set(*answer, "whole_ns",
	    json_integer(clock_monotonic_ns(&clock_real) - before_ns));
	if (options->sample)
		json_object_update_new(*answer, message_course(0, 0, &course));
	if (options->events)
		set(*answer, "events",
		    json_text_len(buf_text(&events.text), events.text.len));
	if (options->keep_stdout)
		set(*answer, "stdout", json_text_len(buf_text(&out), out.len));
out:
	trial_result_release(&trial);
	buf_release(&events.text);
	buf_release(&out);
	argv[0] = given;
	free(found);
	return ret;
}

/* Only the count: the times of such a run say nothing. */
static int
exec_count(struct sandbox *sandbox, const struct exec_options *options,
	   char **argv, json_t **answer, struct err *err)
{
	const struct count_command command = {
		.tree = options->tree,
		.argv = (const char *const *)argv,
		.timeout_ms = options->timeout_ms,
		.events = options->events,
	};
	struct count_result result = { 0 };
	int ret = count_probe(sandbox, err);

	if (!ret)
		ret = count_run(sandbox, &command, &result, err);
	if (ret < 0)
		return ret;
	*answer = json_object();
	set(*answer, "why", json_text(result.why));
	if (!*result.why)
		set(*answer, "counted",
		    json_pack("{s:f}", "instructions", result.instructions));
	return 0;
}

static int
exec_build(struct sandbox *sandbox, const struct exec_options *options,
	   json_t **answer, struct err *err)
{
	const struct sandbox_build build = { .source = options->source,
					     .target = options->target,
					     .setup = options->setup,
					     .build = options->build,
					     .timeout_ms = options->timeout_ms,
					     .watch = -1 };
	struct sandbox_build_result result;
	int ret = sandbox_build(sandbox, &build, &result, err);

	if (!ret) {
		*answer = json_object();
		set(*answer, "failed", json_boolean(result.failed));
		set(*answer, "why", json_text(result.why));
		set(*answer, "ms", json_integer(result.wall_ns / 1000000));
		set(*answer, "log",
		    json_text_len(buf_text(&result.log), result.log.len));
	}
	sandbox_build_result_release(&result);
	return ret;
}
