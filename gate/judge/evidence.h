#ifndef JUDGE_EVIDENCE_H
#define JUDGE_EVIDENCE_H

struct buf;
struct finding;

/*
 * Which kinds of evidence speak for a change of a test's time: its instruction
 * count, its cpu time, its wall time.
 */
enum evidence {
	EVIDENCE_NONE,    /* nothing changed, or nothing is sure */
	EVIDENCE_BOTH,    /* time and instructions, same direction */
	EVIDENCE_WORK,    /* instructions alone, time not (yet) */
	EVIDENCE_LAYOUT,  /* time, while instructions say "same" */
	EVIDENCE_WAITING, /* wall, while cpu says "same" */
	EVIDENCE_TIME,    /* time; no instruction counts, or unsure ones */
	EVIDENCE_CONFLICT /* instructions and time in opposite directions */
};

/* Any of the three may be NULL: not measured. */
enum evidence evidence_kind(const struct finding *wall,
			    const struct finding *cpu,
			    const struct finding *instructions);

/* Append a few words, such as `12 % more work` or `same work, slower: memory or
 * layout?`; nothing for EVIDENCE_NONE. Arguments as above. */
void evidence_add_text(struct buf *buf, const struct finding *wall,
		       const struct finding *cpu,
		       const struct finding *instructions);

#endif
