#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * The log: one line an event, `time level program[pid] session text`. It goes
 * to a file where log_open() named one, else to stderr for warnings and above.
 * Text from strangers is cleaned here; a log that cannot be written is
 * silently given up.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* path may be NULL (stderr). The file is appended to, see
 * file_open_shared(). */
void log_open(const char *program, const char *path);

/* The session that the following lines belong to; NULL for none. */
void log_session(const char *id);

/* The file's descriptor, for a child's stderr; -1 without one. */
int log_descriptor(void);

void log_event(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
