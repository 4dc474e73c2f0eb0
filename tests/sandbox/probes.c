/*
 * Runs inside the sandbox and tries what nobody in there may do. One line for
 * each attempt: `NAME denied`, or `NAME DONE` where it went through. The word
 * before the name says what keeps it out: `filter` (must be DONE without the
 * filter, so that we see the test bite), `either` (the kernel may refuse it
 * anyway), `walls` (namespaces, user, mounts: denied in any case). More
 * arguments select probes by name.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

static const char *secret_path, *socket_name;
static int host_port;

static int
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* In a child, whose death counts as denied. */
static int
in_child(int (*attempt)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(attempt() ? 42 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static int
io_uring(void)
{
	struct io_uring_params params = { 0 };

	return syscall(SYS_io_uring_setup, 2, &params) >= 0;
}

static int
add_a_key(void)
{
	return syscall(SYS_add_key, "user", "pacegate", "x", 1,
		       KEY_SPEC_PROCESS_KEYRING) > 0;
}

static int
keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
		       KEY_SPEC_PROCESS_KEYRING, 1) > 0;
}

static int
perf_event(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.exclude_kernel = 1 };

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) >= 0;
}

static int
vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0;
}

static int
netlink_audit(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 9) >= 0;
}

static int
alg(void)
{
	return socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0;
}

static int
packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

static int
trace_child(void)
{
	pid_t pid = fork();
	int done;

	if (!pid) {
		pause();
		_exit(0);
	}
	done = ptrace(PTRACE_ATTACH, pid, 0, 0) == 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
	return done;
}

static int
read_child(void)
{
	char here[8], there[8] = "secret";
	struct iovec local = { here, sizeof(here) };
	struct iovec remote = { there, sizeof(there) };
	pid_t pid = fork();
	int done;

	if (!pid) {
		pause();
		_exit(0);
	}
	done = process_vm_readv(pid, &local, 1, &remote, 1, 0) > 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return done;
}

static int
user_fault(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY) >= 0;
}

static int
bpf_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 4,
				.max_entries = 1 };

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) >= 0;
}

/* getpid() by the table of i386. */
static int
i386(void)
{
	long result = -1;

#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
#endif
	return result > 0;
}

static int
type_into_terminal(void)
{
	char c = 'x';
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	int unlocked = 0;

	setsid();
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return 0;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return 0;
	return ioctl(slave, TIOCSTI, &c) == 0;
}

/* The same with rubbish in the half that the kernel does not look at. */
static int
type_sideways(void)
{
	char c = 'x';
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	int unlocked = 0;

	setsid();
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return 0;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return 0;
	return syscall(SYS_ioctl, slave, (1ul << 32) | TIOCSTI, &c) == 0;
}

static int
clone3_is_there(void)
{
	syscall(SYS_clone3, NULL, 0);
	return errno != ENOSYS;
}

static int
new_user_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static int
clone_user_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return pid > 0;
}

static int
new_mount_namespace(void)
{
	return unshare(CLONE_NEWNS) == 0;
}

static int
mount_tmpfs(void)
{
	return mount("x", "/tmp", "tmpfs", 0, NULL) == 0;
}

static int
remount_tree(void)
{
	return mount(NULL, "/t", NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
}

static int
unmount_proc_sys(void)
{
	return umount2("/proc/sys", MNT_DETACH) == 0;
}

static int
enter_namespace(void)
{
	int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && setns(fd, 0) == 0;
}

static int
make_device(void)
{
	return mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)) == 0 ||
	       mknod("/dev/shm/disk", S_IFBLK | 0600, makedev(254, 0)) == 0;
}

static int
change_root(void)
{
	return chroot("/tmp") == 0;
}

static int
become_root(void)
{
	return setuid(0) == 0 || setresuid(0, 0, 0) == 0 || setgid(0) == 0;
}

static int
is_root(void)
{
	return !getuid() || !geteuid() || !getgid();
}

static int
core_pattern(void)
{
	return opens("/proc/sys/kernel/core_pattern", O_WRONLY);
}

static int
sysrq(void)
{
	return opens("/proc/sysrq-trigger", O_WRONLY);
}

static int
drop_caches(void)
{
	return opens("/proc/sys/vm/drop_caches", O_WRONLY);
}

