#ifndef RUNNER_SPEC_READ_H
#define RUNNER_SPEC_READ_H

#include <jansson.h>
#include <stddef.h>

struct err;
struct spec;
struct texts;

/* Parts of spec_parse(), for runner/spec*.c alone: each reads some members of
 * the root into the spec. 0 or ERR_INPUT with the member's place. */
int spec_read_revisions(const json_t *root, struct spec *spec, struct err *err);
/* After the revisions, which its indexes are held against. */
int spec_read_tests(const json_t *root, struct spec *spec, struct err *err);
int spec_read_limits(const json_t *root, struct spec *spec, struct err *err);
int spec_read_sandbox(const json_t *root, struct spec *spec, struct err *err);
int spec_read_sampler(const json_t *root, struct spec *spec, struct err *err);
int spec_read_counter(const json_t *root, struct spec *spec, struct err *err);

/* An optional array of at most max absolute paths. */
int spec_read_paths(const json_t *object, const char *name, size_t max,
		    struct texts *paths, struct err *err);

#endif
