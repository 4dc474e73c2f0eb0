#include "hooks/receive.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "hooks/choose.h"
#include "hooks/journal.h"
#include "hooks/start.h"
#include "policy/keys.h"
#include "report/accept.h"
#include "repo/repo.h"

/* Services give up on a merge in the browser after a minute or less. */
enum { WEB_BUDGET_MS = 45000, LONG_MS = 1000 };

#define say(receive, ...)                                                      \
	receive_say(receive, receive_keep(receive, 0), __VA_ARGS__)

/* For pusher_identify(): the login is that of the running user, whatever the
 * environment says. */
static const char *
look_up(const char *name)
{
	static char number[24];
	const struct passwd *entry;

	if (strcmp(name, "USER"))
		return getenv(name);
	entry = getpwuid(geteuid());
	snprintf(number, sizeof(number), "uid %u", (unsigned)geteuid());
	return entry ? entry->pw_name : number;
}

static void
say_failure(struct receive *receive, const struct err *err)
{
	receive_say(receive, receive_keep(receive, 1),
		    "failure of the gate itself, not of your push: %s",
		    err->text);
}

/* Our own failure goes the configured way. */
static void
fail_update(struct update *update)
{
	if (update->policy.failure == DECISION_REJECT)
		update->refusal = "the gate failed, and pacegate.failure is "
				  "set to reject";
}

static int
gather_one(struct receive *receive, struct update *update, struct err *err)
{
	struct gather_input input = {
		.repo = receive->gate.repo,
		.store = receive->gate.store,
		.policy = receive->gate.policy,
		.ref = update->line->ref,
		.old = update->line->old,
		.new = update->line->new,
		.options = &receive->push->options,
		.may_accept = policy_may_accept(receive->gate.policy,
						receive->pusher.name),
		.facts_only = update->policy.mode == MODE_REPORT
	};
	struct buf text = BUF_INIT;
	int ret = gather_update(&update->gather, &input, err);

	receive_show_problems(receive, &update->gather.problems);
	if (ret < 0)
		return ret;
	gather_add_text(&update->gather, &text);
	if (update->gather.outcome == GATHER_WEIGH &&
	    update->policy.mode == MODE_REPORT)
		buf_adds(&text, "; measured after the push");
	if (update->gather.outcome != GATHER_NOTHING)
		say(receive, "%s", buf_text(&text));
	buf_release(&text);
	return 0;
}

static void
on_progress(void *data, const struct weigh_progress *progress)
{
	struct receive *receive = data;
	struct buf line = BUF_INIT;

	sideband_bar(&line, progress->share, progress->what, progress->left_ms);
	sideband_progress(&receive->screen.sideband, buf_text(&line));
	buf_release(&line);
}

static int
weigh_one(struct receive *receive, struct update *update, struct err *err)
{
	int64_t budget_ms = update->policy.budget_ms;
	struct gate_run run = { .class = SLOT_BLOCKING,
				.progress = on_progress,
				.data = receive };
	struct weigh_result result;
	int ret;

	if (receive->pusher.web && budget_ms > WEB_BUDGET_MS)
		budget_ms = WEB_BUDGET_MS;
	run.deadline_ms = receive->start_ms + budget_ms;
	ret = gate_weigh(&receive->gate, &update->gather, &run, &result, err);
	if (!ret) {
		report_release(&update->report);
		/* The tip's report moves out of the result. */
		update->report = result.reports[result.count - 1];
		report_init(&result.reports[result.count - 1],
			    &update->gather.update.tip);
		update->has_report = 1;
		update->late = result.late;
	}
	weigh_release(&result);
	return ret;
}

static int
put_report(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return gate_put_report(tx, data);
}

