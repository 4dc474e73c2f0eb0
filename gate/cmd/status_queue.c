#include "cmd/status_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/units.h"
#include "job_length.h"
#include "store/store.h"

/* On a screen; --json has them all. */
enum { MAX_JOBS = 40, MAX_REF = 40 };

struct reader {
	struct store_tx *tx;
	json_t *jobs;
};

static const char *
short_ref(const char *ref)
{
	return strncmp(ref, "refs/heads/", 11) ? ref : ref + 11;
}

static int
on_job(void *data, const struct store_job *job)
{
	struct reader *reader = data;
	const json_t *update = json_object_get(job->doc, "update");
	const char *kind = json_text_or(job->doc, "kind", "?");
	int runs = job->owner[0] && proc_is_alive(job->owner);
	int64_t length_s = job_length_get(reader->tx, kind);
	int64_t placed_s = json_int_or(job->doc, "placed", 0);
	json_t *line = json_pack(
		"{s:I, s:s, s:i, s:o, s:s, s:o, s:i, s:I, s:I, s:b, s:I}", "id",
		(json_int_t)job->id, "kind", kind, "class", (int)job->class,
		"ref", json_text(json_text_or(update, "ref", "")), "commit",
		json_text_or(update, "new", ""), "pusher",
		json_text(json_text_or(job->doc, "pusher", "")), "tries",
		(int)job->tries, "added", (json_int_t)job->added_s, "since",
		(json_int_t)job->leased_s, "running", runs, "process",
		(json_int_t)(runs ? strtoll(job->owner, NULL, 10) : 0));

	/* Where it was at an earlier try says nothing any more. */
	if (runs && placed_s >= job->leased_s) {
		json_object_set(line, "where",
				json_object_get(job->doc, "where"));
		json_object_set_new(line, "placed", json_integer(placed_s));
	} else {
		json_object_set_new(line, "where", json_string(""));
	}
	if (job->not_before_s)
		json_object_set_new(line, "due",
				    json_integer(job->not_before_s));
	if (length_s >= 0)
		json_object_set_new(line, "length", json_integer(length_s));
	json_array_append_new(reader->jobs, line);
	return 0;
}

json_t *
status_queue_read(struct store_tx *tx)
{
	struct reader reader = { tx, json_array() };

	store_queue_each(tx, on_job, &reader);
	return reader.jobs;
}

static size_t
first_free(const int64_t *free_s, size_t slots)
{
	size_t best = 0;

	for (size_t i = 1; i < slots; i++)
		if (free_s[i] < free_s[best])
			best = i;
	return best;
}

/* Jobs that run first take their slots, whatever their place in the queue. */
static void
foresee_all(json_t *jobs, int running, int64_t *free_s, size_t slots,
	    int64_t now_s)
{
	json_t *job;
	size_t i;

	json_array_foreach(jobs, i, job)
	{
		size_t slot = first_free(free_s, slots);
		int64_t length_s = json_int_or(job, "length", -1);
		int64_t not_before_s = json_int_or(job, "due", 0);
		int64_t start_s = running ? json_int_or(job, "placed", now_s)
					  : free_s[slot];

		/* Behind one that nothing is known of nothing is. */
		if (json_bool_or(job, "running", 0) != running ||
		    free_s[slot] < 0)
			continue;
		if (length_s < 0) {
			free_s[slot] = -1;
			continue;
		}
		if (!running && start_s < not_before_s)
			start_s = not_before_s;
		free_s[slot] = start_s + length_s > now_s ? start_s + length_s
							  : now_s;
		if (!running)
			json_object_set_new(job, "starts",
					    json_integer(start_s));
		json_object_set_new(job, "until", json_integer(free_s[slot]));
	}
}

void
status_queue_foresee(json_t *jobs, size_t slots, int64_t now_s)
{
	int64_t *free_s;

	if (!slots)
		return;
	free_s = mem_new(slots, sizeof(*free_s));
	for (size_t i = 0; i < slots; i++)
		free_s[i] = now_s;
	foresee_all(jobs, 1, free_s, slots, now_s);
	foresee_all(jobs, 0, free_s, slots, now_s);
	free(free_s);
}

static void
add_span(struct buf *line, const char *before, int64_t span_s)
{
	buf_adds(line, before);
	units_add_duration(line, (span_s > 0 ? span_s : 0) * 1000);
}

static void
add_times(struct buf *line, const json_t *job, int64_t now_s)
{
	int64_t until_s = json_int_or(job, "until", 0);
	int64_t starts_s = json_int_or(job, "starts", 0);

	if (json_bool_or(job, "running", 0)) {
		add_span(line, "since ",
			 now_s - json_int_or(job, "since", now_s));
		if (until_s > now_s)
			add_span(line, ", about ", until_s - now_s);
		if (until_s > now_s)
			buf_adds(line, " more");
		else if (until_s)
			buf_adds(line, ", longer than usual");
		return;
	}
	add_span(line, "for ", now_s - json_int_or(job, "added", now_s));
	if (starts_s > now_s)
		add_span(line, ", begins in about ", starts_s - now_s);
}

static int
widest(const json_t *jobs, const char *name)
{
	size_t width = 0, i;
	json_t *job;

	json_array_foreach(jobs, i, job)
	{
		size_t len = strlen(short_ref(json_text_or(job, name, "")));

		width = len > width ? len : width;
	}
	return (int)(width > MAX_REF ? MAX_REF : width);
}

static void
print_job(const json_t *job, int ref_width, int64_t now_s, int color)
{
	int running = json_bool_or(job, "running", 0);
	const char *ref = short_ref(json_text_or(job, "ref", ""));
	const char *where = json_text_or(job, "where", "");
	int64_t tries = json_int_or(job, "tries", 0);
	struct buf clean = BUF_INIT, line = BUF_INIT;

	if (running && !*where)
		where = "no slot";
	buf_add_clean(&clean, ref, strlen(ref), MAX_REF);
	buf_addf(&line, "  %s%-5s%s  %-8s  %-10.10s  %-*s  %-7s  ",
		 !color    ? ""
		 : running ? "\033[32m"
			   : "\033[33m",
		 running ? "runs" : "waits", color ? "\033[m" : "",
		 json_text_or(job, "kind", ""), json_text_or(job, "commit", ""),
		 ref_width, buf_text(&clean), where);
	add_times(&line, job, now_s);
	if (tries)
		buf_addf(&line, "%s, tried %lld time%s%s",
			 color ? "\033[31m" : "", (long long)tries,
			 tries == 1 ? "" : "s", color ? "\033[m" : "");
	puts(buf_text(&line));
	buf_release(&line);
	buf_release(&clean);
}

void
status_queue_print(const json_t *jobs, int64_t now_s, int color)
{
	size_t count = json_array_size(jobs), running = 0, i;
	int width = widest(jobs, "ref");
	json_t *job;

	json_array_foreach(jobs, i, job)
		running += (size_t)json_bool_or(job, "running", 0);
	printf("queue     %zu", count);
	if (count)
		printf(": %zu run%s, %zu wait%s", running,
		       running == 1 ? "s" : "", count - running,
		       count - running == 1 ? "s" : "");
	putchar('\n');
	json_array_foreach(jobs, i, job)
	{
		if (i < MAX_JOBS || json_bool_or(job, "running", 0))
			print_job(job, width, now_s, color);
	}
	if (count > MAX_JOBS)
		printf("  and %zu more: --json has them all\n",
		       count - MAX_JOBS);
}
