/* Programs that want the machine, one a name; each runs alone. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

static void
eat(void)
{
	for (;;) {
		char *bytes = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (bytes == MAP_FAILED)
			exit(9);
		memset(bytes, 1, CHUNK);
	}
}

static void
oom(void)
{
	eat();
}

/* Many small eaters, and a parent that waits for them. */
static void
oom_fork(void)
{
	for (int i = 0; i < 8; i++)
		if (!fork())
			eat();
	while (wait(NULL) > 0)
		;
	pause();
}

static void
fork_bomb(void)
{
	for (;;)
		if (fork() < 0)
			usleep(100);
}

static void
thread_loop(void)
{
	pause();
}

static void *
thread_body(void *data)
{
	(void)data;
	thread_loop();
	return NULL;
}

static void
thread_bomb(void)
{
	pthread_t thread;

	while (!pthread_create(&thread, NULL, thread_body, NULL))
		;
	exit(9);
}

static void
fill(const char *dir)
{
	static char bytes[CHUNK];
	char path[64];

	for (int i = 0;; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/f%d", dir, i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			exit(9);
		for (int j = 0; j < 64; j++)
			if (write(fd, bytes, CHUNK) != CHUNK)
				exit(9);
		close(fd);
	}
}

static void
fill_tmp(void)
{
	fill("/tmp");
}

static void
fill_shm(void)
{
	fill("/dev/shm");
}

static void
inodes(void)
{
	char path[64];

	for (int i = 0;; i++) {
		int fd;

		snprintf(path, sizeof(path), "/tmp/i%d", i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			exit(9);
		close(fd);
	}
}

static void
deep(void)
{
	if (chdir("/tmp") < 0)
		exit(1);
	for (;;)
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			exit(9);
}

static void
memory_files(void)
{
	for (;;) {
		static char bytes[CHUNK];
		int fd = memfd_create("x", 0);

		if (fd < 0)
			exit(9);
		for (int i = 0; i < 16; i++)
			if (write(fd, bytes, CHUNK) != CHUNK)
				exit(9);
	}
}

static void
pipes(void)
{
	static char bytes[CHUNK];
	int fds[2];

	while (!pipe(fds)) {
		fcntl(fds[1], F_SETPIPE_SZ, CHUNK);
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		(void)!write(fds[1], bytes, CHUNK);
	}
	exit(errno == EMFILE ? 9 : 1);
}

static void
flood(void)
{
	static char bytes[CHUNK];

	memset(bytes, '\033', sizeof(bytes));
	for (;;)
		if (write(1, bytes, CHUNK) < 0)
			exit(9);
}

static void
event_flood(void)
{
	const char *path = getenv("PERF_EVENTS");
	int fd = path ? open(path, O_WRONLY) : -1;

	if (fd < 0)
		exit(1);
	for (;;)
		if (write(fd, "note x\n", 7) < 0)
			exit(9);
}

static void
sleep_on(void)
{
	for (int sig = 1; sig < 65; sig++)
		signal(sig, SIG_IGN);
	for (;;)
		sleep(100);
}

static void
spin(void)
{
	signal(SIGXCPU, SIG_IGN);
	for (;;)
		;
}

/* CPU time in children, none of which uses much. */
static void
spin_spread(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			for (volatile long i = 0; i < 30000000; i++)
				;
			_exit(0);
		}
		if (pid < 0)
			exit(9);
		waitpid(pid, NULL, 0);
	}
}

/* Two forks and a session of its own, holding stdout open. */
static void
daemon_away(void)
{
	if (!fork()) {
		setsid();
		if (!fork())
			sleep_on();
		_exit(0);
	}
	wait(NULL);
	exit(0);
}

static void
stopped(void)
{
	for (int i = 0; i < 4; i++)
		if (!fork())
			for (;;)
				raise(SIGSTOP);
	usleep(50000);
	raise(SIGSTOP);
}

static void
kill_one(void)
{
	kill(1, SIGKILL);
	kill(-1, SIGKILL);
	kill(1, SIGKILL);
	exit(0);
}

static void
descriptors(void)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	exit(errno == EMFILE ? 9 : 1);
}

static void
core(void)
{
	if (chdir("/tmp") < 0)
		exit(1);
	abort();
}

static void
sparse(void)
{
	int fd = open("/tmp/sparse", O_WRONLY | O_CREAT, 0600);

	/* SIGXFSZ comes first unless it is ignored. */
	signal(SIGXFSZ, SIG_IGN);
	exit(ftruncate(fd, (off_t)1 << 40) < 0 ? 9 : 1);
}

static const struct {
	const char *name;
	void (*attack)(void);
} attacks[] = {
	{ "oom", oom },
	{ "oom-fork", oom_fork },
	{ "fork-bomb", fork_bomb },
	{ "thread-bomb", thread_bomb },
	{ "fill-tmp", fill_tmp },
	{ "fill-shm", fill_shm },
	{ "inodes", inodes },
	{ "deep", deep },
	{ "memfd", memory_files },
	{ "pipes", pipes },
	{ "flood", flood },
	{ "event-flood", event_flood },
	{ "sleep", sleep_on },
	{ "spin", spin },
	{ "spin-spread", spin_spread },
	{ "daemon", daemon_away },
	{ "stopped", stopped },
	{ "kill-one", kill_one },
	{ "descriptors", descriptors },
	{ "core", core },
	{ "sparse", sparse },
};

int
main(int argc, char **argv)
{
	/* Nowhere but inside, whoever starts it: some of them kill everybody.
	 */
	if (access("/.pacegate-shim", F_OK) < 0 || !getuid())
		return 2;
	for (size_t i = 0; argc == 2 && i < sizeof(attacks) / sizeof(*attacks);
	     i++)
		if (!strcmp(argv[1], attacks[i].name))
			attacks[i].attack();
	return 2;
}
