#ifndef GATE_STUDY_RECORD_H
#define GATE_STUDY_RECORD_H

#include <jansson.h>

#include "judge/noise.h"

struct store_tx;

/*
 * What the study of a test (study.h) has shown in an environment, apart from
 * the history: a note of the store,
 *
 *     {"definition": "...", "sessions": [{"id": "...", "time": 1700000000,
 *      "metrics": {"cpu": {"ratio": 1.001, "width": 0.0007,
 *                          "spread": 0.004}}}]}
 *
 * A new definition of the test begins it anew.
 */

enum { STUDY_KEPT = 50 /* sessions, the newest */ };

/* NULL where there is none; freed by the caller. */
json_t *study_record_get(struct store_tx *tx, const char *environment,
			 const char *test);

/* Of this definition, empty where there is none. */
json_t *study_record_of(struct store_tx *tx, const char *environment,
			const char *test, const char *definition);
int study_record_put(struct store_tx *tx, const char *environment,
		     const char *test, const json_t *record);

/* A session's estimates; metrics is taken. */
void study_record_add(json_t *record, const char *session, int64_t now_s,
		      json_t *metrics);
json_t *study_metric_json(const struct noise_session *session, double spread);

/* The sessions that measured a metric; sessions and spreads have room for
 * STUDY_KEPT, returns how many. */
size_t study_record_sessions(const json_t *record, const char *metric,
			     struct noise_session *sessions, double *spreads);

#endif
