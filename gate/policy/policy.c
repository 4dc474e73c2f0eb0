#include "policy/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "policy/directive.h"
#include "policy/keys.h"
#include "policy/settings.h"

static int
is_ours(const char *key)
{
	size_t len = strlen(SECTION_GATE);

	return !strncmp(key, SECTION_GATE, len) &&
	       (key[len] == '.' || key[len] == '-');
}

static double
percent_of(const char *text)
{
	double fraction = INFINITY;

	if (text && strcasecmp(text, "never"))
		(void)units_parse_percent(text, &fraction);
	return fraction;
}

/* A severe below the threshold of the same place is a slip of the pen. */
static void
check_severe(const struct policy *policy, const struct setting *severe,
	     struct problems *problems)
{
	const struct setting *threshold = NULL;

	if (strcmp(severe->row->name, "severe"))
		return;
	for (size_t i = 0; i < policy->count; i++)
		if (policy->settings[i].row->type == KEY_PERCENT &&
		    settings_are_together(&policy->settings[i], severe))
			threshold = &policy->settings[i];
	if (threshold &&
	    percent_of(severe->value) < percent_of(threshold->value))
		problems_add(problems, severe->where,
			     "severe = %s is below threshold = %s: write a "
			     "larger one",
			     severe->value, threshold->value);
}

/* Files in memory are charged to the trial: a full disk must not look as if
 * the test had run out of memory. */
static void
check_disk(const struct policy *policy, struct problems *problems)
{
	const struct setting *disk = settings_find(policy, SECTION_SANDBOX,
						   "disk", NULL, NULL, NULL);
	struct sandbox_policy sandbox;

	policy_sandbox(policy, &sandbox);
	if (disk && sandbox.disk_bytes >= sandbox.memory_bytes)
		problems_add(
			problems, disk->where,
			"disk = %s is in memory: write less than %s.memory",
			disk->value, SECTION_SANDBOX);
}

struct policy *
policy_new(const struct config *config, struct problems *problems)
{
	struct policy *policy = mem_new(1, sizeof(*policy));

	for (size_t i = 0; i < config->count; i++)
		if (is_ours(config->items[i].key))
			settings_add(policy, &config->items[i], problems);
	for (size_t i = 0; i < policy->count; i++)
		check_severe(policy, &policy->settings[i], problems);
	check_disk(policy, problems);
	return policy;
}

void
policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->count; i++) {
		free(policy->settings[i].pattern);
		free(policy->settings[i].metric);
		free(policy->settings[i].value);
		free(policy->settings[i].where);
	}
	for (size_t i = 0; i < policy->list_count; i++)
		texts_release(&policy->lists[i].texts);
	free(policy->settings);
	free(policy->lists);
	free(policy);
}

/* Never NULL, may be empty. */
static const struct texts *
list_for(const struct policy *policy, const char *section, const char *name,
	 const char *subject)
{
	static char perf[] = "perf/*", *tests[] = { perf };
	static char prose[] = "*.md", *ignored[] = { prose };
	static const struct texts none, usual_tests = { tests, 1, 1 },
					usual_ignore = { ignored, 1, 1 };
	const struct texts *set = settings_list(policy, section, name, subject);

	if (set)
		return set;
	if (!strcmp(name, "tests"))
		return &usual_tests;
	return strcmp(name, "ignore") ? &none : &usual_ignore;
}

static const char *
value_for(const struct policy *policy, const char *section, const char *name,
	  const char *subject)
{
	const struct setting *setting = settings_find(policy, section, name,
						      subject, NULL, NULL);

	/* `build =` takes back what an outer file said. */
	if (setting)
		return *setting->value ? setting->value : NULL;
	return key_find(section, strlen(section), name)->initial;
}

const char *
policy_text(const struct policy *policy, const char *section, const char *name)
{
	return value_for(policy, section, name, NULL);
}

int
policy_is_true(const struct policy *policy, const char *section,
	       const char *name)
{
	const char *value = policy_text(policy, section, name);

	return value && key_is_true(value);
}

const char *
mode_name(enum mode mode)
{
	switch (mode) {
	case MODE_OFF:
		return "off";
	case MODE_REPORT:
		return "report";
	case MODE_RECALL:
		return "recall";
	case MODE_WAIT:
		return "wait";
	}
	return "off";
}

