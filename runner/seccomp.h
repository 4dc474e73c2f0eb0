#ifndef RUNNER_SECCOMP_H
#define RUNNER_SECCOMP_H

struct err;

/*
 * The filter that every process of the sandbox runs under, as the BPF program
 * that bwrap's --seccomp reads: a memory file, at its start, owned by the
 * caller. Negative and err where libseccomp cannot.
 */
int seccomp_filter_open(struct err *err);

#endif
