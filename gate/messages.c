#include "messages.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/units.h"
#include "gate.h"
#include "gather.h"
#include "policy/hosts.h"
#include "policy/keys.h"
#include "report/comment.h"
#include "report/text.h"

enum { MAX_CONTEXT = 200, MAX_TITLE = 500 };

int
messages_add(struct store_tx *tx, const char *group, const char *state,
	     json_t *doc, int64_t now_s)
{
	struct buf text = BUF_INIT;
	char *key;
	int ret;

	json_append(&text, doc);
	key = mem_text("%s %016llx", state,
		       (unsigned long long)hash_add(HASH_START, buf_text(&text),
						    text.len));
	ret = store_outbox_add(tx, key, group, now_s, doc, NULL);
	free(key);
	buf_release(&text);
	json_decref(doc);
	return ret < 0 ? ret : 0;
}

char *
messages_page(const char *pages, const struct oid *commit)
{
	char hex[OID_HEX + 1];
	size_t len = pages ? strlen(pages) : 0;

	while (len && pages[len - 1] == '/')
		len--;
	return len ? mem_text("%.*s/commit/%s.html", (int)len, pages,
			      oid_format(commit, hex))
		   : NULL;
}

struct tell {
	struct gate *gate;
	const struct gather *gather;
	const json_t *push;
	int decided;
	struct host_policy *hosts;
	size_t host_count;
	int64_t now_s;
};

static char *
lane_of(const struct host_policy *host)
{
	return *host->name ? mem_text("%s/%s", host->type, host->name)
			   : mem_copy_text(host->type);
}

/* What every message to a host says of where it goes. */
static json_t *
host_doc(const struct tell *tell, const struct host_policy *host,
	 const char *kind, const struct oid *commit)
{
	const json_t *told = json_object_get(tell->push, "host");
	const char *project = host->project;
	json_t *doc;

	/* Only the host that the push came through names itself. */
	if (!project && !*host->name)
		project = json_text_or(told, "project", NULL);
	doc = json_pack("{s:s, s:s, s:o}", "kind", kind, "host", host->name,
			"commit", json_oid(commit));
	if (project)
		json_object_set_new(doc, "project", json_text(project));
	return doc;
}

static char *
group_of(const char *lane, const json_t *doc, const char *context)
{
	return mem_text(
		"%s %s %s %lld %.*s", lane, json_text_or(doc, "kind", ""),
		json_text_or(doc, "commit", ""),
		(long long)json_int_or(doc, "number", 0), MAX_CONTEXT, context);
}

static int
add_to_host(struct store_tx *tx, const struct tell *tell,
	    const struct host_policy *host, const char *state, json_t *doc)
{
	char *lane = lane_of(host);
	const char *context = host->context ? host->context : "";
	char *group = group_of(lane, doc,
			       json_text_or(doc, "context", context));
	int ret = messages_add(tx, group, state, doc, tell->now_s);

	free(group);
	free(lane);
	return ret;
}

static json_t *
status_doc(const struct tell *tell, const struct host_policy *host,
	   const struct oid *commit, const char *state, const char *title)
{
	json_t *doc = host_doc(tell, host, "status", commit);
	char *page = messages_page(host->pages, commit);

	json_object_set_new(doc, "state", json_string(state));
	json_object_set_new(doc, "title", json_text(title));
	if (page)
		json_object_set_new(doc, "url", json_text(page));
	free(page);
	return doc;
}

/* The same title for all hosts; each cuts it as it must. */
static int
add_statuses(struct store_tx *tx, const struct tell *tell,
	     const struct oid *commit, const char *state, const char *title)
{
	int ret = 0;

	for (size_t i = 0; i < tell->host_count && !ret; i++) {
		const struct host_policy *host = &tell->hosts[i];

		ret = add_to_host(tx, tell, host, state,
				  status_doc(tell, host, commit, state, title));
	}
	return ret;
}

/*
 * Slow drift has a status of its own. It passes: it refuses nothing, also where
 * a service holds back what has a status that failed. Gerrit's is a vote, which
 * it must not take.
 */
static int
add_drift_status(struct store_tx *tx, const struct tell *tell,
		 const struct report *report)
{
	struct buf title = BUF_INIT;
	int ret = 0;

	report_add_drift_news(&title, &report->drifts);
	for (size_t i = 0; i < tell->host_count && title.len && !ret; i++) {
		const struct host_policy *host = &tell->hosts[i];
		char *context = mem_text("%.*s/drift", MAX_CONTEXT - 6,
					 host->context ? host->context
						       : "pacegate");
		json_t *doc;

		if (strcmp(host->type, "gerrit") != 0) {
			doc = status_doc(tell, host, &report->commit, "passed",
					 buf_text(&title));
			json_object_set_new(doc, "context", json_text(context));
			ret = add_to_host(tx, tell, host, "passed", doc);
		}
		free(context);
	}
	buf_release(&title);
	return ret;
}

