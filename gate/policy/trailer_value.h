#ifndef POLICY_TRAILER_VALUE_H
#define POLICY_TRAILER_VALUE_H

struct trailer;

/* What stands behind `|` in a line to paste, until somebody says why. */
#define TRAILER_WHY "why"

/*
 * Inside the trailers: what stands behind the colon. trailer->kind is set and
 * says how to read value; the texts are filled in. NULL, or what is wrong
 * (static); then trailer_release() what there is.
 */
const char *trailer_parse_value(struct trailer *trailer, const char *value);

#endif
