#include "runner/seccomp.h"
#include "base/err.h"
#include "base/io.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What the kernel offers and no performance test needs: tracing and reading
 * other processes, programs for the kernel, keyrings, mounts and namespaces,
 * the machine's clock and settings, exotic sockets, typing into terminals.
 * Everything else is allowed: tests are real programs. Calls that libc or
 * runtimes try first and do without get ENOSYS.
 */

struct rule {
	int number, error;
};

#define DENY(name)                                                             \
	{                                                                      \
		SCMP_SYS(name), EPERM                                          \
	}
#define ABSENT(name)                                                           \
	{                                                                      \
		SCMP_SYS(name), ENOSYS                                         \
	}

static const struct rule rules[] = {
	/* Other processes. */
	DENY(ptrace),
	DENY(process_vm_readv),
	DENY(process_vm_writev),
	DENY(kcmp),
	DENY(pidfd_getfd),
	DENY(move_pages),
	DENY(migrate_pages),
	/* Large surfaces inside the kernel. */
	DENY(bpf),
	DENY(perf_event_open),
	DENY(userfaultfd),
	DENY(modify_ldt),
	ABSENT(io_uring_setup),
	ABSENT(io_uring_enter),
	ABSENT(io_uring_register),
	ABSENT(memfd_secret),
	DENY(add_key),
	DENY(request_key),
	DENY(keyctl),
	DENY(fanotify_init),
	DENY(fanotify_mark),
	DENY(lookup_dcookie),
	/* Mounts, namespaces, roots; clone() is below, its flags of clone3()
	 * are out of a filter's sight. */
	DENY(mount),
	DENY(umount2),
	DENY(pivot_root),
	DENY(chroot),
	DENY(move_mount),
	DENY(open_tree),
	DENY(fsopen),
	DENY(fsconfig),
	DENY(fsmount),
	DENY(fspick),
	DENY(mount_setattr),
	DENY(unshare),
	DENY(setns),
	ABSENT(clone3),
	DENY(name_to_handle_at),
	DENY(open_by_handle_at),
	DENY(swapon),
	DENY(swapoff),
	DENY(quotactl),
	DENY(quotactl_fd),
	DENY(acct),
	/* The machine. */
	DENY(reboot),
	DENY(kexec_load),
	DENY(kexec_file_load),
	DENY(init_module),
	DENY(finit_module),
	DENY(delete_module),
	DENY(create_module),
	DENY(query_module),
	DENY(get_kernel_syms),
	DENY(iopl),
	DENY(ioperm),
	DENY(syslog),
	DENY(vhangup),
	DENY(settimeofday),
	DENY(clock_settime),
	DENY(clock_adjtime),
	DENY(adjtimex),
	DENY(sethostname),
	DENY(setdomainname),
	DENY(nfsservctl),
	DENY(sysfs),
	DENY(_sysctl),
	DENY(uselib),
	DENY(ustat),
	DENY(vserver),
	DENY(afs_syscall),
	DENY(getpmsg),
	DENY(putpmsg),
	DENY(tuxcall),
	DENY(security),
};

enum {
	/* Numbers that libseccomp 2.5.4 has no names for, the same on all
	 * architectures: from futex_wake on. What comes after the ones that
	 * were looked at is absent until somebody looks. */
	FIRST_UNNAMED = 454,
	LAST_UNNAMED = 511
};

/* futex_wake, futex_wait, futex_requeue; setxattrat to removexattrat; mseal;
 * file_getattr, file_setattr. */
static const int allowed_unnamed[] = { 454, 455, 456, 462, 463,
				       464, 465, 466, 468, 469 };

static const uint32_t namespaces[] = {
	CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
	CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET,
};

/* 0, or a negative errno of libseccomp. Rules for calls that this
 * architecture lacks are nothing to add. */
static int
add_table(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		uint32_t action = SCMP_ACT_ERRNO((uint32_t)rules[i].error);
		int ret;

		if (rules[i].number < 0)
			continue;
		ret = seccomp_rule_add(filter, action, rules[i].number, 0);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int
is_allowed_unnamed(int number)
{
	for (size_t i = 0;
	     i < sizeof(allowed_unnamed) / sizeof(*allowed_unnamed); i++)
		if (allowed_unnamed[i] == number)
			return 1;
	return 0;
}

static int
add_unnamed(scmp_filter_ctx filter)
{
	int ret = 0;

	for (int number = FIRST_UNNAMED; !ret && number <= LAST_UNNAMED;
	     number++)
		if (!is_allowed_unnamed(number))
			ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
					       number, 0);
	return ret;
}

static int
add_namespaces(scmp_filter_ctx filter)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(namespaces) / sizeof(*namespaces);
	     i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
				       SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ,
					       namespaces[i], namespaces[i]));
	return ret;
}

/* The kernel looks at the low half of the register only, so both are masked:
 * an ioctl with rubbish above it must not pass (CVE-2019-10063). */
static int
add_terminals(scmp_filter_ctx filter)
{
	static const uint32_t typing[] = { TIOCSTI, TIOCLINUX, TIOCSETD,
					   TIOCCONS };
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(typing) / sizeof(*typing); i++)
		ret = seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, typing[i]));
	return ret;
}

/* AF_UNIX, AF_INET, AF_INET6 and netlink's routes, which libc asks for the
 * machine's addresses. Rubbish in the high half compares as larger. */
static int
add_sockets(scmp_filter_ctx filter)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int ret = 0;

	for (unsigned family = 0; !ret && family < AF_NETLINK; family++)
		if (family != AF_UNIX && family != AF_INET &&
		    family != AF_INET6)
			ret = seccomp_rule_add(filter, refuse, SCMP_SYS(socket),
					       1,
					       SCMP_A0(SCMP_CMP_EQ, family, 0));
	if (!ret)
		ret = seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
	if (!ret)
		ret = seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 2,
				       SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
				       SCMP_A2(SCMP_CMP_NE, 0, 0));
	return ret;
}

static int
fill(scmp_filter_ctx filter)
{
	int ret;

	/* A program of another ABI (i386, x32) dies of SIGSYS: the numbers
	 * mean other calls there. */
	ret = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			       SCMP_ACT_KILL_PROCESS);
	if (!ret)
		ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!ret)
		ret = add_table(filter);
	if (!ret)
		ret = add_unnamed(filter);
	if (!ret)
		ret = add_namespaces(filter);
	if (!ret)
		ret = add_terminals(filter);
	return ret ? ret : add_sockets(filter);
}

int
seccomp_filter_open(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int fd = -1, ret = -ENOMEM;

	if (filter)
		ret = fill(filter);
	if (!ret) {
		fd = memfd_create("filter", MFD_CLOEXEC);
		ret = fd < 0 ? -errno : seccomp_export_bpf(filter, fd);
	}
	if (!ret && lseek(fd, 0, SEEK_SET) < 0)
		ret = -errno;
	if (filter)
		seccomp_release(filter);
	if (!ret)
		return fd;
	io_close(&fd);
	errno = -ret;
	return err_errno(err, "cannot make the system call filter");
}
