#include "deliver_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "deliver_targets.h"
#include "gate.h"
#include "host/host.h"
#include "policy/keys.h"

enum {
	MAX_SKEW_S = 60,
	MAX_WAIT_S = 3600, /* until a message that waits is worth a word */
	TIMEOUT_MS = 10 * 1000,
	MAX_SHOWN = 5
};

struct check {
	struct gate *gate;
	struct host *host;
	struct targets targets;
	void (*tell)(void *data, const char *level, const char *what,
		     const char *text);
	void *data;
	size_t refused, old;
};

static void say(const struct check *check, const char *level, const char *what,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
say(const struct check *check, const char *level, const char *what,
    const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	check->tell(check->data, level, what, buf_text(&text));
	buf_release(&text);
}

/* Wait for the one probe that is on its way. */
static int
hear(const struct check *check, struct host_result *result)
{
	struct err err = ERR_INIT;

	while (!host_take(check->host, result)) {
		if (!host_in_flight(check->host))
			return 0;
		if (host_run(check->host, 1000, &err) < 0)
			return 0;
	}
	return 1;
}

static void
say_skew(const struct check *check, const char *name,
	 const struct host_result *result)
{
	if (result->has_skew && llabs(result->skew_s) > MAX_SKEW_S)
		say(check, "note", "host",
		    "%s: its clock is %lld s %s this machine's: set one of "
		    "them right",
		    name, llabs(result->skew_s),
		    result->skew_s > 0 ? "ahead of" : "behind");
}

static void
say_outcome(const struct check *check, const char *what, const char *name,
	    const char *fine, const struct host_result *result)
{
	if (result->outcome == HOST_DELIVERED)
		say(check, "ok", what, "%s: %s", name, fine);
	else
		say(check, "bad", what, "%s: %s%s%s", name, result->why,
		    *result->advice ? "; " : "", result->advice);
}

static void
check_host(const struct check *check, struct target *target)
{
	const struct host_policy *policy = &target->policy;
	struct host_result result;
	char *name = mem_text("%s%s%s", policy->type, *policy->name ? " " : "",
			      policy->name);
	struct err err = ERR_INIT;

	if (target->why) {
		say(check, "bad", "host", "%s: %s", name, target->why);
	} else if (!policy->project) {
		say(check, "note", "host",
		    "%s: no " SECTION_HOST ".project is set: it comes with "
		    "each push, and the right to post cannot be tried here",
		    name);
	} else if (host_target_check(&target->host, &err) < 0) {
		say(check, "bad", "host", "%s: %s", name, err.text);
	} else {
		host_probe(check->host, &target->host, NULL);
		if (hear(check, &result)) {
			say_outcome(check, "host", name,
				    "it is reached, and takes the token and "
				    "statuses",
				    &result);
			say_skew(check, name, &result);
		}
	}
	free(name);
}

static void
check_mail(const struct check *check)
{
	const struct targets *targets = &check->targets;
	struct host_result result;

	if (!targets->mail.url)
		return;
	if (targets->mail_why) {
		say(check, "bad", "mail", "%s", targets->mail_why);
	} else if (!targets->mail.from) {
		say(check, "bad", "mail", "set " SECTION_MAIL ".from");
	} else {
		host_probe_mail(check->host, &targets->mailer, NULL);
		if (hear(check, &result))
			say_outcome(check, "mail", targets->mail.url,
				    "the server is reached", &result);
	}
}

static int
on_message(void *data, const struct store_message *message)
{
	struct check *check = data;
	int64_t age_s = clock_wall_s(&clock_real) - message->added_s;

	if (message->refused && check->refused++ < MAX_SHOWN)
		say(check, "bad", "outbox",
		    "%.100s is refused: %s; after the fix: pacegate deliver "
		    "--again %llu",
		    message->group, message->why,
		    (unsigned long long)message->id);
	else if (!message->refused && age_s > MAX_WAIT_S &&
		 check->old++ < MAX_SHOWN)
		say(check, "note", "outbox", "%.100s waits since %lld h: %s",
		    message->group, (long long)age_s / 3600, message->why);
	return 0;
}

static int
check_outbox(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_outbox_each(tx, on_message, data);
}

/* A type alone names the pusher, and may be all that is wanted. */
static void
check_silence(const struct check *check)
{
	const char *type = policy_text(check->gate->policy, SECTION_HOST,
				       "type");
	enum host_service service;

	if (!check->targets.count && !host_service_find(type, &service))
		say(check, "note", "host",
		    "%s: without " SECTION_HOST ".tokenFile no verdict is "
		    "posted there",
		    type);
}

void
deliver_check(struct gate *gate,
	      void (*tell)(void *data, const char *level, const char *what,
			   const char *text),
	      void *data)
{
	const struct host_limits limits = { .connect_ms = TIMEOUT_MS,
					    .total_ms = TIMEOUT_MS };
	struct check check = { .gate = gate, .tell = tell, .data = data };
	struct err err = ERR_INIT;

	targets_init(&check.targets, gate->policy);
	check.host = host_new(&limits, &err);
	if (!check.host) {
		say(&check, "bad", "host", "%s", err.text);
		goto out;
	}
	for (size_t i = 0; i < check.targets.count; i++)
		check_host(&check, check.targets.hosts[i]);
	check_silence(&check);
	check_mail(&check);
	if (check.targets.notify_why)
		say(&check, "bad", "webhook", "%s", check.targets.notify_why);
	if (gate->store)
		store_read(gate->store, check_outbox, &check, NULL);
	if (check.refused > MAX_SHOWN)
		say(&check, "bad", "outbox",
		    "%zu more are refused: `pacegate status`",
		    check.refused - MAX_SHOWN);
out:
	host_free(check.host);
	targets_release(&check.targets);
}
