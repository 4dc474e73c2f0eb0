#include "runner/sandbox.h"
#include "runner/launch.h"
#include "runner/layout.h"
#include "runner/machine.h"
#include "runner/seccomp.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { BWRAP_MAJOR = 0, BWRAP_MINOR = 8 }; /* the first with all we use */

static const struct sandbox_limits defaults = {
	.memory_bytes = (int64_t)2 << 30,
	.processes = 256,
	.cpu_ms = 600000,
	.disk_bytes = (int64_t)512 << 20,
	.output_bytes = (int64_t)16 << 20,
	.files = 1024,
};

static int find_programs(struct sandbox *sandbox, struct err *err);
static int choose_cpus(const char *wanted, struct sandbox *sandbox,
		       struct err *err);
static int try_out(struct sandbox *sandbox, struct err *err);

void
sandbox_limits_default(struct sandbox_limits *limits)
{
#define FILL(field)                                                            \
	if (limits->field <= 0)                                                \
	limits->field = defaults.field
	FILL(memory_bytes);
	FILL(processes);
	FILL(cpu_ms);
	FILL(disk_bytes);
	FILL(output_bytes);
	FILL(files);
#undef FILL
}

static int
copy_options(const struct sandbox_options *options, struct sandbox *sandbox,
	     struct err *err)
{
	const char *root = options->root;

	if (root && *root && strcmp(root, "/")) {
		if (*root != '/')
			return err_set(err, ERR_INPUT,
				       "sandbox root %s: must be an absolute "
				       "path",
				       root);
		sandbox->root = mem_copy_text(root);
	}
	for (size_t i = 0; options->read && i < options->read->count; i++) {
		const char *path = options->read->items[i];

		if (*path != '/')
			return err_set(err, ERR_INPUT,
				       "sandbox read %s: must be an absolute "
				       "path",
				       path);
		texts_add(&sandbox->read, path);
	}
	for (size_t i = 0; options->env && i < options->env->count; i++)
		texts_add(&sandbox->env, options->env->items[i]);
	sandbox->limits = options->limits;
	sandbox_limits_default(&sandbox->limits);
	return 0;
}

int
sandbox_open(const struct sandbox_options *options, struct sandbox *sandbox,
	     struct err *err)
{
	int ret;

