/*
 * bare PROGRAM: for each line on stdin runs PROGRAM with an
 * empty environment and prints `wall cpu` in ns: fork, exec and wait with
 * nothing around them. The program is in a session of its own, as a trial's
 * is: on a busy machine that alone makes it wait (sched_autogroup_enabled).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
time_ns(const struct timeval *time)
{
	return ((int64_t)time->tv_sec * 1000000 + time->tv_usec) * 1000;
}

int
main(int argc, char **argv)
{
	char *const arguments[] = { argc > 1 ? argv[1] : NULL, NULL };
	char *const nothing[] = { NULL };
	struct rusage usage;
	int byte, null = open("/dev/null", O_WRONLY);

	if (argc != 2 || null < 0)
		return 2;
	while ((byte = getchar()) != EOF) {
		int64_t start_ns = now_ns(), end_ns;
		pid_t pid = vfork();
		int status;

		if (!pid) {
			setsid();
			dup2(null, 1);
			execve(arguments[0], arguments, nothing);
			_exit(127);
		}
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status)
			return 1;
		end_ns = now_ns();
		printf("%lld %lld\n", (long long)(end_ns - start_ns),
		       (long long)(time_ns(&usage.ru_utime) +
				   time_ns(&usage.ru_stime)));
		fflush(stdout);
	}
	return 0;
}
