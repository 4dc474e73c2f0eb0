#include "pool/slurm_said.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"

enum { MAX_WHY = 300, CHUNK = 1 << 16 };

static int
begins_with(const char *line, const char *word)
{
	return !strncmp(line, word, strlen(word));
}

/* `slurmstepd-n3: error: execve(): /x: No such file or directory`; it tells
 * more than `srun: error: n3: task 0: Exited with exit code 2`. */
static void
note_error(struct slurm_said *said, const char *line, int *of_node)
{
	const char *text = strstr(line, "error: ");
	int is_of_node = begins_with(line, "slurmstepd");
	struct buf clean = BUF_INIT;

	if (!text || (said->why && (*of_node || !is_of_node)))
		return;
	*of_node = is_of_node;
	text += strlen("error: ");
	buf_add_clean(&clean, text, strlen(text), MAX_WHY);
	free(said->why);
	said->why = buf_take(&clean);
}

static void
read_line(struct slurm_said *said, const char *line, int log_fd, int *of_node)
{
	if (!begins_with(line, "srun: ") && !begins_with(line, "slurmstepd")) {
		if (log_fd >= 0) {
			char *whole = mem_text("%s\n", line);

			(void)io_write_all(log_fd, whole, strlen(whole));
			free(whole);
		}
		return;
	}
	said->preempted |= strstr(line, "DUE TO PREEMPTION") != NULL;
	said->no_controller |=
		strstr(line, "Unable to contact slurm controller") != NULL;
	note_error(said, line, of_node);
}

void
slurm_said_read(struct slurm_said *said, int fd, int log_fd)
{
	char *text = mem_new(CHUNK + 1, 1), *rest = NULL;
	ssize_t got = fd < 0 ? 0 : pread(fd, text, CHUNK, 0);
	int of_node = 0;

	*said = (struct slurm_said){ 0 };
	text[got > 0 ? got : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		read_line(said, line, log_fd, &of_node);
	free(text);
}

void
slurm_said_release(struct slurm_said *said)
{
	free(said->why);
	*said = (struct slurm_said){ 0 };
}
