#ifndef GATE_KNOWN_H
#define GATE_KNOWN_H

struct err;
struct gate;
struct texts;

/*
 * The tests that people may mean: those that the store knows, if it is open,
 * and then the executable files of HEAD that the patterns match, each once.
 * What cannot be read is left out.
 */
void known_tests(const struct gate *gate, struct texts *names);

/*
 * Append to err, which says that there is no such test, what to do next: the
 * one that may have been meant, or where to find them all. Returns its code.
 */
int known_suggest(const struct gate *gate, const char *test, struct err *err);

/* 0 for a test that there is, else the same of it. */
int known_check(const struct gate *gate, const char *test, struct err *err);

#endif
