#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "gate.h"
#include "messages.h"
#include "policy/hosts.h"
#include "policy/keys.h"
#include "report/mail.h"

/*
 * One mail a push: what each update has to say is noted while others of the
 * push are weighed, and the last one sends it all.
 */
enum { MAX_PARTS = 16 };

static char *
note_name(const json_t *push)
{
	return mem_text("mail %lld", (long long)json_int_or(push, "push", 0));
}

/* The tips that are noted already; the caller owns the array. */
static json_t *
read_note(struct store_tx *tx, const char *name)
{
	char *text = NULL;
	json_t *tips = NULL;

	if (store_note_get(tx, name, &text) == 0)
		tips = json_parse(text, strlen(text), NULL);
	free(text);
	return tips ? tips : json_array();
}

static int
drift_is_worth_one(const struct mail_policy *mail,
		   const struct report_drifts *drifts)
{
	for (size_t i = 0; i < drifts->count; i++)
		switch (drifts->items[i].state) {
		case DRIFT_RAISED:
		case DRIFT_GREW:
			return 1;
		case DRIFT_GONE:
			if (mail->improvements)
				return 1;
			break;
		case DRIFT_STANDS:
			break;
		}
	return 0;
}

static int
is_worth_a_mail(const struct mail_policy *mail, const struct report *report)
{
	return report_count(report, VERDICT_SEVERE) ||
	       report_count(report, VERDICT_REGRESSED) ||
	       (mail->improvements && report_count(report, VERDICT_IMPROVED)) ||
	       drift_is_worth_one(mail, &report->drifts);
}

int
messages_note_mail(struct store_tx *tx, const struct gate *gate,
		   const json_t *push, const struct report *report)
{
	struct mail_policy mail;
	struct buf text = BUF_INIT;
	char hex[OID_HEX + 1], *name;
	json_t *tips, *tip;
	size_t i;
	int ret;

	policy_mail(gate->policy, &mail);
	if (!mail.url || !json_int_or(push, "push", 0) ||
	    !is_worth_a_mail(&mail, report))
		return 0;
	oid_format(&report->commit, hex);
	name = note_name(push);
	tips = read_note(tx, name);
	json_array_foreach(tips, i, tip)
	{
		if (!strcmp(json_string_value(tip) ? json_string_value(tip)
						   : "",
			    hex))
			break;
	}
	if (i == json_array_size(tips) && i < MAX_PARTS)
		json_array_append_new(tips, json_string(hex));
	json_append(&text, tips);
	ret = store_note_put(tx, name, buf_text(&text));
	json_decref(tips);
	buf_release(&text);
	free(name);
	return ret;
}

/* Whom to tell. */

static void
add_address(json_t *to, const char *name, const char *address)
{
	char *full;
	json_t *item;
	size_t i;

	if (!address || !strchr(address, '@'))
		return;
	/* A name with signs of its own would need quotes: do without. */
	if (name && *name && !strpbrk(name, "\"<>()[]:;@\\,.\r\n"))
		full = mem_text("%s <%s>", name, address);
	else
		full = mem_copy_text(address);
	json_array_foreach(to, i, item)
	{
		if (strstr(json_string_value(item), address))
			goto out;
	}
	json_array_append_new(to, json_text(full));
out:
	free(full);
}

/* The authors of the commit and of those that first showed the changes. */
static void
add_authors(struct store_tx *tx, json_t *to, const struct report *report)
{
	add_address(to, report->author, report->email);
	for (size_t i = 0; i < report->count; i++) {
		const struct report_test *test = &report->tests[i];
		struct report first;

		if (oid_is_zero(&test->changed) ||
		    oid_equal(&test->changed, &report->commit) ||
		    !verdict_is_regression(test->verdict))
			continue;
		if (!gate_get_report(tx, &test->changed, &first, NULL))
			add_address(to, first.author, first.email);
		report_release(&first);
	}
}

static void
add_pusher(json_t *to, const struct mail_policy *mail, const json_t *push)
{
	const char *pusher = json_text_or(push, "pusher", "");
	const char *email = json_text_or(json_object_get(push, "host"), "email",
					 "");
	char *made = NULL;

	if (*email || strchr(pusher, '@')) {
		add_address(to, NULL, *email ? email : pusher);
		return;
	}
	if (*pusher && mail->domain && !strpbrk(pusher, " <>,"))
		made = mem_text("%s@%s", pusher, mail->domain);
	add_address(to, NULL, made);
	free(made);
}