static int
forward(void)
{
	return opens("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
}

static int
kernel_memory(void)
{
	return opens("/proc/kcore", O_RDONLY) || opens("/dev/mem", O_RDONLY) ||
	       opens("/dev/kmsg", O_RDONLY) || opens("/proc/kmsg", O_RDONLY);
}

static int
sys_files(void)
{
	return opens("/sys/kernel", O_RDONLY) ||
	       opens("/sys/fs/cgroup", O_RDONLY) ||
	       mount("c", "/tmp", "cgroup2", 0, NULL) == 0;
}

static int
shim_memory(void)
{
	return opens("/proc/1/mem", O_RDWR) || opens("/proc/1/mem", O_RDONLY) ||
	       opens("/proc/1/maps", O_RDONLY);
}

static int
shim_descriptors(void)
{
	DIR *dir = opendir("/proc/1/fd");
	char path[32];

	if (dir)
		return 1;
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/1/fd/%d", fd);
		if (opens(path, O_WRONLY) || opens(path, O_RDONLY))
			return 1;
	}
	return opens("/proc/1/environ", O_RDONLY);
}

static int
shim_descriptor_by_pidfd(void)
{
	long fd = syscall(SYS_pidfd_open, 1, 0);

	for (int there = 0; fd >= 0 && there < 16; there++)
		if (syscall(SYS_pidfd_getfd, fd, there, 0) >= 0)
			return 1;
	return 0;
}

static int
shim_trace(void)
{
	char byte = 0;
	struct iovec local = { &byte, 1 }, remote = { (void *)0x400000, 1 };

	return ptrace(PTRACE_SEIZE, 1, 0, 0) == 0 ||
	       process_vm_readv(1, &local, 1, &remote, 1, 0) > 0 ||
	       process_vm_writev(1, &local, 1, &remote, 1, 0) > 0;
}

/* It must still be there to report: the run's outcome shows it. */
static int
shim_kill(void)
{
	kill(1, SIGKILL);
	kill(1, SIGSTOP);
	kill(1, SIGTERM);
	usleep(20000);
	return kill(1, 0) < 0 && errno == ESRCH;
}

static int
extra_descriptors(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 1;
	return 0;
}

static int
report_descriptor(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (write(fd, "x", 1) == 1 || send(fd, "x", 1, 0) == 1)
			return 1;
	return 0;
}

static int
other_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	/* pid 1, this one and the parent of the attempt. */
	return count > 3;
}

static int
signal_outside(void)
{
	for (pid_t pid = 100; pid < 40000; pid++)
		if (kill(pid, 0) == 0 || errno == EPERM)
			return 1;
	return 0;
}

static int
host_secret(void)
{
	return opens(secret_path, O_RDONLY) ||
	       opens("/t/link-to-secret", O_RDONLY) ||
	       opens("/t/dir-link/../../../../../../etc/shadow", O_RDONLY);
}

static int
host_places(void)
{
	return opens("/root", O_RDONLY) || opens("/home", O_RDONLY) ||
	       opens("/var", O_RDONLY) || opens("/run", O_RDONLY) ||
	       opens("/etc/shadow", O_RDONLY) || opens("/boot", O_RDONLY) ||
	       opens("/etc/hostname", O_RDONLY) ||
	       opens("/etc/machine-id", O_RDONLY);
}

static int
write_tree(void)
{
	return opens("/t/new", O_WRONLY | O_CREAT) ||
	       opens("/t/data", O_WRONLY) || chmod("/t/data", 0777) == 0 ||
	       unlink("/t/data") == 0 || rename("/t/data", "/t/x") == 0 ||
	       mkdir("/t/d", 0700) == 0;
}

static int
write_system(void)
{
	return opens("/usr/new", O_WRONLY | O_CREAT) ||
	       opens("/new", O_WRONLY | O_CREAT) ||
	       opens("/etc/passwd", O_WRONLY) ||
	       opens("/dev/new", O_WRONLY | O_CREAT) ||
	       opens("/.pacegate-shim", O_WRONLY) ||
	       chmod("/.pacegate-shim", 0777) == 0 ||
	       opens("/usr/bin/env", O_WRONLY);
}

static int
set_user_file(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		execl("/t/setuid-id", "id", NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static int
host_port_open(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((in_port_t)host_port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static int
abstract_socket(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t len = strlen(socket_name);

	memcpy(to.sun_path + 1, socket_name, len);
	return connect(fd, (struct sockaddr *)&to,
		       (socklen_t)(sizeof(sa_family_t) + 1 + len)) == 0;
}

static int
outer_network(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(0x0a000001) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static int
raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, 1) >= 0;
}

static int
priority(void)
{
	struct sched_param param = { .sched_priority = 1 };

	return setpriority(PRIO_PROCESS, 0, -10) == 0 ||
	       sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

static int
raise_limits(void)
{
	static const int limits[] = { RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_CORE,
				      RLIMIT_FSIZE, RLIMIT_CPU };

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i], &limit) < 0 ||
		    limit.rlim_max == RLIM_INFINITY)
			return 1;
		limit.rlim_max++;
		if (setrlimit(limits[i], &limit) == 0)
			return 1;
	}
	return 0;
}

