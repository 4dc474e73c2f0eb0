/*
 * post KIND [NAME=VALUE...]: drives gate/host/ alone, for the shell tests.
 * KIND is status, comment, probe, webhook, mail, notify or flood. Prints the
 * result, one `name value` a line. It repeats nothing: the outbox does that.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/oid.h"
#include "host/host.h"
#include "host/notify.h"
#include "host/secret.h"

static char **words;

/* The value of NAME=VALUE, or the fallback. */
static const char *
value_or(const char *name, const char *fallback)
{
	size_t len = strlen(name);

	for (char **at = words; *at; at++)
		if (!strncmp(*at, name, len) && (*at)[len] == '=')
			return *at + len + 1;
	return fallback;
}

static long
number_or(const char *name, long fallback)
{
	const char *value = value_or(name, NULL);

	return value ? atol(value) : fallback;
}

static void
fail(const struct err *err)
{
	fprintf(stderr, "post: %s\n", err->text);
	exit(3);
}

static struct secret *
load(const char *name)
{
	const char *path = value_or(name, NULL);
	struct err err = ERR_INIT;
	struct secret *secret = NULL;

	if (path && secret_load(&secret, path, &err) < 0)
		fail(&err);
	return secret;
}

static void
show(const struct host_result *result)
{
	static const char *const outcomes[] = {
		[HOST_DELIVERED] = "delivered",
		[HOST_RETRY] = "retry",
		[HOST_REFUSED] = "refused",
		[HOST_NOWHERE] = "nowhere",
	};

	printf("outcome %s\nstatus %d\nwait %lld\nid %s\nwhy %s\nadvice %s\n",
	       outcomes[result->outcome], result->status,
	       (long long)result->wait_s, result->id, result->why,
	       result->advice);
	if (result->has_skew)
		printf("skew %lld\n", (long long)result->skew_s);
}

static void
post_comment(struct host *host, const struct host_target *target,
	     const struct oid *commit)
{
	const struct host_comment comment = {
		.commit = *commit,
		.number = number_or("number", 0),
		.body = value_or("body", "slower"),
		.marker = value_or("marker", "pacegate/test"),
		.key = value_or("key", NULL),
		.id = value_or("id", NULL),
		.fresh = value_or("fresh", NULL) != NULL,
	};

	host_post_comment(host, target, &comment,
			  (unsigned)number_or("tries", 0), NULL);
}

static void
post_mail(struct host *host, const struct host_mailer *mailer)
{
	struct texts to = { 0 };
	const struct host_mail mail = {
		.from = value_or("from", "pacegate@example.org"),
		.to = &to,
		.subject = value_or("subject", "perf/x regressed"),
		.body = value_or("body", "slower\n"),
		.id = value_or("mailid", "abc.1"),
		.time_s = number_or("time", 1700000000),
	};

	for (char **at = words; *at; at++)
		if (!strncmp(*at, "to=", 3))
			texts_add(&to, *at + 3);
	host_post_mail(host, mailer, &mail, 0, NULL);
	texts_release(&to);
}

static struct host_status
status_of(const struct oid *commit)
{
	struct host_status status = {
		.commit = *commit,
		.title = value_or("title", "no test is slower"),
		.url = value_or("page", NULL),
	};

	if (host_state_parse(value_or("state", "passed"), &status.state) < 0) {
		fprintf(stderr, "post: no such state\n");
		exit(2);
	}
	return status;
}

