#include "runner/processes.h"
#include "base/err.h"
#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PROCESSES = 256, CHILDREN_BYTES = 4096 };

struct queue {
	pid_t pids[MAX_PROCESSES];
	size_t count;
};

/* A short file whole, or -1. */
static ssize_t
slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : io_read(fd, text, size - 1);

	io_close(&fd);
	text[got < 0 ? 0 : got] = '\0';
	return got;
}

int
process_parse_stat(const char *text, struct process_stat *stat)
{
	/* Numbers of the fields in proc(5). */
	enum { STATE = 3, CUTIME = 16, CSTIME = 17, THREADS = 20, RSS = 24 };
	const char *at = strrchr(text, ')');

	*stat = (struct process_stat){ 0 };
	if (!at)
		return ERR_INPUT;
	at++;
	for (int field = STATE; field <= RSS; field++) {
		int64_t value = strtoll(at + strspn(at, " "), NULL, 10);

		at += strspn(at, " ");
		if (!*at)
			return ERR_INPUT;
		if (field == CUTIME || field == CSTIME)
			stat->children_ticks += value;
		else if (field == THREADS)
			stat->threads = value;
		else if (field == RSS)
			stat->pages = value;
		at += strcspn(at, " ");
	}
	return 0;
}

static void
add_children_of(const char *path, struct queue *queue)
{
	char text[CHILDREN_BYTES], *at = text, *end;

	if (slurp(path, text, sizeof(text)) <= 0)
		return;
	while (queue->count < MAX_PROCESSES) {
		long pid = strtol(at, &end, 10);

		/* The last number may be cut. */
		if (end == at || !*end)
			return;
		queue->pids[queue->count++] = (pid_t)pid;
		at = end;
	}
}

/* Children are listed by the thread that started them. */
static void
add_children(pid_t pid, int64_t threads, struct queue *queue)
{
	struct dirent *entry;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	add_children_of(path, queue);
	if (threads < 2)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == pid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children",
			 (int)pid, entry->d_name);
		add_children_of(path, queue);
	}
	if (dir)
		closedir(dir);
}

static int64_t
number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static int64_t
cpu_of(pid_t pid)
{
	struct timespec used = { 0, 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used) < 0)
		return 0;
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void
add_process(pid_t pid, int is_root, int64_t tick_ns, struct queue *queue,
	    struct processes_usage *usage)
{
	struct process_stat stat;
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (slurp(path, text, sizeof(text)) <= 0 ||
	    process_parse_stat(text, &stat) < 0)
		return;
	usage->cpu_ns += stat.children_ticks * tick_ns;
	if (!is_root) {
		usage->memory_bytes += stat.pages * sysconf(_SC_PAGESIZE);
		usage->threads += stat.threads;
		usage->cpu_ns += cpu_of(pid);
	}
	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	if (slurp(path, text, sizeof(text)) > 0) {
		usage->read_bytes += number_after(text, "rchar: ");
		usage->written_bytes += number_after(text, "wchar: ");
	}
	add_children(pid, stat.threads, queue);
}

void
processes_read(pid_t root, struct processes_usage *usage)
{
	int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
	struct queue queue = { { root }, 1 };

	*usage = (struct processes_usage){ 0 };
	for (size_t i = 0; i < queue.count; i++)
		add_process(queue.pids[i], !i, tick_ns, &queue, usage);
}
