/*
 * Programs whose metrics are known, for metrics.sh: each does one thing so many
 * times.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, BLOCK = 1 << 20 };

static long
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
spin(long ms)
{
	volatile unsigned long sum = 0;

	while (cpu_ms() < ms)
		for (int i = 0; i < 100000; i++)
			sum += (unsigned long)i;
	return 0;
}

static int
in_kernel(long ms)
{
	char *bytes = malloc(BLOCK);
	int fd = open("/dev/zero", O_RDONLY);

	while (cpu_ms() < ms)
		if (read(fd, bytes, BLOCK) != BLOCK)
			return 1;
	return 0;
}

static int
forks(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static int
touch(long megabytes)
{
	size_t size = (size_t)megabytes << 20;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return 1;
	madvise(bytes, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += PAGE)
		bytes[i] = 1;
	return 0;
}

static int
naps(long count)
{
	const struct timespec nap = { 0, 100000 };

	for (long i = 0; i < count; i++)
		nanosleep(&nap, NULL);
	return 0;
}

/* For a while, so that whoever samples meets it. */
static int
hold(long megabytes)
{
	return touch(megabytes) || naps(2000);
}

/* Two that spin on one CPU push each other off it. */
static int
rivals(long ms)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	if (!fork())
		_exit(spin(ms));
	spin(ms);
	wait(NULL);
	return 0;
}

static int
writes(long megabytes)
{
	char *bytes = malloc(BLOCK);
	int fd = open("/t/file", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(bytes, 1, BLOCK);
	for (long i = 0; i < megabytes; i++)
		if (write(fd, bytes, BLOCK) != BLOCK)
			return 1;
	return fsync(fd) < 0;
}

/* As from a disk: through a mapping, after the cache was dropped. */
static int
reads(long megabytes)
{
	size_t size = (size_t)megabytes << 20;
	int fd = open("/t/file", O_RDONLY);
	volatile char sum = 0;
	char *bytes;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return 1;
	madvise(bytes, size, MADV_RANDOM);
	for (size_t i = 0; i < size; i += PAGE)
		sum += bytes[i];
	return 0;
}

/* What a program could try against the counters, then what is to be seen. */
static int
stops_counting(long megabytes)
{
	prctl(PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0) >= 0)
		return 1;
	return touch(megabytes);
}

static const struct {
	const char *name;
	int (*run)(long count);
} things[] = {
	{ "spin", spin },           { "kernel", in_kernel }, { "fork", forks },
	{ "touch", touch },         { "hold", hold },        { "nap", naps },
	{ "rivals", rivals },       { "write", writes },     { "read", reads },
	{ "stop", stops_counting },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(things) / sizeof(*things);
	     i++)
		if (!strcmp(argv[1], things[i].name))
			return things[i].run(atol(argv[2]));
	return 2;
}
