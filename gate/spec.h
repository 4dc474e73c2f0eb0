#ifndef GATE_SPEC_H
#define GATE_SPEC_H

#include <jansson.h>
#include <stdint.h>

struct directives;
struct plan;

/* The first message of a session (base/protocol.h) for a plan. `common` holds
 * the members that do not depend on it (limits, sandbox, ...) and is copied.
 * The caller owns the result. */
/* How long a trial of a test may take. */
int64_t spec_timeout_ms(const struct directives *directives);

json_t *spec_of_plan(const struct plan *plan, const json_t *common,
		     const char *session, int64_t seed, int fresh,
		     unsigned rounds);

#endif