static enum mode
mode_of(const char *text)
{
	for (int i = MODE_OFF; i <= MODE_WAIT; i++)
		if (!strcasecmp(mode_name((enum mode)i), text))
			return (enum mode)i;
	return MODE_REPORT;
}

static enum decision
decision_for(const struct policy *policy, const char *name, const char *ref)
{
	return strcasecmp(value_for(policy, SECTION_GATE, name, ref), "reject")
		       ? DECISION_ACCEPT
		       : DECISION_REJECT;
}

static int64_t
duration_for(const struct policy *policy, const char *section, const char *name,
	     const char *ref)
{
	int64_t ms = 0;

	(void)units_parse_duration(value_for(policy, section, name, ref), &ms);
	return ms;
}

static int64_t
size_for(const struct policy *policy, const char *section, const char *name)
{
	int64_t bytes = 0;

	(void)units_parse_size(value_for(policy, section, name, NULL), &bytes);
	return bytes;
}

static unsigned
count_for(const struct policy *policy, const char *section, const char *name,
	  const char *ref)
{
	int64_t count = 1;

	(void)units_parse_count(value_for(policy, section, name, ref), 0,
				INT32_MAX, &count);
	return (unsigned)count;
}

/* Tags and other refs are weighed only where a pattern names them. */
static enum mode
mode_for(const struct policy *policy, const char *ref)
{
	const struct setting *setting = settings_find(policy, SECTION_GATE,
						      "mode", ref, NULL, NULL);

	if (strncmp(ref, "refs/heads/", 11) && (!setting || !setting->pattern))
		return MODE_OFF;
	return mode_of(setting ? setting->value : "report");
}

void
policy_ref(const struct policy *policy, const char *ref,
	   struct ref_policy *result)
{
	const struct setting *watched = settings_find(policy, SECTION_GATE,
						      "drift", ref, NULL, NULL);
	struct test_policy limits;

	policy_test(policy, ref, NULL, NULL, &limits);
	*result = (struct ref_policy){
		.mode = mode_for(policy, ref),
		.threshold = limits.threshold,
		.severe = limits.severe,
		.budget_ms = duration_for(policy, SECTION_GATE, "budget", ref),
		.late = decision_for(policy, "late", ref),
		.unweighed = decision_for(policy, "unweighed", ref),
		.broken = decision_for(policy, "broken", ref),
		.failure = decision_for(policy, "failure", ref),
		.commits = count_for(policy, SECTION_GATE, "commits", ref),
		.rounds = count_for(policy, SECTION_GATE, "rounds", ref),
		.ignore = list_for(policy, SECTION_GATE, "ignore", ref),
		.tests = list_for(policy, SECTION_GATE, "tests", ref),
		.build = value_for(policy, SECTION_GATE, "build", ref),
		.setup = value_for(policy, SECTION_GATE, "setup", ref),
		.overtake = key_is_true(
			value_for(policy, SECTION_GATE, "overtake", ref)),
		.is_trusted = key_is_true(
			value_for(policy, SECTION_GATE, "trusted", ref)),
		.is_watched = watched && watched->pattern
	};
}

/* A limit for a test; *rank gets how exactly it is meant. What is said of the
 * test comes before what is said of the ref. */
static double
limit_for(const struct policy *policy, const char *name, const char *ref,
	  const char *test, const char *metric, size_t *rank)
{
	const struct setting *setting = NULL;

	if (test)
		setting = settings_find(policy, SECTION_TEST, name, test,
					metric, rank);
	if (setting) {
		*rank += SIZE_MAX / 2;
		return percent_of(setting->value);
	}
	setting = settings_find(policy, SECTION_GATE, name, ref, NULL, rank);
	if (setting)
		return percent_of(setting->value);
	return percent_of(
		key_find(SECTION_GATE, strlen(SECTION_GATE), name)->initial);
}

