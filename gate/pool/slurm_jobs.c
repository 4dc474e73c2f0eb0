#include "pool/slurm_jobs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"

#define NAME_PREFIX PROGRAM_GATE "/"

enum { ASK_MS = 10000, MAX_ANSWER = 64 << 20, MAX_NAME = 48, HOST_SIZE = 256 };

/* The last word of a path, of letters that nobody has to quote. */
static void
add_repository(struct buf *name, const char *repository)
{
	char *copy = mem_copy_text(repository);
	size_t len = strlen(copy);
	char *last;

	while (len && copy[len - 1] == '/')
		copy[--len] = '\0';
	if (len > 5 && !strcmp(copy + len - 5, "/.git"))
		copy[len - 5] = '\0';
	last = strrchr(copy, '/');
	last = last ? last + 1 : copy;
	for (size_t i = 0; last[i] && i < MAX_NAME; i++)
		buf_addc(name, (isalnum((unsigned char)last[i]) ||
				strchr("._-", last[i]))
				       ? last[i]
				       : '_');
	free(copy);
}

void
slurm_job_name(struct buf *name, const char *repository, const char *session)
{
	buf_adds(name, NAME_PREFIX);
	add_repository(name, repository);
	buf_addf(name, "/%s", session);
}

static void
read_host(char host[HOST_SIZE])
{
	if (gethostname(host, HOST_SIZE) < 0)
		snprintf(host, HOST_SIZE, "localhost");
	host[HOST_SIZE - 1] = '\0';
}

void
slurm_job_comment(struct buf *comment, const char *repository,
		  const char *commit)
{
	char host[HOST_SIZE], process[PROC_ID_SIZE];

	read_host(host);
	proc_identify(process);
	buf_addf(comment, "%s %s ", host, process);
	add_repository(comment, repository);
	buf_addf(comment, " %s", commit ? commit : "");
}

/* squeue's answer, of this user's jobs. */
static int
ask(const char *format, const char *states, const char *name, struct buf *text,
    struct err *err)
{
	char user[24];
	const char *argv[] = { "squeue", "-h", "-o",
			       format,   "-t", states,
			       "-u",     user, name ? "-n" : NULL,
			       name,     NULL };

	snprintf(user, sizeof(user), "%u", (unsigned)geteuid());
	return proc_ask(argv, ASK_MS, text, MAX_ANSWER, err);
}

int
slurm_job_find(const char *name, struct slurm_job *job, struct err *err)
{
	struct buf text = BUF_INIT;
	int ret = ask("%i %T %N", "all", name, &text, err);

	*job = (struct slurm_job){ .id = "" };
	if (!ret && sscanf(buf_text(&text), "%23s %23s %63s", job->id,
			   job->state, job->node) < 2)
		ret = err_set(err, ERR_NOT_FOUND, "Slurm knows no job %s",
			      name);
	buf_release(&text);
	return ret;
}

int
slurm_job_cancel(const char *name, struct err *err)
{
	char user[24];
	const char *argv[] = { "scancel", "-Q", "-u", user, "-n", name, NULL };

	snprintf(user, sizeof(user), "%u", (unsigned)geteuid());
	return proc_ask(argv, ASK_MS, NULL, 4096, err);
}

/* `ID NAME HOST PROCESS …`: whether that process was one of this host, and is
 * gone. */
static int
is_orphan(char *line, const char *host, char id[24])
{
	char name[256], where[HOST_SIZE], process[PROC_ID_SIZE];

	return sscanf(line, "%23s %255s %255s %95s", id, name, where,
		      process) == 4 &&
	       !strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) &&
	       !strcmp(where, host) && !proc_is_alive(process);
}

int
slurm_jobs_reap(size_t *count, struct err *err)
{
	struct buf text = BUF_INIT;
	char host[HOST_SIZE], id[24], *rest = NULL;
	int ret = ask("%i %j %k", "PD,R,CF,S", NULL, &text, err);

	*count = 0;
	read_host(host);
	for (char *line = ret || !text.len ? NULL
					   : strtok_r(text.data, "\n", &rest);
	     line; line = strtok_r(NULL, "\n", &rest)) {
		const char *argv[] = { "scancel", "-Q", id, NULL };

		if (!is_orphan(line, host, id))
			continue;
		ret = proc_ask(argv, ASK_MS, NULL, 4096, err);
		if (ret < 0)
			break;
		log_event(LOG_INFO, "cancelled job %s, whose gate is gone", id);
		(*count)++;
	}
	buf_release(&text);
	return ret;
}

int
slurm_jobs_count(const char *repository, struct err *err)
{
	struct buf text = BUF_INIT, prefix = BUF_INIT;
	int ret = ask("%j", "R", NULL, &text, err), count = 0;
	char *rest = NULL;

	slurm_job_name(&prefix, repository, "");
	for (char *line = ret || !text.len ? NULL
					   : strtok_r(text.data, "\n", &rest);
	     line; line = strtok_r(NULL, "\n", &rest))
		count += !strncmp(line, prefix.data, prefix.len);
	buf_release(&text);
	buf_release(&prefix);
	return ret ? ret : count;
}
