#include "runner/events.h"
#include "base/err.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One event in hand: its words, and where it stood. */
struct event {
	struct events *events;
	char where[32]; /* `event 3` */
	char *rest;     /* words that are still to be read */
	int64_t received_ns;
};

static char *next_word(struct event *event);
static void read_start(struct event *event);
static void read_end(struct event *event);
static void read_value(struct event *event);
static void read_skip(struct event *event);
static void read_fail(struct event *event);
static void read_note(struct event *event);

static const struct {
	const char *word;
	void (*read)(struct event *event);
} kinds[] = {
	{ "start", read_start }, { "end", read_end },   { "value", read_value },
	{ "skip", read_skip },   { "fail", read_fail }, { "note", read_note },
};

void
events_init(struct events *events, struct readings *readings, int64_t start_ns)
{
	*events = (struct events){ .readings = readings,
				   .start_ns = start_ns,
				   .last_ns = start_ns };
}

void
events_release(struct events *events)
{
	buf_release(&events->partial);
}

static void
end_of_line(struct events *events)
{
	events_line(events, buf_text(&events->partial), events->partial.len,
		    events->partial_ns);
	buf_clear(&events->partial);
}

void
events_bytes(struct events *events, const char *bytes, size_t len,
	     int64_t received_ns)
{
	while (len) {
		const char *end = memchr(bytes, '\n', len);
		size_t part = end ? (size_t)(end - bytes) : len;
		size_t room = EVENTS_MAX_LINE - events->partial.len;

		if (!events->partial.len)
			events->partial_ns = received_ns;
		/* events_line() refuses a line that fills all of the room. */
		buf_add(&events->partial, bytes, part < room ? part : room);
		if (!end)
			return;
		end_of_line(events);
		bytes = end + 1;
		len -= part + 1;
	}
}

void
events_line(struct events *events, const char *line, size_t len,
	    int64_t received_ns)
{
	struct event event = { .events = events, .received_ns = received_ns };
	char text[EVENTS_MAX_LINE], *word;

	if (++events->count > EVENTS_MAX_COUNT) {
		if (events->count == EVENTS_MAX_COUNT + 1)
			readings_problem(events->readings,
					 "more than %d events, repeat the work "
					 "inside a span",
					 (int)EVENTS_MAX_COUNT);
		return;
	}
	snprintf(event.where, sizeof(event.where), "event %zu", events->count);
	if (len >= EVENTS_MAX_LINE || memchr(line, '\0', len)) {
		readings_problem(events->readings, "%s: %s", event.where,
				 len >= EVENTS_MAX_LINE
					 ? "longer than 512 bytes, write less"
					 : "a NUL byte, write text");
		return;
	}
	memcpy(text, line, len);
	text[len] = '\0';
	event.rest = text;
	word = next_word(&event);
	for (size_t i = 0; word && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(word, kinds[i].word)) {
			kinds[i].read(&event);
			return;
		}
	readings_problem(events->readings,
			 "%s: no such word '%s', write start, end, value, "
			 "skip, fail or note",
			 event.where, word ? word : "");
}

void
events_finish(struct events *events)
{
	if (events->partial.len)
		end_of_line(events);
	for (size_t i = 0; i < events->open_count; i++)
		readings_problem(events->readings,
				 "event %zu: 'start %s' never ended, write "
				 "'end %s'",
				 events->open[i].line, events->open[i].name,
				 events->open[i].name);
	events->open_count = 0;
}

/* Words stand one space apart; NULL at the end. */
static char *
next_word(struct event *event)
{
	char *word = event->rest, *end;

	if (!*word || *word == ' ')
		return NULL;
	end = strchr(word, ' ');
	event->rest = end ? end + 1 : word + strlen(word);
	if (end)
		*end = '\0';
	return word;
}

static char *
read_name(struct event *event)
{
	char *name = next_word(event);

	if (name && reading_name_is_valid(name, strlen(name)))
		return name;
	readings_problem(event->events->readings,
			 "%s: %s is no name, write up to %d letters, digits "
			 "and ._/:+=@#-",
			 event->where, name ? name : "nothing",
			 (int)READING_MAX_NAME);
	return NULL;
}

/* Refuse what stands behind the last word. */
static int
at_end(struct event *event)
{
	if (!*event->rest)
		return 1;
	readings_problem(event->events->readings,
			 "%s: '%s' is too much, write one event a line",
			 event->where, event->rest);
	return 0;
}

/* Hold the test's own stamp against what is known about it. */
static int
audit(struct event *event, int64_t stamp_ns)
{
	struct events *events = event->events;
	int known = event->received_ns != EVENTS_NO_RECEIPT;

	if (stamp_ns < events->start_ns ||
	    (known && stamp_ns > event->received_ns)) {
		readings_problem(events->readings,
				 "%s: t=%lld lies outside the trial, write "
				 "CLOCK_MONOTONIC in ns",
				 event->where, (long long)stamp_ns);
		return ERR_INPUT;
	}
	if (known && event->received_ns - stamp_ns > EVENTS_MAX_LAG_NS) {
		readings_problem(events->readings,
				 "%s: came %lld ms after its t=, write an "
				 "event at once",
				 event->where,
				 (long long)(event->received_ns - stamp_ns) /
					 1000000);
		events->readings->lags++;
		return ERR_TIMEOUT;
	}
	/* Only against other stamps: a receipt comes later than its event. */
	if (stamp_ns < events->last_ns) {
		readings_problem(events->readings,
				 "%s: t=%lld is before the event above, write "
				 "events in order",
				 event->where, (long long)stamp_ns);
		return ERR_INPUT;
	}
	events->last_ns = stamp_ns;
	return 0;
}

