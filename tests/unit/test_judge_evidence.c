#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "judge/confirm.h"
#include "judge/evidence.h"

static struct finding
of(enum verdict verdict, double ratio)
{
	return (struct finding){ .verdict = verdict,
				 .estimate = { ratio, ratio, ratio } };
}

static const struct {
	enum verdict wall, cpu, work; /* VERDICT_NEW: not measured */
	double time_ratio, work_ratio;
	enum evidence kind;
	const char *text;
} cases[] = {
	{ VERDICT_PASS, VERDICT_PASS, VERDICT_PASS, 1, 1, EVIDENCE_NONE, "" },
	{ VERDICT_NEW, VERDICT_NEW, VERDICT_NEW, 1, 1, EVIDENCE_NONE, "" },
	{ VERDICT_UNDECIDED, VERDICT_UNDECIDED, VERDICT_UNDECIDED, 2, 2,
	  EVIDENCE_NONE, "" },
	{ VERDICT_REGRESSED, VERDICT_REGRESSED, VERDICT_REGRESSED, 1.1, 1.12,
	  EVIDENCE_BOTH, "12 % more work" },
	{ VERDICT_PASS, VERDICT_SEVERE, VERDICT_REGRESSED, 1.1, 1.034,
	  EVIDENCE_BOTH, "3.4 % more work" },
	{ VERDICT_IMPROVED, VERDICT_IMPROVED, VERDICT_IMPROVED, 0.7, 0.5,
	  EVIDENCE_BOTH, "50 % less work" },
	{ VERDICT_PASS, VERDICT_PASS, VERDICT_REGRESSED, 1, 1.05, EVIDENCE_WORK,
	  "5.0 % more work, same time" },
	{ VERDICT_UNDECIDED, VERDICT_UNDECIDED, VERDICT_REGRESSED, 1, 1.0996,
	  EVIDENCE_WORK, "10 % more work" },
	{ VERDICT_REGRESSED, VERDICT_REGRESSED, VERDICT_PASS, 1.1, 1,
	  EVIDENCE_LAYOUT, "same work, slower: memory or layout?" },
	{ VERDICT_IMPROVED, VERDICT_IMPROVED, VERDICT_PASS, 0.9, 1,
	  EVIDENCE_LAYOUT, "same work, faster: memory or layout?" },
	{ VERDICT_REGRESSED, VERDICT_PASS, VERDICT_PASS, 1.1, 1,
	  EVIDENCE_WAITING, "same CPU time: it waits longer" },
	{ VERDICT_IMPROVED, VERDICT_PASS, VERDICT_NEW, 0.9, 1, EVIDENCE_WAITING,
	  "same CPU time: it waits less" },
	{ VERDICT_REGRESSED, VERDICT_UNDECIDED, VERDICT_NEW, 1.1, 1,
	  EVIDENCE_TIME, "" },
	{ VERDICT_REGRESSED, VERDICT_REGRESSED, VERDICT_UNDECIDED, 1.1, 1,
	  EVIDENCE_TIME, "" },
	{ VERDICT_REGRESSED, VERDICT_REGRESSED, VERDICT_IMPROVED, 1.1, 0.8,
	  EVIDENCE_CONFLICT, "20 % less work, yet slower: memory or layout?" },
	{ VERDICT_NEW, VERDICT_IMPROVED, VERDICT_REGRESSED, 0.9, 1.2,
	  EVIDENCE_CONFLICT, "20 % more work, yet faster: memory or layout?" },
	/* Accepted is decided later, by the report; here it is no change. */
	{ VERDICT_ACCEPTED, VERDICT_PASS, VERDICT_PASS, 1.1, 1, EVIDENCE_NONE,
	  "" },
};

static void
kinds_and_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct finding wall = of(cases[i].wall, cases[i].time_ratio);
		struct finding cpu = of(cases[i].cpu, cases[i].time_ratio);
		struct finding work = of(cases[i].work, cases[i].work_ratio);
		struct finding *w = cases[i].wall == VERDICT_NEW ? NULL : &wall;
		struct finding *c = cases[i].cpu == VERDICT_NEW ? NULL : &cpu;
		struct finding *n = cases[i].work == VERDICT_NEW ? NULL : &work;
		struct buf text = BUF_INIT;

		assert_int_equal(evidence_kind(w, c, n), cases[i].kind);
		evidence_add_text(&text, w, c, n);
		assert_string_equal(text.len ? buf_text(&text) : "",
				    cases[i].text);
		buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_texts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge evidence", tests, NULL, NULL);
}
