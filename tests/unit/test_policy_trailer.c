#include "policy_help.h"

#include <math.h>

#include "policy/trailer.h"

static struct problems problems;
static struct trailers trailers;
static const struct oid commit = { { 0x1a, 0x2b, 0x3c, 0x4d, 0x5e } };

#define WHERE "commit 1a2b3c4d5e"

static void
read_message(const char *message)
{
	problems_release(&problems);
	trailers_release(&trailers);
	trailers_read(&trailers, message, strlen(message), &commit, &problems);
}

/* A message with these trailers. */
static void
read_lines(const char *lines)
{
	struct buf message = BUF_INIT;

	buf_addf(&message, "Subject\n\nBody.\n\n%s", lines);
	read_message(buf_text(&message));
	buf_release(&message);
}

static void
read_option(const char *option)
{
	problems_release(&problems);
	trailers_release(&trailers);
	trailers_read_option(&trailers, option, &problems);
}

static int
tear_down(void **state)
{
	(void)state;
	problems_release(&problems);
	trailers_release(&trailers);
	return 0;
}

static void
reads_every_kind(void **state)
{
	const struct trailer *at;

	(void)state;
	read_lines(
		"Perf-Accept: perf/ssl-transfer wall <=+12% | TLS | see #41\n"
		"perf-expect: perf/gc-minor wall -20%\n"
		"PERF-RENAME : perf/old -> perf/new\n"
		"Perf-Reset: perf/ssl | now sends 10 MB\n"
		"Perf-Skip: documentation only\n"
		"Signed-off-by: A <a@example.org>\n");
	assert_no_problem(&problems);
	assert_int_equal(trailers.count, 5);
	at = trailers.items;
	assert_int_equal(at->kind, TRAILER_KIND_ACCEPT);
	assert_string_equal(at->test, "perf/ssl-transfer");
	assert_string_equal(at->metric, "wall");
	assert_string_equal(at->reason, "TLS | see #41");
	assert_about(at->bound, 1.12);
	assert_true(oid_equal(&at->commit, &commit));
	at++;
	assert_int_equal(at->kind, TRAILER_KIND_EXPECT);
	assert_about(at->bound, 0.8);
	at++;
	assert_int_equal(at->kind, TRAILER_KIND_RENAME);
	assert_string_equal(at->test, "perf/old");
	assert_string_equal(at->to, "perf/new");
	at++;
	assert_int_equal(at->kind, TRAILER_KIND_RESET);
	assert_string_equal(at->test, "perf/ssl");
	assert_string_equal(at->reason, "now sends 10 MB");
	at++;
	assert_int_equal(at->kind, TRAILER_KIND_SKIP);
	assert_string_equal(at->reason, "documentation only");
}

static void
folds_and_trims(void **state)
{
	(void)state;
	read_lines("Perf-Accept: perf/a b\twall\n"
		   "   <= +12%   |  one\r\n"
		   "\ttwo\r\n"
		   "Perf-Skip:tight\r\n\n\n");
	assert_no_problem(&problems);
	assert_int_equal(trailers.count, 2);
	assert_string_equal(trailers.items[0].test, "perf/a b");
	assert_string_equal(trailers.items[0].metric, "wall");
	assert_string_equal(trailers.items[0].reason, "one two");
	assert_about(trailers.items[0].bound, 1.12);
	assert_string_equal(trailers.items[1].reason, "tight");
}