static int
parse_stamp(struct event *event, const char *word, int64_t *stamp_ns)
{
	if (!strncmp(word, "t=", 2) &&
	    !units_parse_count(word + 2, 0, INT64_MAX, stamp_ns))
		return 0;
	readings_problem(event->events->readings,
			 "%s: '%s' is no stamp, write t=NANOSECONDS",
			 event->where, word);
	return ERR_INPUT;
}

/* The stamp of `start` and `end`: their t=, else the receipt. */
static int
read_stamp(struct event *event, int64_t *at_ns, int *coarse)
{
	struct events *events = event->events;
	char *word = next_word(event);
	int64_t stamp = event->received_ns;

	*coarse = !word;
	if ((word && parse_stamp(event, word, &stamp) < 0) || !at_end(event))
		return ERR_INPUT;
	if (!word && stamp == EVENTS_NO_RECEIPT) {
		readings_problem(events->readings,
				 "%s: no stamp, write t=NANOSECONDS",
				 event->where);
		return ERR_INPUT;
	}
	*at_ns = stamp;
	return word ? audit(event, stamp) : 0;
}

static struct events_span *
find_open(struct events *events, const char *name)
{
	for (size_t i = 0; i < events->open_count; i++)
		if (!strcmp(events->open[i].name, name))
			return &events->open[i];
	return NULL;
}

static void
read_start(struct event *event)
{
	struct events *events = event->events;
	struct events_span span = { .line = events->count };
	char *name = read_name(event);

	if (!name || read_stamp(event, &span.at_ns, &span.coarse) < 0)
		return;
	if (find_open(events, name)) {
		readings_problem(events->readings,
				 "%s: '%s' was started already, write 'end "
				 "%s' first",
				 event->where, name, name);
		return;
	}
	if (events->open_count >= EVENTS_MAX_OPEN) {
		readings_problem(events->readings,
				 "%s: more than %d spans at once, end some",
				 event->where, (int)EVENTS_MAX_OPEN);
		return;
	}
	memcpy(span.name, name, strlen(name) + 1);
	events->open[events->open_count++] = span;
}

static void
read_end(struct event *event)
{
	struct events *events = event->events;
	struct reading_value value = { .unit = "ns", .better = BETTER_LOWER };
	char *name = read_name(event);
	struct events_span *span;
	int64_t at_ns = 0;

	if (!name || read_stamp(event, &at_ns, &value.coarse) < 0)
		return;
	span = find_open(events, name);
	if (!span) {
		readings_problem(events->readings,
				 "%s: '%s' was not started, write 'start %s' "
				 "first",
				 event->where, name, name);
		return;
	}
	value.coarse |= span->coarse;
	value.value = (double)(at_ns - span->at_ns);
	value.raw = name;
	value.raw_len = strlen(name);
	*span = events->open[--events->open_count];
	if (value.value > 0) {
		readings_add(events->readings, event->where, &value);
		return;
	}
	readings_problem(events->readings, "%s: '%s' took no time, %s",
			 event->where, name,
			 value.coarse ? "write t=NANOSECONDS too"
				      : "repeat the work inside it");
	/* Both were read at once: the reader may have had to wait. */
	if (value.coarse)
		events->readings->lags++;
}

/* unit=, better= and t= of a value, the first two at most once. */
static int
read_attribute(struct event *event, const char *word,
	       struct reading_value *value, int *seen)
{
	int64_t stamp_ns = 0;

	if (!strncmp(word, "t=", 2))
		return parse_stamp(event, word, &stamp_ns) < 0 ||
				       audit(event, stamp_ns) < 0
			       ? ERR_INPUT
			       : 0;
	if (!strncmp(word, "unit=", 5) && !(*seen & 1) &&
	    reading_unit_is_valid(word + 5, strlen(word + 5))) {
		value->unit = word + 5;
		*seen |= 1;
		return 0;
	}
	if (!strcmp(word, "better=lower") && !(*seen & 2)) {
		*seen |= 2;
		return 0;
	}
	if (!strcmp(word, "better=higher") && !(*seen & 2)) {
		value->better = BETTER_HIGHER;
		*seen |= 2;
		return 0;
	}
	readings_problem(event->events->readings,
			 "%s: '%s' is not understood, write unit=UNIT or "
			 "better=higher or better=lower",
			 event->where, word);
	return ERR_INPUT;
}

static void
read_value(struct event *event)
{
	struct readings *readings = event->events->readings;
	struct reading_value value = { .unit = "1", .better = BETTER_LOWER };
	char *name = read_name(event), *word;
	int seen = 0;

	if (!name)
		return;
	word = next_word(event);
	if (!word || units_parse_number(word, &value.value) < 0) {
		readings_problem(readings,
				 "%s: '%s' is no number, write 'value %s "
				 "NUMBER'",
				 event->where, word ? word : "", name);
		return;
	}
	while ((word = next_word(event)))
		if (read_attribute(event, word, &value, &seen) < 0)
			return;
	if (!at_end(event))
		return;
	value.raw = name;
	value.raw_len = strlen(name);
	readings_add(readings, event->where, &value);
}

static void
read_skip(struct event *event)
{
	readings_set_reason(&event->events->readings->skip, event->rest,
			    strlen(event->rest));
}

static void
read_fail(struct event *event)
{
	readings_set_reason(&event->events->readings->fail, event->rest,
			    strlen(event->rest));
}

static void
read_note(struct event *event)
{
	readings_note(event->events->readings, event->rest,
		      strlen(event->rest));
}
