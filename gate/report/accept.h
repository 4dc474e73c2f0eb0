#ifndef REPORT_ACCEPT_H
#define REPORT_ACCEPT_H

struct report;
struct texts;
struct trailers;

/*
 * Let trailers speak: a regression under a Perf-Accept whose bound covers it
 * becomes `accepted`, and the trailer is marked as used, else as too narrow.
 * What Perf-Expect claimed is checked against what was measured. lines gets a
 * sentence for each thing that the pusher should hear.
 */
void report_accept(struct report *report, struct trailers *trailers,
		   struct texts *lines);

#endif
