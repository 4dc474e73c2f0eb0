#ifndef CMD_PAGER_H
#define CMD_PAGER_H

struct repo;

/* Read what git's configuration says of pager and colours. Without, the
 * environment alone counts. */
void pager_configure(const struct repo *repo);

/*
 * On a terminal, let git's pager show what follows on stdout, until the program
 * ends: $GIT_PAGER, $PAGER, else less, which gives back a text that fits on the
 * screen. Elsewhere, and where the pager is `cat` or cannot be started, nothing
 * happens. The terminal's width is kept in $COLUMNS.
 */
void pager_start(void);

/* Whether stdout is a terminal, through a pager or not. */
int pager_is_terminal(void);

/* Whether to colour what goes to stdout: by NO_COLOR, color.pacegate and
 * color.ui, else where it is a terminal. */
int pager_color(void);

/* Columns of the terminal, 80 where there is none. */
unsigned pager_columns(void);

#endif
