#ifndef POOL_SLURM_SAID_H
#define POOL_SLURM_SAID_H

struct buf;

/*
 * What a session's srun has on its stderr: words of Slurm's own, and the
 * runner's log. fd is a file in memory, zeros after the end.
 */
struct slurm_said {
	char *why;         /* the first error, of the node before srun's; or
			      NULL */
	int preempted;     /* the job had to make room */
	int no_controller; /* nobody was there to ask for a node */
};

/* Read it all; lines of the runner go to log_fd, if that is not -1. */
void slurm_said_read(struct slurm_said *said, int fd, int log_fd);
void slurm_said_release(struct slurm_said *said);

#endif