void
policy_test(const struct policy *policy, const char *ref, const char *test,
	    const char *metric, struct test_policy *result)
{
	size_t threshold_rank = 0, severe_rank = 0, drift_rank = 0;

	result->threshold = limit_for(policy, "threshold", ref, test, metric,
				      &threshold_rank);
	result->severe = limit_for(policy, "severe", ref, test, metric,
				   &severe_rank);
	result->drift = limit_for(policy, "drift", ref, test, metric,
				  &drift_rank);
	if (!drift_rank)
		result->drift = 0;
	if (result->severe >= result->threshold)
		return;
	/* What is severe is a regression; the more exact of the two stands. */
	if (severe_rank > threshold_rank)
		result->threshold = result->severe;
	else
		result->severe = result->threshold;
}

unsigned
policy_backfill(const struct policy *policy, const char *test)
{
	const struct setting *setting = settings_find(
		policy, SECTION_TEST, "backfill", test, NULL, NULL);
	int64_t count = 0;

	(void)units_parse_count(
		setting ? setting->value
			: value_for(policy, SECTION_GATE, "backfill", NULL),
		0, INT32_MAX, &count);
	return (unsigned)count;
}

int
policy_tighten(struct test_policy *policy, const struct directives *directives)
{
	int looser = 0;

	if (directives->threshold > 0) {
		looser |= directives->threshold > policy->threshold;
		policy->threshold = fmin(policy->threshold,
					 directives->threshold);
	}
	if (directives->severe > 0) {
		looser |= directives->severe > policy->severe;
		policy->severe = fmin(policy->severe, directives->severe);
	}
	if (policy->severe < policy->threshold)
		policy->threshold = policy->severe;
	return looser;
}

void
policy_sandbox(const struct policy *policy, struct sandbox_policy *result)
{
	const char *box = SECTION_SANDBOX;

	*result = (struct sandbox_policy){
		.root = policy_text(policy, box, "root"),
		.counter = policy_text(policy, box, "counter"),
		.build_cache = policy_text(policy, box, "buildCache"),
		.read = list_for(policy, box, "read", NULL),
		.env = list_for(policy, box, "env", NULL),
		.memory_bytes = size_for(policy, box, "memory"),
		.disk_bytes = size_for(policy, box, "disk"),
		.output_bytes = size_for(policy, box, "output"),
		.cpu_ms = duration_for(policy, box, "cpuTime", NULL),
		.wall_ms = duration_for(policy, box, "wallTime", NULL),
		.build_ms = duration_for(policy, box, "buildTime", NULL),
		.session_ms = duration_for(policy, box, "sessionTime", NULL),
		.processes = count_for(policy, box, "processes", NULL),
		.files = count_for(policy, box, "files", NULL)
	};
	if (!key_is_true(policy_text(policy, box, "sampler")))
		result->sample_ms = -1;
	else if (policy_text(policy, box, "samplerInterval"))
		result->sample_ms = duration_for(policy, box, "samplerInterval",
						 NULL);
}

void
policy_pool(const struct policy *policy, struct pool_policy *result)
{
	const char *pool = SECTION_POOL;

	*result = (struct pool_policy){
		.type = policy_text(policy, pool, "type"),
		.cpus = policy_text(policy, pool, "cpus"),
		.lock_dir = policy_text(policy, pool, "lockDir"),
		.cache = policy_text(policy, pool, "cache"),
		.cache_size = policy_text(policy, pool, "cacheSize"),
		.launch = policy_text(policy, pool, "launch"),
		.partition = policy_text(policy, pool, "partition"),
		.background = policy_text(policy, pool, "backgroundPartition"),
		.runner = policy_text(policy, pool, "runner"),
		.options = policy_text(policy, pool, "options"),
		.features = list_for(policy, pool, "features", NULL),
		.constraint = list_for(policy, pool, "constraint", NULL),
		.slots = count_for(policy, pool, "slots", NULL),
		.per_repository = count_for(policy, pool, "perRepository",
					    NULL),
		.per_pusher = count_for(policy, pool, "perPusher", NULL),
		.launches = count_for(policy, pool, "launches", NULL),
		.patience_ms = duration_for(policy, pool, "patience", NULL),
		.is_elsewhere = policy_is_true(policy, pool, "copy")
	};
	if (!strcmp(result->type, "slurm"))
		result->is_elsewhere = 1;
}

int
policy_may_accept(const struct policy *policy, const char *pusher)
{
	const struct texts *accepters = list_for(policy, SECTION_GATE,
						 "accepters", NULL);

	return !accepters->count || texts_has(accepters, pusher);
}
