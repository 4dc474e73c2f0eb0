#include "judge/verdict.h"

#include <string.h>

static const char *const names[VERDICT_COUNT] = {
	"pass",      "improved", "new",    "accepted",  "undecided",
	"unweighed", "failure",  "broken", "regressed", "severe"
};

const char *
verdict_name(enum verdict verdict)
{
	return names[verdict];
}

int
verdict_from_name(const char *name, enum verdict *verdict)
{
	for (int i = 0; i < VERDICT_COUNT; i++) {
		if (!strcmp(names[i], name)) {
			*verdict = (enum verdict)i;
			return 0;
		}
	}
	return -1;
}

enum verdict
verdict_worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

int
verdict_is_regression(enum verdict verdict)
{
	return verdict == VERDICT_REGRESSED || verdict == VERDICT_SEVERE;
}
