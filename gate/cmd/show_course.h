#ifndef CMD_SHOW_COURSE_H
#define CMD_SHOW_COURSE_H

struct err;
struct report;
struct store;

/* `show --course`: what one trial of each test in the report used over time, of
 * each session that was kept, on stdout. */
int show_course(struct store *store, const struct report *report, int json,
		struct err *err);

#endif
