#ifndef GATE_DELIVER_CHECK_H
#define GATE_DELIVER_CHECK_H

struct gate;

/*
 * For doctor: whether verdicts get to where they are to go. Each host is
 * reached, shown the token, and asked whether a status could be posted; the
 * mail server is greeted; what the outbox holds is told. level is `ok`, `note`
 * or `bad`. It loads secrets into this process.
 */
void deliver_check(struct gate *gate,
		   void (*tell)(void *data, const char *level, const char *what,
				const char *text),
		   void *data);

#endif
