#ifndef POLICY_KEYS_H
#define POLICY_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Every configuration key, once: reading, `doctor` and the messages are made
 * from this table, and the manual page pacegate.config(5) is tested against it.
 */
enum key_type {
	KEY_MODE,     /* off, report, recall, wait */
	KEY_PERCENT,  /* 3% */
	KEY_SEVERE,   /* 10%, or never */
	KEY_DURATION, /* 5m */
	KEY_SIZE,     /* 1G */
	KEY_COUNT,    /* a whole number from min to max */
	KEY_DECISION, /* accept, reject */
	KEY_BOOLEAN,
	KEY_CHOICE, /* one of the row's words */
	KEY_TEXT,   /* an empty one is as good as none */
	KEY_PATH,   /* from the root: /opt/x */
	/* Multi-valued; an empty value begins the list anew. */
	KEY_LIST,
	KEY_PATHS,    /* each from the root */
	KEY_VARIABLES /* each NAME=VALUE */
};

enum {
	KEY_SERVER = 1, /* [section] of the server's configuration */
	KEY_REF = 2,    /* also in [pacegate "REF PATTERN"] */
	KEY_TEST = 4,   /* in [pacegate-test "PATTERN"] */
	KEY_TREE = 8,   /* in a tree's .pacegate */
	KEY_NAMED = 16  /* also in [section "NAME"], one for each of several */
};

#define SECTION_GATE "pacegate"
#define SECTION_TEST "pacegate-test"
#define SECTION_SANDBOX "pacegate-sandbox"
#define SECTION_POOL "pacegate-pool"
#define SECTION_HOST "pacegate-host"
#define SECTION_MAIL "pacegate-mail"
#define SECTION_NOTIFY "pacegate-notify"

struct key_row {
	const char *section, *name; /* name as people write it: tokenFile */
	enum key_type type;
	int where;           /* KEY_SERVER and so on */
	const char *initial; /* the default, NULL: none */
	const char *help;
	const char *words;   /* of a KEY_CHOICE, with blanks between */
	int64_t least, most; /* of a KEY_COUNT */
};

/* Ends with a NULL name. */
extern const struct key_row key_rows[];

/* The row, names compared without case; or NULL. */
const struct key_row *key_find(const char *section, size_t section_len,
			       const char *name);

/* The row most like this, for a suggestion: another name of the section, or
 * the same name where the section is like another; or NULL. */
const struct key_row *key_nearest(const char *section, size_t section_len,
				  const char *name);

/* 1 when the value is sound; else 0, and what to write instead is appended to
 * advice. */
int key_check(const struct key_row *row, const char *value, struct buf *advice);

int key_is_list(const struct key_row *row);

/* A value of a KEY_BOOLEAN, as git reads them. */
int key_is_true(const char *value);

/* Differing letters between two words, without case; long ones differ much. */
size_t word_distance(const char *a, const char *b);

#endif