/* As host_state_name(): the words of host/host.h. */
static const char *
state_of(enum verdict verdict, enum decision unweighed)
{
	switch (verdict) {
	case VERDICT_PASS:
	case VERDICT_IMPROVED:
	case VERDICT_NEW:
	case VERDICT_ACCEPTED:
	case VERDICT_UNDECIDED:
		return "passed";
	case VERDICT_UNWEIGHED:
		return unweighed == DECISION_ACCEPT ? "passed" : "pending";
	case VERDICT_FAILURE:
		return "error";
	case VERDICT_BROKEN:
		return "broken";
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
		break;
	}
	return "failed";
}

static int
add_verdict_status(struct store_tx *tx, const struct tell *tell,
		   const struct report *report)
{
	struct buf title = BUF_INIT;
	struct ref_policy policy;
	int ret;

	policy_ref(tell->gate->policy, tell->gather->ref, &policy);
	report_add_summary(&title, report);
	ret = add_statuses(tx, tell, &report->commit,
			   state_of(report->verdict, policy.unweighed),
			   buf_text(&title));
	buf_release(&title);
	return ret;
}

char *
messages_comment_note(const char *lane, const json_t *doc)
{
	return mem_text("comment %s %s %lld", lane,
			json_text_or(doc, "commit", ""),
			(long long)json_int_or(doc, "number", 0));
}

/* Whether a comment is called for. What was said before of the commit is put
 * right, also where there is no news any more. */
static int
wants_comment(struct store_tx *tx, const struct host_policy *host,
	      const struct report *report, const char *note)
{
	char *before = NULL;

	switch (host->comments) {
	case COMMENTS_NEVER:
		return 0;
	case COMMENTS_ALWAYS:
		return 1;
	case COMMENTS_CHANGES:
		break;
	}
	if (report_has_news(report))
		return 1;
	(void)store_note_get(tx, note, &before);
	free(before);
	return before != NULL;
}

/* `CONTEXT/COMMIT`, of letters that a marker may hold. */
static char *
marker_of(const char *context, const struct oid *commit)
{
	char hex[OID_HEX + 1];
	char *marker = mem_text("%.*s/%s", MAX_CONTEXT, context ? context : "",
				oid_format(commit, hex));

	for (char *at = marker; *at; at++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-",
			    *at))
			*at = '-';
	return marker;
}

/* Of the pull request: as the host says, or as the ref is called that a mirror
 * brings. 0: none. */
static int64_t
request_number(const struct tell *tell, const struct host_policy *host)
{
	static const char *const prefixes[] = { "refs/pull/",
						"refs/merge-requests/" };
	const char *ref = tell->gather->ref;
	int64_t number = 0;

	if (!*host->name)
		number = json_int_or(json_object_get(tell->push, "host"),
				     "number", 0);
	for (size_t i = 0; i < 2 && !number; i++) {
		size_t len = strlen(prefixes[i]);
		char *digits;

		if (strncmp(ref, prefixes[i], len))
			continue;
		digits = mem_text("%.*s", (int)strcspn(ref + len, "/"),
				  ref + len);
		(void)units_parse_count(digits, 1, INT32_MAX, &number);
		free(digits);
	}
	return number;
}

static int
add_comment(struct store_tx *tx, const struct tell *tell,
	    const struct host_policy *host, const struct report *report)
{
	int64_t number = request_number(tell, host);
	json_t *doc = host_doc(tell, host, "comment", &report->commit);
	char *marker = marker_of(host->context, &report->commit);
	char *page = messages_page(host->pages, &report->commit);
	char *lane = lane_of(host), *note, *before = NULL;
	const char *verdict = verdict_name(report->verdict);
	struct buf body = BUF_INIT;
	int ret = 0;

	if (number > 0)
		json_object_set_new(doc, "number", json_integer(number));
	report_add_comment(&body, report, page);
	json_object_set_new(doc, "verdict", json_string(verdict));
	json_object_set_new(doc, "marker", json_string(marker));
	json_object_set_new(doc, "body",
			    json_text_len(buf_text(&body), body.len));
	note = messages_comment_note(lane, doc);
	if (wants_comment(tx, host, report, note)) {
		if (store_note_get(tx, note, &before) == ERR_NOT_FOUND)
			store_note_put(tx, note, "{}");
		ret = add_to_host(tx, tell, host, verdict, json_incref(doc));
	}
	json_decref(doc);
	free(before);
	free(note);
	free(lane);
	free(page);
	free(marker);
	buf_release(&body);
	return ret;
}