/* Trailers speak; what they changed is the verdict from here on. */
static int
settle(struct receive *receive, struct update *update, struct err *err)
{
	struct texts lines = { 0 };

	report_accept(&update->report, &update->gather.trailers, &lines);
	receive_show(receive, update);
	for (size_t i = 0; i < lines.count; i++)
		say(receive, "%s", lines.items[i]);
	texts_release(&lines);
	return store_write(receive->gate.store, put_report, &update->report,
			   err);
}

static void
decide(struct update *update)
{
	const struct ref_policy *policy = &update->policy;

	update->decided = !update->late;
	switch (update->report.verdict) {
	case VERDICT_SEVERE:
		update->refusal = "severely slower";
		return;
	case VERDICT_BROKEN:
		if (policy->broken == DECISION_REJECT)
			update->refusal = "the build or a test fails";
		break;
	case VERDICT_FAILURE:
		if (policy->failure == DECISION_REJECT)
			update->refusal = "the gate failed";
		break;
	case VERDICT_PASS:
	case VERDICT_IMPROVED:
	case VERDICT_NEW:
	case VERDICT_ACCEPTED:
	case VERDICT_UNDECIDED:
	case VERDICT_UNWEIGHED:
	case VERDICT_REGRESSED:
		break;
	}
	if (update->late && policy->late == DECISION_REJECT)
		update->refusal = "the budget did not suffice";
}

static int
wait_for(struct receive *receive, struct update *update, struct err *err)
{
	int known = gate_recall(&receive->gate, &update->gather,
				&update->report, err);

	if (known < 0)
		return known;
	if (known) {
		say(receive, "weighed before: the verdict stands");
		update->has_report = 1;
	} else if (weigh_one(receive, update, err) < 0) {
		return err->code;
	}
	if (settle(receive, update, err) < 0)
		return err->code;
	decide(update);
	if (update->late)
		say(receive, "the budget is used up: %s",
		    update->refusal ? "push again later"
				    : "the rest is measured after the push");
	return 0;
}

static int
recall(struct receive *receive, struct update *update, struct err *err)
{
	int known = gate_recall(&receive->gate, &update->gather,
				&update->report, err);

	if (known < 0)
		return known;
	if (known) {
		update->has_report = 1;
		if (settle(receive, update, err) < 0)
			return err->code;
		decide(update);
		return 0;
	}
	say(receive, "this commit was never weighed; push it to another branch "
		     "first, where it is measured");
	if (update->policy.unweighed == DECISION_REJECT)
		update->refusal = "not weighed yet, which takes a push to "
				  "another branch";
	return 0;
}

static int
act(struct receive *receive, struct update *update, struct err *err)
{
	if (update->gather.outcome != GATHER_WEIGH)
		return 0;
	switch (update->policy.mode) {
	case MODE_OFF:
	case MODE_REPORT:
		return 0;
	case MODE_RECALL:
		return recall(receive, update, err);
	case MODE_WAIT:
		return wait_for(receive, update, err);
	}
	return 0;
}

/* A push of very many commits takes a while to read. */
static void
on_commits(void *data, size_t commits)
{
	struct receive *receive = data;
	char line[80];

	snprintf(line, sizeof(line), "pacegate: %zu commits read", commits);
	sideband_progress(&receive->screen.sideband, line);
}

static int
open_all(struct receive *receive, const char *gitdir, const char *quarantine,
	 struct err *err)
{
	int ret = gate_open(&receive->gate, gitdir, quarantine, err);

	if (ret < 0)
		return ret;
	pusher_identify(&receive->pusher,
			policy_text(receive->gate.policy, SECTION_HOST, "type"),
			look_up);
	if (receive->pusher.web)
		screen_mute(&receive->screen);
	repo_on_progress(receive->gate.repo, on_commits, receive);
	return 0;
}

/* The configuration could not be read: ask git for the one key that matters,
 * whatever kind of repository this is. */
