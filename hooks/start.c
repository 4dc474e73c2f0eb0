#include "hooks/start.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"

/* By its path: git has checked whose the repository is, and some of what it
 * went by, such as GIT_CONFIG_COUNT, does not reach the worker. */
#define NOW "exec \"$0\" work --repo ."
#define LATER "sleep 5; " NOW

int
start_worker(int later, struct err *err)
{
	char *program = programs_find(PROGRAM_GATE);
	char **env = proc_env_clean();
	const char *argv[] = { "sh", "-c", later ? LATER : NOW, program, NULL };
	struct proc_options options = { .argv = argv,
					.env = (const char *const *)env,
					.in = -1,
					.out = -1,
					.err = -1,
					.detach = 1 };
	pid_t pid = 0;
	int ret = program ? proc_start(&options, &pid, err)
			  : err_set(err, ERR_NOT_FOUND,
				    "%s is not installed beside the hooks",
				    PROGRAM_GATE);

	proc_env_free(env);
	free(program);
	return ret;
}