static void
bounds_have_a_side(void **state)
{
	static const struct {
		const char *bound;
		double ratio; /* below 0: refused */
	} rows[] = {
		{ "<=+12%", 1.12 },  { "<=12%", 1.12 },    { "+12%", 1.12 },
		{ "12%", 1.12 },     { ">=-12%", 0.88 },   { "-12%", 0.88 },
		{ ">= -12%", 0.88 }, { "<=+0.5%", 1.005 }, { ">=-100%", 0 },
		{ "<=+150%", 2.5 },  { "<=-12%", -1 },     { ">=+12%", -1 },
		{ "<=12", -1 },      { "<=", -1 },         { "much", -1 },
		{ "<=nan%", -1 },    { "<=inf%", -1 },     { ">=-200%", -1 },
		{ "<+12%", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct buf line = BUF_INIT;

		buf_addf(&line, "Perf-Accept: perf/x wall %s | r\n",
			 rows[i].bound);
		read_lines(buf_text(&line));
		buf_release(&line);
		if ((trailers.count == 1) != (rows[i].ratio >= 0))
			fail_msg("%s", rows[i].bound);
		if (trailers.count)
			assert_about(trailers.items[0].bound, rows[i].ratio);
		else
			assert_problem(&problems, WHERE,
				       "write `Perf-Accept: TEST METRIC "
				       "<=+12% | why`");
	}
}

static void
says_what_is_missing(void **state)
{
	static const char *const rows[][2] = {
		{ "Perf-Accept: perf/x wall <=+12%", "gives no reason" },
		{ "Perf-Accept: perf/x wall <=+12% |", "gives no reason" },
		{ "Perf-Accept: perf/x wall | r", "names no bound" },
		{ "Perf-Accept: perf/x <=+12% | r", "names no metric" },
		{ "Perf-Accept: <=+12% | r", "names no bound" },
		{ "Perf-Accept:", "names no bound" },
		{ "Perf-Expect: perf/x wall 20%", "no change such as -20%" },
		{ "Perf-Expect: perf/x wall -100%", "no change such as" },
		{ "Perf-Rename: perf/a perf/b", "no arrow" },
		{ "Perf-Rename: -> perf/b", "names no test" },
		{ "Perf-Rename: perf/a ->", "names no test" },
		{ "Perf-Reset: perf/x", "gives no reason" },
		{ "Perf-Reset: | r", "names no test" },
		{ "Perf-Skip:  ", "gives no reason" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct buf lines = BUF_INIT;

		buf_addf(&lines, "%s\nPerf-Skip: sound\n", rows[i][0]);
		read_lines(buf_text(&lines));
		buf_release(&lines);
		assert_problem(&problems, WHERE, rows[i][1]);
		assert_problem(&problems, WHERE, "write `Perf-");
		/* The others go on to count. */
		assert_int_equal(trailers.count, 1);
		assert_string_equal(trailers.items[0].reason, "sound");
	}
}

static void
knows_a_trailer_block(void **state)
{
	(void)state;
	/* The subject is none. */
	read_message("Perf-Skip: x\n");
	assert_int_equal(trailers.count, 0);
	assert_problem(&problems, WHERE, "last paragraph");
	/* Another paragraph follows. */
	read_message("S\n\nPerf-Skip: x\n\nmore\n");
	assert_int_equal(trailers.count, 0);
	assert_problem(&problems, WHERE, "Perf-Skip does not count here");
	/* Three dashes divide nothing in a commit. */
	read_message("S\n\nbody\n---\nmore\n\nPerf-Skip: x\n");
	assert_int_equal(trailers.count, 1);
	/* One in a paragraph of prose. */
	read_message("S\n\nPerf-Skip: x\nis\na\nlong\nstory\n");
	assert_int_equal(trailers.count, 0);
	assert_problem(&problems, WHERE, "does not count here");
	/* A quarter is enough, as for git. */
	read_message("S\n\nPerf-Skip: x\nis\na\nstory\n");
	assert_int_equal(trailers.count, 1);
	/* No other lines than trailers. */
	read_message("S\n\nFixes: #1\n (folded)\nPerf-Skip: x\n# note\n"
		     "(cherry picked from commit 12)\n");
	assert_int_equal(trailers.count, 1);
	assert_no_problem(&problems);
	read_message("S\n\nPerf-Skip: x\n\n# Conflicts:\n#\tfile\n");
	assert_int_equal(trailers.count, 1);
	read_message("");
	read_message("\n\n\n");
	read_message("S\n\n  indented: x\n");
	assert_int_equal(trailers.count, 0);
	assert_no_problem(&problems);
}

static void
suggests_the_right_key(void **state)
{
	(void)state;
	read_lines("Perf-Acept: perf/x wall <=+1% | r\nPerf-Tests: none\n"
		   "Fixes: #1\n");
	assert_int_equal(trailers.count, 0);
	assert_int_equal(problems.count, 1);
	assert_problem(&problems, WHERE, "did you mean Perf-Accept?");
}

static void
reads_push_options(void **state)
{
	(void)state;
	read_option("perf.accept=perf/x wall <=+12% | squashed");
	assert_no_problem(&problems);
	assert_int_equal(trailers.count, 1);
	assert_true(oid_is_zero(&trailers.items[0].commit));
	read_option("PERF.Skip=x");
	assert_int_equal(trailers.items[0].kind, TRAILER_KIND_SKIP);
	read_option("ci.skip");
	assert_no_problem(&problems);
	assert_int_equal(trailers.count, 0);
	read_option("perf.skip");
	assert_problem(&problems, "push option", "perf.skip=...");
	read_option("perf.acept=x");
	assert_problem(&problems, "push option", "perf.accept=...");
	read_option("perf.accept=x");
	assert_problem(&problems, "push option", "names no bound");
}

static void
finds_the_last_and_most_exact(void **state)
{
	const struct trailer *found;

	(void)state;
	read_lines("Perf-Accept: perf/x wall <=+10% | a\n"
		   "Perf-Accept: perf/x wall <=+20% | b\n"
		   "Perf-Accept: perf/x * <=+30% | c\n"
		   "Perf-Accept: perf/y cpu <=+40% | d\n"
		   "Perf-Skip: e\n");
	found = trailers_find(&trailers, TRAILER_KIND_ACCEPT, "perf/x", "wall");
	assert_string_equal(found->reason, "b");
	found = trailers_find(&trailers, TRAILER_KIND_ACCEPT, "perf/x", "cpu");
	assert_string_equal(found->reason, "c");
	assert_null(trailers_find(&trailers, TRAILER_KIND_ACCEPT, "perf/y",
				  "wall"));
	assert_null(
		trailers_find(&trailers, TRAILER_KIND_ACCEPT, "perf/z", NULL));
	assert_null(trailers_find(&trailers, TRAILER_KIND_RESET, NULL, NULL));
	found = trailers_find(&trailers, TRAILER_KIND_SKIP, NULL, NULL);
	assert_string_equal(found->reason, "e");
}

static void
covers_up_to_the_bound(void **state)
{
	const struct trailer more = { .bound = 1.12 }, less = { .bound = 0.88 };

	(void)state;
	assert_true(trailer_covers(&more, BETTER_LOWER, 1.12));
	assert_false(trailer_covers(&more, BETTER_LOWER, 1.13));
	assert_true(trailer_covers(&more, BETTER_LOWER, 0.5));
	assert_true(trailer_covers(&less, BETTER_HIGHER, 0.88));
	assert_false(trailer_covers(&less, BETTER_HIGHER, 0.87));
	assert_true(trailer_covers(&less, BETTER_HIGHER, 1.5));
	/* Written the other way round it says how much worse. */
	assert_true(trailer_covers(&more, BETTER_HIGHER, 0.88));
	assert_false(trailer_covers(&more, BETTER_HIGHER, 0.87));
	assert_true(trailer_covers(&less, BETTER_LOWER, 1.12));
	assert_false(trailer_covers(&less, BETTER_LOWER, 1.13));
	assert_false(trailer_covers(&more, BETTER_LOWER, (double)NAN));
	assert_false(trailer_covers(&more, BETTER_LOWER, (double)INFINITY));
}

static const char *
formatted(struct buf *line, enum better better, double ratio, double low,
	  double high)
{
	buf_clear(line);
	trailer_format_accept(line, "perf/x", "wall", better, ratio, low, high);
	return buf_text(line);
}

static void
prints_a_line_to_paste(void **state)
{
	struct buf line = BUF_INIT;

	(void)state;
	assert_string_equal(formatted(&line, BETTER_LOWER, 1.31, 1.29, 1.332),
			    "Perf-Accept: perf/x wall <=+34% | why");
	assert_string_equal(formatted(&line, BETTER_LOWER, 1.12, 1.12, 1.12),
			    "Perf-Accept: perf/x wall <=+12% | why");
	/* A wide interval is no blank cheque. */
	assert_string_equal(formatted(&line, BETTER_LOWER, 1.10, 1.01, 9),
			    "Perf-Accept: perf/x wall <=+20% | why");
	assert_string_equal(formatted(&line, BETTER_HIGHER, 0.8, 0.75, 0.85),
			    "Perf-Accept: perf/x wall >=-25% | why");
	assert_string_equal(formatted(&line, BETTER_HIGHER, 0, 0, 0),
			    "Perf-Accept: perf/x wall >=-100% | why");
	assert_string_equal(formatted(&line, BETTER_LOWER, 1.001, 1, 1.002),
			    "Perf-Accept: perf/x wall <=+1% | why");
	assert_string_equal(formatted(&line, BETTER_LOWER, (double)INFINITY, 1,
				      (double)NAN),
			    "Perf-Accept: perf/x wall <=+1000000% | why");
	assert_string_equal(formatted(&line, BETTER_LOWER, (double)NAN, 1, 1),
			    "Perf-Accept: perf/x wall <=+1% | why");
	buf_release(&line);
}

/* What is printed is read again, covers what it was printed for, and asks for
 * a reason. */
static void
printed_lines_are_read_and_cover(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		enum better better = i % 2 ? BETTER_HIGHER : BETTER_LOWER;
		double size = 1e-4 * (1 + next_random(&random) % 9000);
		double wide = 1e-4 * (next_random(&random) % 2000);
		double ratio = better == BETTER_LOWER ? 1 + size : 1 - size;
		struct buf line = BUF_INIT;

		formatted(&line, better, ratio, ratio - wide, ratio + wide);
		read_lines(buf_text(&line));
		buf_release(&line);
		assert_int_equal(trailers.count, 1);
		if (!trailer_covers(&trailers.items[0], better, ratio))
			fail_msg("%g is not covered", ratio);
		if (wide <= size)
			assert_true(trailer_covers(
				&trailers.items[0], better,
				better == BETTER_LOWER
					? ratio + wide
					: fmax(0, ratio - wide)));
		assert_problem(&problems, WHERE, "put your reason");
	}
}

static void
bounds_what_it_takes(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "S\n\n");
	for (int i = 0; i < 1500; i++)
		buf_addf(&text, "Perf-Skip: %d\n", i);
	read_message(buf_text(&text));
	assert_int_equal(trailers.count, 1000);
	assert_problem(&problems, WHERE, "more than 1000");
	buf_clear(&text);
	buf_adds(&text, "Perf-Skip: a");
	for (int i = 0; i < 300; i++)
		buf_adds(&text, "\xc3\xa4");
	read_lines(buf_text(&text));
	assert_int_equal(strlen(trailers.items[0].reason), 399);
	for (int i = 0; i < 3000; i++)
		buf_adds(&text, "\xc3\xa4");
	read_lines(buf_text(&text));
	assert_problem(&problems, WHERE, "too long");
	buf_release(&text);
}

