#include "runner/toolchain.h"
#include "runner/environment.h"
#include "runner/sandbox.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_TOOLS = 16384, MAX_KEPT = 65536, TOOLS_MS = 60000 };

/* Versions of what builds and runs tests; one `name<TAB>version` a line. */
static const char tools_script[] =
	"for tool in gcc clang ld rustc python3 node perl; do\n"
	"  command -v $tool >/dev/null || continue\n"
	"  case $tool in\n"
	"  perl) version=$(perl -e 'print $^V') ;;\n"
	"  *) version=$($tool --version 2>/dev/null | head -n 1) ;;\n"
	"  esac\n"
	"  printf '%s\\t%s\\n' $tool \"$version\"\n"
	"done\n"
	"if command -v go >/dev/null; then\n"
	"  printf 'go\\t%s\\n' \"$(go version 2>/dev/null)\"\n"
	"fi\n"
	"if command -v java >/dev/null; then\n"
	"  printf 'java\\t%s\\n' \"$(readlink -f \"$(command -v java)\")\"\n"
	"fi\n"
	"printf 'libc\\t%s\\n' \"$(getconf GNU_LIBC_VERSION 2>/dev/null)\"\n"
	"for file in /usr/lib/os-release /etc/os-release; do\n"
	"  test -r $file && . $file && break\n"
	"done\n"
	"printf 'system\\t%s\\n' \"$PRETTY_NAME\"\n";

/* Where the sandbox's PATH finds them, and what else the script asks. */
static const char *const places[] = { "usr/local/bin", "usr/bin", "bin", NULL };
static const char *const tools[] = { "gcc",     "clang",   "ld",   "rustc",
				     "python3", "node",    "perl", "go",
				     "java",    "getconf", NULL };
static const char *const others[] = { "usr/lib/os-release",
				      "etc/os-release",
				      "etc/alternatives",
				      "usr/lib/x86_64-linux-gnu/libc.so.6",
				      "usr/lib/aarch64-linux-gnu/libc.so.6",
				      "usr/lib64/libc.so.6",
				      "usr/lib/libc.so.6",
				      NULL };

/* Which file a path of the root leads to, as the sandbox would follow it. */
static void
add_file(struct buf *state, int root, const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				      .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	struct stat info;

	if (fd >= 0 && !fstat(fd, &info))
		buf_addf(state, "%s %llx %llu %lld %lld.%09ld\n", path,
			 (unsigned long long)info.st_dev,
			 (unsigned long long)info.st_ino,
			 (long long)info.st_size, (long long)info.st_mtime,
			 (long)info.st_mtim.tv_nsec);
	io_close(&fd);
}

static void
add_list(struct buf *state, const char *name, const struct texts *list)
{
	for (size_t i = 0; i < list->count; i++)
		buf_addf(state, "%s %zu %s\n", name, strlen(list->items[i]),
			 list->items[i]);
}

/* All that the answer could depend on; ends with an empty line. */
static void
describe_state(const struct sandbox *sandbox, struct buf *state)
{
	const char *top = sandbox->root ? sandbox->root : "/";
	int root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct buf boot = BUF_INIT;

	(void)file_read("/proc/sys/kernel/random/boot_id", &boot, 64, NULL);
	buf_addf(state, "pacegate toolchain 1\nboot %.36s\nroot %s\n",
		 buf_text(&boot), top);
	add_list(state, "read", &sandbox->read);
	add_list(state, "env", &sandbox->env);
	for (const char *const *tool = tools; *tool; tool++)
		for (const char *const *place = places; *place; place++) {
			char *path = file_join(*place, *tool);

			add_file(state, root, path);
			free(path);
		}
	for (const char *const *other = others; *other; other++)
		add_file(state, root, *other);
	buf_addc(state, '\n');
	io_close(&root);
	buf_release(&boot);
}

/* They run where they will be used, and like all else of a root that is not
 * ours: in the sandbox. */
static int
ask(struct sandbox *sandbox, struct buf *answer, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", tools_script, NULL };
	const struct sandbox_step step = { .argv = argv };
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result = SANDBOX_RESULT_INIT;
	int ret;

	command.steps = &step;
	command.step_count = 1;
	command.timeout_ms = TOOLS_MS;
	command.keep_stdout = answer;
	command.stdout_max = MAX_TOOLS;
	ret = sandbox_run(sandbox, &command, &result, err);
	if (!ret && result.end != SANDBOX_EXITED)
		ret = err_set(err, ERR_SYSTEM,
			      "the toolchain does not say its versions");
	sandbox_result_release(&result);
	return ret;
}

/* Lines of `name<TAB>version`. */
static void
add_answer(struct environment *environment, struct buf *answer)
{
	char *save = NULL;

	buf_text(answer);
	for (char *line = strtok_r(answer->data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');

		if (!tab)
			continue;
		*tab = '\0';
		environment_add(environment, line, tab + 1);
	}
}

int
toolchain_read(struct sandbox *sandbox, const char *cache,
	       struct environment *environment, struct err *err)
{
	char *path = cache ? file_join(cache, "toolchain") : NULL;
	struct buf state = BUF_INIT, kept = BUF_INIT, answer = BUF_INIT;
	int ret = 0, is_kept;

	describe_state(sandbox, &state);
	if (path)
		(void)file_read(path, &kept, MAX_KEPT, NULL);
	is_kept = kept.len > state.len &&
		  !memcmp(kept.data, state.data, state.len);
	if (is_kept)
		buf_add(&answer, kept.data + state.len, kept.len - state.len);
	else
		ret = ask(sandbox, &answer, err);
	if (!ret && path && !is_kept) {
		buf_add(&state, answer.data, answer.len);
		/* What cannot be kept is asked for again. */
		(void)file_write(path, state.data, state.len, 0600, NULL);
	}
	if (!ret)
		add_answer(environment, &answer);
	free(path);
	buf_release(&state);
	buf_release(&kept);
	buf_release(&answer);
	return ret;
}
