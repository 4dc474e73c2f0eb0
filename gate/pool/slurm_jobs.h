#ifndef POOL_SLURM_JOBS_H
#define POOL_SLURM_JOBS_H

#include <stddef.h>

struct buf;
struct err;

/*
 * Jobs of ours in a Slurm's queue, one a session. A job's name holds the
 * repository and the session, its comment who started it: host and process.
 * So whoever comes later can tell which jobs nobody waits for any more; srun
 * does not see to that where it is killed.
 */

/* `pacegate/REPOSITORY/SESSION`, of the repository's last word. */
void slurm_job_name(struct buf *name, const char *repository,
		    const char *session);

/* `HOST PROCESS REPOSITORY COMMIT`. */
void slurm_job_comment(struct buf *comment, const char *repository,
		       const char *commit);

/* How a job stands, or ended. */
struct slurm_job {
	char id[24], node[64], state[24]; /* node "": it never had one */
};

/* Ask squeue of the job of that name; ERR_NOT_FOUND. */
int slurm_job_find(const char *name, struct slurm_job *job, struct err *err);

/* Cancel by name, running or not. */
int slurm_job_cancel(const char *name, struct err *err);

/* Cancel what processes of this host started that are no more; *count gets how
 * many. */
int slurm_jobs_reap(size_t *count, struct err *err);

/* How many jobs of this user run for the repository. */
int slurm_jobs_count(const char *repository, struct err *err);

#endif
