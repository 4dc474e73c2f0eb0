#include "hooks/choose.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hooks/receive.h"
#include "repo/repo.h"

enum {
	MAX_UPDATES = 256,
	MAX_READ = 5 * UPDATE_MAX_WALK /* commits: some seconds */
};

enum rank { RANK_GATED, RANK_HEAD, RANK_OTHER, RANKS };

static int
is_gated(const struct ref_policy *policy)
{
	return policy->mode == MODE_WAIT || policy->mode == MODE_RECALL;
}

static const char *
why_refused(const struct ref_policy *policy)
{
	if ((policy->mode == MODE_WAIT && policy->late == DECISION_REJECT) ||
	    (policy->mode == MODE_RECALL &&
	     policy->unweighed == DECISION_REJECT))
		return "too many refs in one push to weigh them all; push it "
		       "by itself";
	return NULL;
}

/* One that is refused for it stands for all: the push is refused. */
static void
leave_out(struct receive *receive, const struct push_line *line,
	  const struct ref_policy *policy)
{
	const char *why = why_refused(policy);

	receive->left_out++;
	if (!why || receive->left_out_refused)
		return;
	receive->left_out_refused = why;
	receive->left_out_line = line;
}

static enum rank
rank_of(const struct push_line *line, const struct ref_policy *policy,
	const char *head)
{
	if (is_gated(policy))
		return RANK_GATED;
	return head && !strcmp(line->ref, head) ? RANK_HEAD : RANK_OTHER;
}

void
choose_updates(struct receive *receive)
{
	const struct push *push = receive->push;
	size_t size = push->count < MAX_UPDATES ? push->count : MAX_UPDATES;
	char *head = repo_head_name(receive->gate.repo);

	receive->updates = mem_new(size, sizeof(*receive->updates));
	for (int rank = RANK_GATED; rank < RANKS; rank++) {
		for (size_t i = 0; i < push->count; i++) {
			const struct push_line *line = &push->lines[i];
			struct ref_policy policy;

			if (oid_is_zero(&line->new))
				continue;
			policy_ref(receive->gate.policy, line->ref, &policy);
			if (policy.mode == MODE_OFF ||
			    rank_of(line, &policy, head) != (enum rank)rank)
				continue;
			if (receive->count >= size) {
				leave_out(receive, line, &policy);
				continue;
			}
			receive->updates[receive->count].line = line;
			receive->updates[receive->count++].policy = policy;
		}
	}
	free(head);
}

int
choose_is_enough(const struct receive *receive, size_t update)
{
	return update && repo_commits_read(receive->gate.repo) > MAX_READ;
}

void
choose_end(struct receive *receive, size_t update)
{
	for (size_t i = update; i < receive->count; i++)
		leave_out(receive, receive->updates[i].line,
			  &receive->updates[i].policy);
	receive->count = update;
}