	*sandbox = (struct sandbox)SANDBOX_INIT;
	ret = copy_options(options, sandbox, err);
	if (!ret)
		ret = find_programs(sandbox, err);
	if (!ret)
		ret = slotuser_take(options->slot, &sandbox->user, err);
	if (!ret)
		ret = choose_cpus(options->cpus, sandbox, err);
	if (ret < 0)
		return ret;
	if (options->without_filter)
		texts_add(&sandbox->notes, "without the system call filter");
	else
		sandbox->filter = ret = seccomp_filter_open(err);
	if (ret < 0)
		return ret;
	sandbox->cgroups = options->without_cgroup
				   ? cgroups_none()
				   : cgroups_open(&sandbox->notes);
	if (!sandbox->user.drops)
		texts_add(&sandbox->notes,
			  "tests run as the runner's own user: a slot's user "
			  "of its own needs root (contrib/slot-users)");
	/* What loses its parent comes to us, so that nothing is missed. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_errno(err, "cannot become the subreaper");
	ret = layout_open(sandbox, err);
	return ret < 0 ? ret : try_out(sandbox, err);
}

void
sandbox_close(struct sandbox *sandbox)
{
	io_close(&sandbox->filter);
	for (size_t i = 0; i < sandbox->file_count; i++)
		io_close(&sandbox->files[i]);
	launcher_free(sandbox->next);
	slotuser_release(&sandbox->user);
	cgroups_free(sandbox->cgroups);
	texts_release(&sandbox->read);
	texts_release(&sandbox->env);
	texts_release(&sandbox->notes);
	texts_release(&sandbox->layout);
	free(sandbox->bwrap);
	free(sandbox->bwrap_version);
	free(sandbox->shim);
	free(sandbox->root);
	free(sandbox->cpus);
	*sandbox = (struct sandbox)SANDBOX_INIT;
}

void
sandbox_describe(const struct sandbox *sandbox, struct buf *text)
{
	buf_addf(text, "bubblewrap %s, %s, ",
		 sandbox->bwrap_version ? sandbox->bwrap_version : "?",
		 sandbox->filter >= 0 ? "seccomp" : "no seccomp");
	if (sandbox->user.drops)
		buf_addf(text, "user %s, ", sandbox->user.name);
	else
		buf_adds(text, "own user, ");
	if (sandbox->root)
		buf_addf(text, "root %s, ", sandbox->root);
	if (sandbox->cgroups)
		cgroups_describe(sandbox->cgroups, text);
}

static char *
find_bwrap(void)
{
	static const char *const places[] = { "/usr/bin/bwrap",
					      "/usr/local/bin/bwrap",
					      "/bin/bwrap", NULL };

	for (const char *const *place = places; *place; place++)
		if (!access(*place, X_OK))
			return mem_copy_text(*place);
	return NULL;
}

static int
read_version(struct sandbox *sandbox, struct err *err)
{
	const char *const argv[] = { sandbox->bwrap, "--version", NULL };
	struct buf text = BUF_INIT;
	int major = 0, minor = 0;
	int ret = proc_capture(argv, NULL, &text, 256, err);

	if (!ret &&
	    sscanf(buf_text(&text), "bubblewrap %d.%d", &major, &minor) != 2)
		ret = err_set(err, ERR_UNSUPPORTED, "%s says no version",
			      sandbox->bwrap);
	if (!ret && major == BWRAP_MAJOR && minor < BWRAP_MINOR)
		ret = err_set(err, ERR_UNSUPPORTED,
			      "bubblewrap %d.%d is too old: 0.8 or newer is "
			      "needed",
			      major, minor);
	if (!ret) {
		buf_text(&text);
		text.data[strcspn(text.data, "\n")] = '\0';
		sandbox->bwrap_version = mem_copy_text(text.data +
						       strlen("bubblewrap "));
	}
	buf_release(&text);
	return ret;
}

static int
find_programs(struct sandbox *sandbox, struct err *err)
{
	sandbox->bwrap = find_bwrap();
	if (!sandbox->bwrap)
		return err_set(err, ERR_UNSUPPORTED,
			       "bubblewrap is missing: install it (on Debian: "
			       "apt-get install bubblewrap)");
	sandbox->shim = programs_find(PROGRAM_SHIM);
	if (!sandbox->shim)
		return err_set(err, ERR_NOT_FOUND,
			       PROGRAM_SHIM " is missing: run `make install` "
					    "again");
	return read_version(sandbox, err);
}

static int
choose_cpus(const char *wanted, struct sandbox *sandbox, struct err *err)
{
	cpu_set_t cpus, usable;

	if (sched_getaffinity(0, sizeof(usable), &usable) < 0)
		return err_errno(err, "cannot read this process's CPUs");
	if (!wanted || !*wanted) {
		cpus = usable;
	} else {
		if (machine_parse_cpus(wanted, &cpus) < 0)
			return err_set(err, ERR_INPUT,
				       "cpus %s: write numbers and ranges such "
				       "as 0-3,6",
				       wanted);
		CPU_AND(&usable, &usable, &cpus);
		if (!CPU_EQUAL(&usable, &cpus))
			return err_set(err, ERR_INPUT,
				       "cpus %s: not all of them may be used "
				       "here",
				       wanted);
	}
	sandbox->cpus = machine_format_cpus(&cpus);
	return 0;
}

static int
setting_is(const char *path, long value)
{
	struct buf text = BUF_INIT;
	int is = file_read(path, &text, 64, NULL) == 0 &&
		 strtol(buf_text(&text), NULL, 10) == value;

	buf_release(&text);
	return is;
}

/* Which setting of this machine keeps bwrap from working, or NULL. */
static const char *
restriction(void)
{
	if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		       1))
		return "AppArmor restricts user namespaces: give bwrap a "
		       "profile that allows userns (on Ubuntu 24.04 "
		       "apparmor-profiles has bwrap-userns-restrict), or set "
		       "kernel.apparmor_restrict_unprivileged_userns=0";
	if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", 0))
		return "user namespaces are off: set "
		       "kernel.unprivileged_userns_clone=1";
	if (setting_is("/proc/sys/user/max_user_namespaces", 0))
		return "user namespaces are off: set "
		       "user.max_user_namespaces=10000";
	return NULL;
}

/* Better now, with a reason, than at the first test. */
static int
try_out(struct sandbox *sandbox, struct err *err)
{
	const char *const argv[] = { "/bin/true", NULL };
	const struct sandbox_step step = { .argv = argv };
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result = SANDBOX_RESULT_INIT;
	const char *why;
	int ret;

	command.steps = &step;
	command.step_count = 1;
	command.timeout_ms = 30000;
	ret = sandbox_run(sandbox, &command, &result, err);
	if (!ret && (result.end != SANDBOX_EXITED || result.status))
		ret = err_set(err, ERR_UNSUPPORTED,
			      "/bin/true does not run in the sandbox: %.300s",
			      buf_text(&result.log));
	sandbox_result_release(&result);
	why = ret < 0 ? restriction() : NULL;
	if (why) {
		err_context(err, "%s", why);
		err->code = ret = ERR_UNSUPPORTED;
	}
	return ret;
}