struct parts {
	struct report *reports;
	struct mail_report *parts;
	size_t count;
};

static void
parts_release(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		report_release(&parts->reports[i]);
		free((char *)(uintptr_t)parts->parts[i].page);
	}
	free(parts->reports);
	free(parts->parts);
}

static int
parts_read(struct parts *parts, struct store_tx *tx, const struct gate *gate,
	   const json_t *tips, struct err *err)
{
	const char *pages = policy_text(gate->policy, SECTION_HOST, "pages");
	json_t *tip;
	size_t i;

	*parts = (struct parts){ 0 };
	parts->reports = mem_new(MAX_PARTS, sizeof(*parts->reports));
	parts->parts = mem_new(MAX_PARTS, sizeof(*parts->parts));
	json_array_foreach(tips, i, tip)
	{
		const char *hex = json_string_value(tip);
		struct report *report = &parts->reports[parts->count];
		struct oid commit;
		int ret;

		if (parts->count == MAX_PARTS || !hex ||
		    oid_parse(&commit, hex) < 0)
			continue;
		ret = gate_get_report(tx, &commit, report, err);
		if (ret < 0)
			report_release(report);
		if (ret == ERR_NOT_FOUND)
			continue;
		if (ret < 0)
			return ret;
		parts->parts[parts->count++] = (struct mail_report){
			report, messages_page(pages, &commit)
		};
	}
	return 0;
}

static int
add_mail(struct store_tx *tx, const struct gate *gate, const json_t *push,
	 const json_t *tips, struct err *err)
{
	int64_t now_s = clock_wall_s(&clock_real);
	struct buf subject = BUF_INIT, body = BUF_INIT;
	struct mail_policy mail;
	char hex[OID_HEX + 1], *group = NULL;
	json_t *to = json_array();
	struct parts parts;
	int ret = parts_read(&parts, tx, gate, tips, err);

	policy_mail(gate->policy, &mail);
	if (ret < 0 || !parts.count || !mail.url)
		goto out;
	for (size_t i = 0; i < mail.to->count; i++)
		add_address(to, NULL, mail.to->items[i]);
	for (size_t i = 0; i < parts.count && mail.author; i++)
		add_authors(tx, to, &parts.reports[i]);
	add_pusher(to, &mail, push);
	if (!json_array_size(to))
		goto out;
	report_add_subject(&subject, parts.parts, parts.count);
	report_add_mail(&body, parts.parts, parts.count,
			json_text_or(push, "pusher", ""));
	/* The same push says it once, whatever happens in between. */
	group = mem_text("mail push %lld %s",
			 (long long)json_int_or(push, "push", 0),
			 oid_format(&parts.reports[0].commit, hex));
	ret = messages_add(
		tx, group, "mail",
		json_pack("{s:s, s:o, s:o, s:o}", "kind", "mail", "to",
			  json_incref(to), "subject",
			  json_text_len(buf_text(&subject), subject.len),
			  "body", json_text_len(buf_text(&body), body.len)),
		now_s);
out:
	free(group);
	json_decref(to);
	parts_release(&parts);
	buf_release(&subject);
	buf_release(&body);
	return ret;
}

struct others {
	int64_t push;
	size_t count;
};

static int
on_job(void *data, const struct store_job *job)
{
	struct others *others = data;

	others->count += json_int_or(job->doc, "push", 0) == others->push;
	return 0;
}

int
messages_end_push(struct store_tx *tx, const struct gate *gate,
		  const json_t *push, struct err *err)
{
	struct others others = { .push = json_int_or(push, "push", 0) };
	char *name = note_name(push);
	json_t *tips = NULL;
	int ret = store_queue_each(tx, on_job, &others);

	if (ret < 0 || others.count || !others.push)
		goto out;
	tips = read_note(tx, name);
	if (json_array_size(tips))
		ret = add_mail(tx, gate, push, tips, err);
	if (!ret)
		ret = store_note_put(tx, name, NULL);
out:
	json_decref(tips);
	free(name);
	return ret < 0 ? ret : 0;
}