static int
failure_rejects(const char *gitdir)
{
	const char *argv[] = { "git",    "-C",    gitdir,
			       "config", "--get", SECTION_GATE ".failure",
			       NULL };
	struct buf out = BUF_INIT;
	int rejects = !proc_capture(argv, NULL, &out, 4096, NULL) &&
		      !strncasecmp(buf_text(&out), "reject", 6);

	buf_release(&out);
	return rejects;
}

static void
run_update(struct receive *receive, struct update *update)
{
	struct err err = ERR_INIT;
	int ret;

	ret = gather_one(receive, update, &err);
	/* Only what is to be weighed needs the store at all. */
	if (!ret && update->gather.outcome == GATHER_WEIGH)
		ret = act(receive, update, &err);
	if (!ret && !update->late)
		receive_show_unused(receive, update);
	if (ret < 0) {
		say_failure(receive, &err);
		fail_update(update);
	}
}

static int
needs_store(const struct receive *receive)
{
	for (size_t i = 0; i < receive->count; i++)
		if (receive->updates[i].policy.mode == MODE_WAIT ||
		    receive->updates[i].policy.mode == MODE_RECALL)
			return 1;
	return 0;
}

/*
 * A host may run these hooks for all of its repositories. One without a store,
 * where nobody asked for more than the default, is not ours.
 */
static int
is_installed(const struct receive *receive)
{
	char *store = gate_path(&receive->gate, DIR_STORE);
	int is = needs_store(receive) || file_exists(store);

	free(store);
	return is;
}

static int
is_refused(const struct receive *receive)
{
	for (size_t i = 0; i < receive->count; i++)
		if (receive->updates[i].refusal)
			return 1;
	return receive->left_out_refused != NULL;
}

/*
 * Who has waited for long may have given up: git moves the refs all the same,
 * but starts no post-receive for them.
 */
static void
see_to_it(const struct receive *receive)
{
	int64_t waited_ms = clock_monotonic_ms(&clock_real) - receive->start_ms;
	struct err err = ERR_INIT;

	if (waited_ms > LONG_MS &&
	    sideband_is_unread(&receive->screen.sideband) &&
	    start_worker(1, &err) < 0)
		log_event(LOG_ERROR, "%s", err.text);
}

static int
run_updates(struct receive *receive, struct err *err)
{
	int ret = 0;

	if (needs_store(receive))
		ret = gate_open_store(&receive->gate, STORE_WRITE, err);
	for (size_t i = 0; !ret && i < receive->count; i++) {
		if (choose_is_enough(receive, i))
			choose_end(receive, i);
		if (i == receive->count)
			break;
		receive->current = i;
		run_update(receive, &receive->updates[i]);
	}
	/* What is refused lands nowhere, and leaves no note. */
	if (!ret && !is_refused(receive))
		ret = journal_write(receive, err);
	if (ret > 0)
		see_to_it(receive);
	return ret < 0 ? ret : 0;
}

int
receive_run(struct receive *receive, const char *gitdir, const char *quarantine)
{
	struct err err = ERR_INIT;
	int ret = 0;

	receive->start_ms = clock_monotonic_ms(&clock_real);
	if (receive->push->sha256)
		ret = err_set(&err, ERR_UNSUPPORTED,
			      "this is a SHA-256 repository, which libgit2 "
			      "cannot read yet");
	if (!ret)
		ret = open_all(receive, gitdir, quarantine, &err);
	if (ret < 0) {
		say_failure(receive, &err);
		return failure_rejects(gitdir);
	}
	choose_updates(receive);
	if (!is_installed(receive))
		return 0;
	if (run_updates(receive, &err) < 0) {
		say_failure(receive, &err);
		for (size_t i = 0; i < receive->count; i++)
			fail_update(&receive->updates[i]);
	}
	receive_show_end(receive);
	return is_refused(receive);
}

void
receive_release(struct receive *receive)
{
	for (size_t i = 0; i < receive->count; i++) {
		gather_release(&receive->updates[i].gather);
		report_release(&receive->updates[i].report);
	}
	free(receive->updates);
	gate_close(&receive->gate);
}
