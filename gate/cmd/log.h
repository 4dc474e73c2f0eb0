#ifndef CMD_LOG_H
#define CMD_LOG_H

#include <stddef.h>

#include "history.h"
#include "report/drift.h"
#include "report/report.h"

/* What `pacegate log` has read of a test, for its text and its JSON. */
struct log {
	const char *test;
	const char *metric; /* borrowed, or the one found */
	char *found;
	size_t lines;              /* 0: all */
	struct history *histories; /* one an environment, oldest first */
	size_t count, cap;
	struct report_floor *floors; /* of the histories */
	struct report_drifts drifts; /* alerts that stand, of all tests */
};

/* Whether an alert is of this history. */
int log_is_about(const struct report_drift *drift,
		 const struct history *history);

/* `let through: too noisy to say`, `told`: what the gate said when a change
 * came; NULL: not known. */
const char *log_said(const struct history *history,
		     const struct history_change *change);

/* Newest first, with the changes below the commits that made them. */
void log_print_history(const struct log *log, const struct history *history);

/* Whether a change is to the worse. */
int log_is_worse(const struct history *history, const struct change *change);

#endif