/* A program's message: the whole report, and what the push says. */
static int
add_to_programs(struct store_tx *tx, const struct tell *tell,
		const struct report *report)
{
	static const char *const kinds[] = { "command", "webhook" };
	char hex[OID_HEX + 1],
		*page = messages_page(
			policy_text(tell->gate->policy, SECTION_HOST, "pages"),
			&report->commit);
	struct notify_policy notify;
	json_t *verdict;
	int ret = 0;

	policy_notify(tell->gate->policy, &notify);
	verdict = json_pack("{s:s, s:o, s:o, s:o}", "event", "verdict",
			    "pusher",
			    json_text(json_text_or(tell->push, "pusher", "")),
			    "page", page ? json_text(page) : json_null(),
			    "report", report_json(report));
	for (size_t i = 0; i < 2 && !ret; i++) {
		char *group = mem_text("%s verdict %s %.*s", kinds[i],
				       oid_format(&report->commit, hex),
				       MAX_CONTEXT, tell->gather->ref);

		if (i ? notify.webhook != NULL : notify.command != NULL)
			ret = messages_add(tx, group,
					   verdict_name(report->verdict),
					   json_pack("{s:s, s:O}", "kind",
						     kinds[i], "json", verdict),
					   tell->now_s);
		free(group);
	}
	json_decref(verdict);
	free(page);
	return ret;
}

/* The tip speaks for the push; commits before it get a status alone. */
static int
tell_commit(struct store_tx *tx, const struct tell *tell,
	    const struct oid *commit, struct err *err)
{
	int is_tip = oid_equal(commit, &tell->gather->update.tip);
	struct report report;
	int ret = gate_get_report(tx, commit, &report, err);

	if (!ret && (is_tip || report.verdict != VERDICT_UNWEIGHED))
		ret = add_verdict_status(tx, tell, &report);
	if (!ret && is_tip)
		ret = add_drift_status(tx, tell, &report);
	for (size_t i = 0; i < tell->host_count && is_tip && !ret; i++)
		ret = add_comment(tx, tell, &tell->hosts[i], &report);
	if (!ret && is_tip)
		ret = add_to_programs(tx, tell, &report);
	if (!ret && is_tip)
		ret = messages_note_mail(tx, tell->gate, tell->push, &report);
	report_release(&report);
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

/* Nothing is weighed, and the status says why. */
static int
tell_outcome(struct store_tx *tx, const struct tell *tell)
{
	struct buf title = BUF_INIT;
	int ret;

	gather_add_text(tell->gather, &title);
	ret = add_statuses(tx, tell, &tell->gather->update.tip, "passed",
			   buf_text(&title));
	buf_release(&title);
	return ret;
}

static int
tell_all(struct store_tx *tx, void *data, struct err *err)
{
	const struct tell *tell = data;
	const struct repo_update *update = &tell->gather->update;
	int tip_told = 0, ret = 0;

	switch (tell->gather->outcome) {
	case GATHER_NOTHING:
		return 0;
	case GATHER_NO_TESTS:
	case GATHER_UNTOUCHED:
	case GATHER_SKIPPED:
		return tell_outcome(tx, tell);
	case GATHER_WEIGH:
		break;
	}
	if (!tell->decided)
		return add_statuses(tx, tell, &update->tip, "pending",
				    "waits to be measured");
	for (size_t i = 0; i < update->count && !ret; i++) {
		tip_told |= oid_equal(&update->commits[i], &update->tip);
		ret = tell_commit(tx, tell, &update->commits[i], err);
	}
	return ret || tip_told ? ret : tell_commit(tx, tell, &update->tip, err);
}

int
messages_tell(struct gate *gate, const struct gather *gather,
	      const json_t *push, int decided, struct err *err)
{
	struct tell tell = { .gate = gate,
			     .gather = gather,
			     .push = push,
			     .decided = decided,
			     .now_s = clock_wall_s(&clock_real) };
	int ret;

	/* What could not even be read has no commit to say it of. */
	if (oid_is_zero(&gather->update.tip))
		return 0;
	tell.host_count = policy_hosts(gate->policy, &tell.hosts);
	ret = store_write(gate->store, tell_all, &tell, err);
	free(tell.hosts);
	return ret;
}