static int
host_name(void)
{
	return sethostname("escaped", 7) == 0;
}

static int
set_clock(void)
{
	struct timespec zero = { 0, 0 };

	return clock_settime(CLOCK_REALTIME, &zero) == 0;
}

static int
controlling_terminal(void)
{
	return opens("/dev/tty", O_RDWR);
}

static int
survives_environment(void)
{
	extern char **environ;

	for (char **at = environ; *at; at++)
		if (strstr(*at, "PROBE_TOKEN") || !strncmp(*at, "GIT_", 4) ||
		    !strncmp(*at, "SSH_", 4))
			return 1;
	return 0;
}

/* CVE-2019-5736: the program that started us, by way of /proc. */
static int
overwrite_programs(void)
{
	return opens("/proc/self/exe", O_WRONLY) ||
	       opens("/proc/1/exe", O_WRONLY) || opens("/proc/1/exe", O_RDONLY);
}

/* CVE-2024-21626: a working directory or a root that is not the sandbox's. */
static int
places_of_others(void)
{
	char path[64];
	struct stat root, there;

	if (opens("/proc/1/root", O_RDONLY) || opens("/proc/1/cwd", O_RDONLY) ||
	    opens("/proc/1/ns/mnt", O_RDONLY) || stat("/", &root) < 0)
		return 1;
	for (int i = 0; i < 40 && chdir("..") == 0; i++)
		continue;
	if (stat(".", &there) < 0 || there.st_ino != root.st_ino ||
	    there.st_dev != root.st_dev)
		return 1;
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d/..", fd);
		if (opens(path, O_RDONLY | O_DIRECTORY))
			return 1;
	}
	return 0;
}

/* release_agent, and whatever else a hierarchy of v1 would give. */
static int
mount_v1_groups(void)
{
	return mount("c", "/tmp", "cgroup", 0, "memory") == 0 ||
	       mount("c", "/tmp", "cgroup", 0, "none,name=x") == 0 ||
	       opens("/sys/fs/cgroup/memory/release_agent", O_WRONLY);
}

static int
new_mount_calls(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0) >= 0 ||
	       syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* a clone */) >= 0 ||
	       syscall(SYS_pivot_root, "/tmp", "/tmp") == 0 ||
	       mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) == 0;
}

static int
by_handle(void)
{
	struct {
		struct file_handle head;
		char bytes[128];
	} handle = { .head = { .handle_bytes = 128 } };
	int id, dir = open("/usr", O_RDONLY | O_DIRECTORY);

	if (name_to_handle_at(AT_FDCWD, "/usr", &handle.head, &id, 0) < 0)
		return 0;
	return open_by_handle_at(dir, &handle.head, O_RDONLY) >= 0;
}

static int
modules_and_boots(void)
{
	return syscall(SYS_init_module, "", 0, "") == 0 ||
	       syscall(SYS_kexec_load, 0, 0, NULL, 0) == 0 ||
	       syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL) == 0 ||
	       syscall(SYS_swapon, "/tmp/x", 0) == 0 ||
	       syscall(SYS_acct, "/tmp/x") == 0;
}

static int
kernel_log(void)
{
	char text[64];

	return syscall(SYS_syslog, 3, text, sizeof(text)) > 0;
}

static int
message_queue(void)
{
	return syscall(SYS_mq_open, "pacegate-probe", O_RDWR | O_CREAT, 0600,
		       NULL) >= 0;
}

/* A segment of the host's: this key is planted outside. */
static int
host_segment(void)
{
	return shmget(0x70616365, 0, 0) >= 0;
}

static int
oom_protection(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	return fd >= 0 && write(fd, "-1000", 5) == 5;
}

static int
binary_formats(void)
{
	return opens("/proc/sys/fs/binfmt_misc/register", O_WRONLY) ||
	       mount("b", "/tmp", "binfmt_misc", 0, NULL) == 0 ||
	       opens("/proc/sys/kernel/modprobe", O_WRONLY) ||
	       opens("/proc/sys/kernel/ns_last_pid", O_WRONLY);
}

static int
hard_links(void)
{
	return link("/usr/bin/env", "/tmp/env") == 0 ||
	       link("/t/data", "/tmp/data") == 0 ||
	       link("/.pacegate-shim", "/tmp/shim") == 0;
}