static void
survives_noise(void **state)
{
	static const char letters[] = "Perf-Accept: x*<=+1%|\n\n \t\r#\0\xff";
	uint64_t random = 11;
	char text[160];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = next_random(&random) % sizeof(text);

		for (size_t j = 0; j < len; j++)
			text[j] = letters[next_random(&random) %
					  (sizeof(letters) - 1)];
		if (len > 40)
			memcpy(text + len / 2, "\n\nPerf-Accept:", 14);
		problems_release(&problems);
		trailers_release(&trailers);
		trailers_read(&trailers, text, len, &commit, &problems);
		for (size_t j = 0; j < trailers.count; j++)
			assert_true(isfinite(trailers.items[j].bound));
	}
	trailers_release(&trailers);
	trailers_read(&trailers, "S\n\nPerf-Skip: a\0b\n", 18, &commit, NULL);
	assert_string_equal(trailers.items[0].reason, "a b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(folds_and_trims),
		cmocka_unit_test(bounds_have_a_side),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(knows_a_trailer_block),
		cmocka_unit_test(suggests_the_right_key),
		cmocka_unit_test(reads_push_options),
		cmocka_unit_test(finds_the_last_and_most_exact),
		cmocka_unit_test(covers_up_to_the_bound),
		cmocka_unit_test(prints_a_line_to_paste),
		cmocka_unit_test(printed_lines_are_read_and_cover),
		cmocka_unit_test(bounds_what_it_takes),
		cmocka_unit_test(survives_noise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_trailer", tests, NULL,
					   tear_down);
}