/* count statuses, each of its own commit: a second, and memory. */
static int
flood(struct host *host, const struct host_target *target, long count)
{
	int64_t start_ns = clock_monotonic_ns(&clock_real);
	struct host_status status = status_of(&(struct oid){ { 1 } });
	long sent = 0, done = 0, delivered = 0;
	struct host_result result;
	struct err err = ERR_INIT;
	struct rusage usage;

	while (done < count) {
		while (sent < count && host_has_room(host)) {
			memcpy(status.commit.bytes, &sent, sizeof(sent));
			host_post_status(host, target, &status, 0, NULL);
			sent++;
		}
		if (host_run(host, 1000, &err) < 0)
			fail(&err);
		while (host_take(host, &result)) {
			done++;
			delivered += result.outcome == HOST_DELIVERED;
		}
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("delivered %ld\nrate %.0f\nmaxrss %ld\n", delivered,
	       (double)count * 1e9 /
		       (double)(clock_monotonic_ns(&clock_real) - start_ns),
	       usage.ru_maxrss);
	return delivered == count ? 0 : 1;
}

static void
wait_for(struct host *host)
{
	struct host_result result;
	struct err err = ERR_INIT;

	while (host_in_flight(host) > 0)
		if (host_run(host, 1000, &err) < 0)
			fail(&err);
	while (host_take(host, &result))
		show(&result);
}

int
main(int argc, char **argv)
{
	struct host_limits limits;
	struct host_target target = { 0 };
	struct host_mailer mailer = { 0 };
	struct host_webhook webhook = { 0 };
	struct host_result result = { 0 };
	struct host_status status;
	struct err err = ERR_INIT;
	const char *kind = argc > 1 ? argv[1] : "";
	struct host *host;
	struct oid commit;
	int ret = 0;

	signal(SIGPIPE, SIG_IGN);
	words = argv + (argc > 1 ? 2 : 1);
	if (host_service_find(value_or("service", "github"), &target.service) <
		    0 ||
	    oid_parse(&commit,
		      value_or("commit", "6dcb09b5b57875f334f61aebed695e2e4193"
					 "db5e")) < 0) {
		fprintf(stderr, "post: no such service or commit\n");
		return 2;
	}
	target.url = value_or("url", NULL);
	target.project = value_or("project", "ada/engine");
	target.context = value_or("context", NULL);
	target.token = load("token");
	target.ca_file = mailer.ca_file = webhook.ca_file = value_or("ca",
								     NULL);
	target.proxy = webhook.proxy = value_or("proxy", NULL);
	limits = (struct host_limits){
		.in_flight = (unsigned)number_or("flight", 0),
		.connect_ms = number_or("connect", 0),
		.total_ms = number_or("total", 0),
		.response_bytes = (size_t)number_or("most", 0),
	};
	host = host_new(&limits, &err);
	if (!host)
		fail(&err);
	if (!strcmp(kind, "status")) {
		status = status_of(&commit);
		host_post_status(host, &target, &status,
				 (unsigned)number_or("tries", 0), NULL);
		for (long i = number_or("again", 0); i > 0; i--) {
			wait_for(host);
			host_post_status(host, &target, &status, 0, NULL);
		}
	} else if (!strcmp(kind, "comment")) {
		post_comment(host, &target, &commit);
	} else if (!strcmp(kind, "probe")) {
		host_probe(host, &target, NULL);
	} else if (!strcmp(kind, "webhook")) {
		webhook.url = target.url;
		webhook.body = value_or("body", "{}");
		webhook.id = value_or("id", NULL);
		webhook.secret = load("secret");
		host_post_webhook(host, &webhook, 0, NULL);
	} else if (!strcmp(kind, "mail")) {
		mailer.url = target.url;
		mailer.secret = target.token;
		post_mail(host, &mailer);
	} else if (!strcmp(kind, "notify")) {
		notify_run(value_or("command", "true"), value_or("body", "{}"),
			   number_or("total", 5000),
			   (unsigned)number_or("tries", 0), &result);
		show(&result);
	} else if (!strcmp(kind, "flood")) {
		ret = flood(host, &target, number_or("count", 1000));
	} else {
		ret = 2;
	}
	wait_for(host);
	host_free(host);
	secret_free((struct secret *)(uintptr_t)target.token);
	secret_free((struct secret *)(uintptr_t)webhook.secret);
	return ret;
}
