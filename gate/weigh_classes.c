#include "weigh_classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "policy/directive.h"
#include "weigh.h"

/* A class of machines, and its part of the weighing. */
struct class
{
	const struct weigh *weigh;
	const char *needs; /* "": any machine */
	size_t index, count;
};

static const char *
needs_of(const struct plan_request_test *test)
{
	const char *needs = test->directives->needs;

	return needs ? needs : "";
}

/* The classes of the request's tests, each once. */
static void
list_classes(struct texts *classes, const struct plan_request *request)
{
	for (size_t i = 0; i < request->test_count; i++)
		if (!texts_has(classes, needs_of(&request->tests[i])))
			texts_add(classes, needs_of(&request->tests[i]));
}

/* The request's tests of one class; freed by the caller. */
static struct plan_request_test *
tests_of(const struct plan_request *request, const char *needs, size_t *count)
{
	struct plan_request_test *tests = mem_new(request->test_count,
						  sizeof(*tests));

	*count = 0;
	for (size_t i = 0; i < request->test_count; i++)
		if (!strcmp(needs_of(&request->tests[i]), needs))
			tests[(*count)++] = request->tests[i];
	return tests;
}

static void
refuse(struct weigh_result *result, const struct plan_request *part,
       const char *why)
{
	for (size_t i = 0; i < result->count; i++) {
		for (size_t j = 0; j < part->test_count; j++) {
			struct report_test *test = report_test(
				&result->reports[i], part->tests[j].path);

			test->verdict = VERDICT_UNWEIGHED;
			report_set(&test->why, why);
		}
		report_conclude(&result->reports[i]);
	}
}

static void
set_if_new(char **text, char **from)
{
	if (!*text) {
		*text = *from;
		*from = NULL;
	}
}

static void
merge_report(struct report *into, struct report *from)
{
	char *sessions = mem_text("%s%s%s",
				  into->sessions ? into->sessions : "",
				  into->sessions && from->sessions ? " " : "",
				  from->sessions ? from->sessions : "");

	for (size_t i = 0; i < from->count; i++) {
		struct report_test *test = report_test(into,
						       from->tests[i].path);

		report_test_release(test);
		*test = from->tests[i];
	}
	from->count = 0;
	free(into->sessions);
	into->sessions = sessions;
	set_if_new(&into->environment, &from->environment);
	set_if_new(&into->machine, &from->machine);
	set_if_new(&into->counter, &from->counter);
	into->spent_ms += from->spent_ms;
	into->time_s = from->time_s > into->time_s ? from->time_s
						   : into->time_s;
	report_conclude(into);
}

/* Take over what a part came to. */
static void
merge(struct weigh_result *into, struct weigh_result *from)
{
	size_t count = into->session_count + from->session_count;

	for (size_t i = 0; i < from->count; i++)
		merge_report(&into->reports[i], &from->reports[i]);
	into->sessions = mem_resize(into->sessions, count ? count : 1,
				    sizeof(*into->sessions));
	for (size_t i = 0; i < from->session_count; i++)
		into->sessions[into->session_count++] = from->sessions[i];
	from->session_count = 0;
	into->late |= from->late;
}

/* Each class has its share of the bar. */
static void
tell_part(void *data, const struct weigh_progress *progress)
{
	const struct class *class = data;
	struct weigh_progress whole = *progress;

	whole.share = ((double)class->index + progress->share) /
		      (double)class->count;
	whole.left_ms = -1;
	class->weigh->progress(class->weigh->progress_data, &whole);
}

static int
gives_way(void *data)
{
	const struct class *class = data;

	return class->weigh->give_way(class->weigh->progress_data);
}

static int
weigh_class(struct class *class, const struct plan_request *request,
	    struct weigh_result *result, struct err *err)
{
	struct plan_request part = *request;
	struct plan_request_test *tests = tests_of(request, class->needs,
						   &part.test_count);
	struct weigh weigh = *class->weigh;
	struct weigh_result found = { 0 };
	struct err why = ERR_INIT;
	int ret = 0;

	part.tests = tests;
	weigh.progress_data = class;
	if (weigh.progress)
		weigh.progress = tell_part;
	if (weigh.give_way)
		weigh.give_way = gives_way;
	/* What cannot be told is found out by trying. */
	if (*class->needs && !pool_has(&weigh.pool, class->needs, &why)) {
		refuse(result, &part, why.text);
	} else {
		ret = weigh_run(&weigh, &part, &found, err);
		if (!ret)
			merge(result, &found);
		weigh_release(&found);
	}
	free(tests);
	return ret;
}

int
weigh_classes(const struct weigh *weigh, const struct plan_request *request,
	      struct weigh_result *result, struct err *err)
{
	struct texts classes = { 0 };
	int ret = 0;

	list_classes(&classes, request);
	if (classes.count == 1 && !*classes.items[0]) {
		ret = weigh_run(weigh, request, result, err);
		goto out;
	}
	*result = (struct weigh_result){ .count = request->commit_count };
	result->reports = mem_new(result->count, sizeof(*result->reports));
	for (size_t i = 0; i < result->count; i++)
		report_init(&result->reports[i], &request->commits[i].commit);
	for (size_t i = 0; !ret && i < classes.count; i++) {
		struct class class = { weigh, classes.items[i], i,
				       classes.count };

		ret = weigh_class(&class, request, result, err);
	}
	if (ret < 0)
		weigh_release(result);
out:
	texts_release(&classes);
	return ret;
}