/* Selections of a virtual console, pasted: TIOCLINUX. */
static int
paste(void)
{
	char what = 3;
	int fd = open("/dev/tty1", O_RDWR | O_NOCTTY);

	return ioctl(0, TIOCLINUX, &what) == 0 || fd >= 0;
}

static const struct {
	const char *by, *name;
	int (*attempt)(void);
} probes[] = {
	{ "filter", "io_uring", io_uring },
	{ "filter", "add_key", add_a_key },
	{ "filter", "keyctl", keyring },
	{ "filter", "perf_event_open", perf_event },
	{ "either", "vsock", vsock },
	{ "either", "af_alg", alg },
	{ "filter", "netlink_audit", netlink_audit },
	{ "walls", "af_packet", packet },
	{ "filter", "ptrace_child", trace_child },
	{ "filter", "read_child", read_child },
	{ "filter", "userfaultfd", user_fault },
	{ "either", "bpf", bpf_map },
	{ "filter", "i386", i386 },
	{ "either", "TIOCSTI", type_into_terminal },
	{ "either", "TIOCSTI_sideways", type_sideways },
	{ "filter", "clone3", clone3_is_there },
	{ "walls", "unshare_user", new_user_namespace },
	{ "walls", "clone_user", clone_user_namespace },
	{ "walls", "unshare_mount", new_mount_namespace },
	{ "walls", "mount", mount_tmpfs },
	{ "walls", "remount_tree", remount_tree },
	{ "walls", "unmount_proc_sys", unmount_proc_sys },
	{ "walls", "setns", enter_namespace },
	{ "walls", "mknod", make_device },
	{ "walls", "chroot", change_root },
	{ "walls", "setuid", become_root },
	{ "walls", "is_root", is_root },
	{ "walls", "core_pattern", core_pattern },
	{ "walls", "sysrq", sysrq },
	{ "walls", "drop_caches", drop_caches },
	{ "walls", "ip_forward", forward },
	{ "walls", "kernel_memory", kernel_memory },
	{ "walls", "sys_files", sys_files },
	{ "walls", "shim_memory", shim_memory },
	{ "walls", "shim_descriptors", shim_descriptors },
	{ "walls", "shim_pidfd", shim_descriptor_by_pidfd },
	{ "walls", "shim_trace", shim_trace },
	{ "walls", "shim_kill", shim_kill },
	{ "walls", "descriptors", extra_descriptors },
	{ "walls", "report_descriptor", report_descriptor },
	{ "walls", "processes", other_processes },
	{ "walls", "signals", signal_outside },
	{ "walls", "host_secret", host_secret },
	{ "walls", "host_places", host_places },
	{ "walls", "write_tree", write_tree },
	{ "walls", "write_system", write_system },
	{ "walls", "setuid_file", set_user_file },
	{ "walls", "host_port", host_port_open },
	{ "walls", "abstract_socket", abstract_socket },
	{ "walls", "network", outer_network },
	{ "walls", "raw_socket", raw_socket },
	{ "walls", "priority", priority },
	{ "walls", "limits", raise_limits },
	{ "walls", "hostname", host_name },
	{ "walls", "clock", set_clock },
	{ "walls", "terminal", controlling_terminal },
	{ "walls", "environment", survives_environment },
	{ "walls", "overwrite_programs", overwrite_programs },
	{ "walls", "places_of_others", places_of_others },
	{ "walls", "v1_groups", mount_v1_groups },
	{ "walls", "new_mount_calls", new_mount_calls },
	{ "walls", "by_handle", by_handle },
	{ "walls", "modules", modules_and_boots },
	{ "either", "kernel_log", kernel_log },
	{ "walls", "message_queue", message_queue },
	{ "walls", "host_segment", host_segment },
	{ "walls", "oom_protection", oom_protection },
	{ "walls", "binary_formats", binary_formats },
	{ "walls", "hard_links", hard_links },
	{ "walls", "TIOCLINUX", paste },
};

static int
is_named(const char *name, char **names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++)
			printf("%s %s\n", probes[i].by, probes[i].name);
		return 0;
	}
	/* Outside of a sandbox root would not only try. */
	if (is_root()) {
		printf("walls is_root DONE\n");
		return 2;
	}
	if (argc < 4)
		return 2;
	secret_path = argv[1];
	socket_name = argv[2];
	host_port = atoi(argv[3]);
	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		if (argc > 4 && !is_named(probes[i].name, argv + 4))
			continue;
		printf("%s %s %s\n", probes[i].by, probes[i].name,
		       in_child(probes[i].attempt) ? "DONE" : "denied");
		fflush(stdout);
	}
	return 0;
}
