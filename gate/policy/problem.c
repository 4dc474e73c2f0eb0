#include "policy/problem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static char *
cleaned(const char *text, size_t len)
{
	struct buf clean = BUF_INIT;

	buf_add_clean(&clean, text, len, MAX_PROBLEM_TEXT);
	return buf_take(&clean);
}

static int
is_known(const struct problems *problems, const struct problem *problem)
{
	for (size_t i = 0; i < problems->count; i++)
		if (!strcmp(problems->items[i].where, problem->where) &&
		    !strcmp(problems->items[i].what, problem->what))
			return 1;
	return 0;
}

__attribute__((format(printf, 3, 0))) static void
add(struct problems *problems, const char *where, const char *fmt, va_list ap)
{
	struct problem problem;
	struct buf what = BUF_INIT;

	if (problems->count >= MAX_PROBLEMS)
		return;
	buf_vaddf(&what, fmt, ap);
	problem.where = cleaned(where, strlen(where));
	problem.what = cleaned(buf_text(&what), what.len);
	buf_release(&what);
	if (is_known(problems, &problem)) {
		free(problem.where);
		free(problem.what);
		return;
	}
	MEM_GROW(problems->items, problems->count, problems->cap);
	problems->items[problems->count++] = problem;
}

void
problems_add(struct problems *problems, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (!problems)
		return;
	va_start(ap, fmt);
	add(problems, where, fmt, ap);
	va_end(ap);
}

void
problems_add_line(struct problems *problems, const char *where, int line,
		  const char *fmt, ...)
{
	char *place;
	va_list ap;

	if (!problems)
		return;
	place = mem_text("%s:%d", where, line);
	va_start(ap, fmt);
	add(problems, place, fmt, ap);
	va_end(ap);
	free(place);
}

void
problems_release(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].where);
		free(problems->items[i].what);
	}
	free(problems->items);
	*problems = (struct problems){ 0 };
}
