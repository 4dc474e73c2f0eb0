#include <stddef.h>
#include <stdint.h>

#include "policy/directive.h"
#include "policy/problem.h"
#include "policy/tree_config.h"

/* A tree's .pacegate, and what it says of a test. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	struct tree_config tree;
	struct directives said;

	directives_init(&said);
	tree_config_read(&tree, (const char *)data, size, ".pacegate",
			 &problems);
	tree_config_apply(&tree, "perf/ssl-transfer", &said, &problems);
	directives_release(&said);
	tree_config_release(&tree);
	problems_release(&problems);
	return 0;
}
