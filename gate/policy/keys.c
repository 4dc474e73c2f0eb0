#include "policy/keys.h"

#include <string.h>

#include "base/buf.h"
#include "base/units.h"

#define GATE SECTION_GATE
#define BOX SECTION_SANDBOX
#define POOL SECTION_POOL
#define HOST SECTION_HOST
#define MAIL SECTION_MAIL
#define NOTIFY SECTION_NOTIFY
#define TEST SECTION_TEST

enum {
	SERVER = KEY_SERVER,
	REF = KEY_SERVER | KEY_REF,
	TREE = KEY_SERVER | KEY_TREE,
	NAMED = KEY_SERVER | KEY_NAMED
};

#define ROW(section, name, type, where, initial, help)                         \
	{                                                                      \
		section, name, type, where, initial, help, NULL, 0, 0          \
	}
#define COUNT(section, name, where, initial, least, most, help)                \
	{                                                                      \
		section, name, KEY_COUNT, where, initial, help, NULL, least,   \
			most                                                   \
	}
#define CHOICE(section, name, where, initial, words, help)                     \
	{                                                                      \
		section, name, KEY_CHOICE, where, initial, help, words, 0, 0   \
	}

/* clang-format off: one key, one entry. */
const struct key_row key_rows[] = {
	ROW(GATE, "mode", KEY_MODE, REF, "report",
	    "off, report (measure after the push), recall (answer from stored "
	    "verdicts), wait (measure now and refuse on severe)"),
	ROW(GATE, "threshold", KEY_PERCENT, REF, "3%",
	    "smallest change that is called a regression"),
	ROW(GATE, "severe", KEY_SEVERE, REF, "10%",
	    "refuses the push in wait and recall"),
	ROW(GATE, "trusted", KEY_BOOLEAN, REF, "false",
	    "its builds may use and fill pacegate-sandbox.buildCache"),
	ROW(GATE, "drift", KEY_SEVERE, REF, NULL,
	    "slow drift that raises an alert; none: the threshold"),
	ROW(GATE, "budget", KEY_DURATION, REF, "5m",
	    "longest that a push in wait is held"),
	ROW(GATE, "late", KEY_DECISION, REF, "accept",
	    "what becomes of a push that the budget did not suffice for"),
	ROW(GATE, "unweighed", KEY_DECISION, REF, "accept",
	    "what becomes of a commit without a verdict in recall"),
	ROW(GATE, "broken", KEY_DECISION, REF, "accept",
	    "what becomes of a push whose build or test fails"),
	ROW(GATE, "failure", KEY_DECISION, REF, "accept",
	    "what becomes of a push when pacegate itself fails"),
	ROW(GATE, "ignore", KEY_LIST, REF, "*.md",
	    "paths that no performance depends on"),
	COUNT(GATE, "commits", REF, "8", 1, 60,
	      "commits of a push that one session runs at most"),
	COUNT(GATE, "rounds", REF, "40", 8, 10000,
	      "rounds of a session at most"),
	ROW(GATE, "overtake", KEY_BOOLEAN, REF, "true",
	    "pushes that wait are dropped for a newer one of their branch, "
	    "where slots are short"),
	ROW(GATE, "tests", KEY_LIST, TREE, "perf/*",
	    "which executable files are tests"),
	ROW(GATE, "build", KEY_TEXT, TREE, NULL,
	    "command that builds a revision"),
	ROW(GATE, "setup", KEY_TEXT, TREE, NULL,
	    "command that runs before the build"),
	COUNT(GATE, "study", SERVER, "8", 0, 50,
	      "no-change sessions that the worker runs of a new test, to know "
	      "its noise; 0: none"),
	ROW(GATE, "bisect", KEY_BOOLEAN, SERVER, "true",
	    "the worker finds the commit that brought a change, where several "
	    "could have"),
	COUNT(GATE, "backfill", SERVER, "0", 0, 1000,
	      "commits before a new test that the worker lays it over in idle "
	      "time, to give it a history; 0: none"),
	ROW(GATE, "canary", KEY_DURATION, SERVER, NULL,
	    "how often the worker runs a canary in idle time; none: never"),
	ROW(GATE, "accepters", KEY_LIST, SERVER, NULL,
	    "who may accept, reset and skip; nobody named: everybody"),
	ROW(TEST, "threshold", KEY_PERCENT, KEY_TEST, NULL,
	    "as pacegate.threshold, for these tests"),
	ROW(TEST, "severe", KEY_SEVERE, KEY_TEST, NULL,
	    "as pacegate.severe, for these tests"),
	ROW(TEST, "drift", KEY_SEVERE, KEY_TEST, NULL,
	    "as pacegate.drift, for these tests"),
	COUNT(TEST, "backfill", KEY_TEST, NULL, 0, 1000,
	      "as pacegate.backfill, for these tests"),
	ROW(BOX, "root", KEY_PATH, SERVER, NULL,
	    "root file system of the sandbox; none: /usr of this host"),
	ROW(BOX, "read", KEY_PATHS, SERVER, NULL,
	    "more paths that builds and tests may read"),
	ROW(BOX, "env", KEY_VARIABLES, SERVER, NULL,
	    "more environment, NAME=VALUE"),
	ROW(BOX, "memory", KEY_SIZE, SERVER, "1G", "memory of a trial"),
	COUNT(BOX, "processes", SERVER, "256", 1, 1000000,
	      "processes and threads of a trial"),
	ROW(BOX, "cpuTime", KEY_DURATION, SERVER, "10m", "CPU time of a trial"),
	ROW(BOX, "wallTime", KEY_DURATION, SERVER, "10m",
	    "wall time of a trial, whatever its timeout= says"),
	ROW(BOX, "disk", KEY_SIZE, SERVER, "512M",
	    "files that a build or a trial may write"),
	ROW(BOX, "output", KEY_SIZE, SERVER, "4M",
	    "output of a trial on stdout and stderr"),
	COUNT(BOX, "files", SERVER, "1024", 16, 1000000,
	      "open files of a process"),
	ROW(BOX, "buildCache", KEY_PATH, SERVER, NULL,
	    "directory of ccache, for builds of trusted refs; none: none"),
	ROW(BOX, "buildTime", KEY_DURATION, SERVER, "10m", "longest build"),
	ROW(BOX, "sessionTime", KEY_DURATION, SERVER, "1h", "longest session"),
	CHOICE(BOX, "counter", SERVER, "auto", "auto perf valgrind none",
	       "what counts instructions"),
	ROW(BOX, "sampler", KEY_BOOLEAN, SERVER, "true",
	    "records what a trial uses over time, of one round a revision"),
	ROW(BOX, "samplerInterval", KEY_DURATION, SERVER, NULL,
	    "its interval; none: about 100 points a trial"),
	CHOICE(POOL, "type", SERVER, "local", "local slurm",
	       "where sessions run: on this host, or on nodes of a Slurm"),
	COUNT(POOL, "slots", SERVER, "1", 1, 1024,
	      "sessions at a time on this host; on Slurm of this repository, "
	      "unless set one for each node"),
	COUNT(POOL, "perRepository", SERVER, "0", 0, 100000,
	      "sessions at a time that the worker runs of this repository; 0: "
	      "as many as there are slots"),
	COUNT(POOL, "perPusher", SERVER, "0", 0, 100000,
	      "the same, of one pusher's pushes"),
	ROW(POOL, "cpus", KEY_TEXT, SERVER, NULL,
	    "CPUs that the slots share, such as 2-7; none: all but the first "
	    "core"),
	ROW(POOL, "lockDir", KEY_PATH, SERVER, NULL,
	    "where the slots' locks are; none: /run/lock, else /tmp"),
	ROW(POOL, "cache", KEY_PATH, SERVER, NULL,
	    "directory of built trees; none: in the repository, or as root "
	    "/var/cache/pacegate"),
	ROW(POOL, "cacheSize", KEY_SIZE, SERVER, "4G",
	    "bound of that directory"),
	ROW(POOL, "launch", KEY_TEXT, SERVER, NULL,
	    "words before the runner's command line, such as ssh node"),
	ROW(POOL, "copy", KEY_BOOLEAN, SERVER, "false",
	    "send objects to the runner instead of lending the repository's"),
	ROW(POOL, "features", KEY_LIST, SERVER, NULL,
	    "what this host has, for tests that say needs="),
	ROW(POOL, "patience", KEY_DURATION, SERVER, "1m",
	    "silence of a runner, beyond what it is at, before it is given up"),
	ROW(POOL, "partition", KEY_TEXT, SERVER, NULL,
	    "Slurm partition of sessions that a push waits for; none: its "
	    "default one"),
	ROW(POOL, "backgroundPartition", KEY_TEXT, SERVER, NULL,
	    "Slurm partition of the other sessions; none: the same"),
	ROW(POOL, "constraint", KEY_LIST, SERVER, NULL,
	    "features that a Slurm node must have, beside a test's needs="),
	ROW(POOL, "runner", KEY_TEXT, SERVER, NULL,
	    "the runner on Slurm's nodes; none: pacegate-runner in their "
	    "PATH"),
	ROW(POOL, "options", KEY_TEXT, SERVER, NULL,
	    "more words for srun, such as --account=perf"),
	COUNT(POOL, "launches", SERVER, "16", 1, 1000,
	      "sessions that are started on Slurm at the same time, by this "
	      "host"),
	CHOICE(HOST, "type", NAMED, "none",
	       "none http gitlab gitea forgejo github bitbucket gerrit "
	       "gitolite",
	       "hosting service: where the pusher's name comes from, and "
	       "where verdicts go"),
	ROW(HOST, "url", KEY_TEXT, NAMED, NULL,
	    "the service's API; none: the public one"),
	ROW(HOST, "project", KEY_TEXT, NAMED, NULL,
	    "the repository's name there; none: as the service's hooks say"),
	ROW(HOST, "tokenFile", KEY_TEXT, NAMED, NULL,
	    "file, or systemd credential, that holds the token; none: nothing "
	    "is posted"),
	ROW(HOST, "context", KEY_TEXT, NAMED, "pacegate",
	    "name of the commit status"),
	CHOICE(HOST, "comments", NAMED, "changes", "never changes always",
	       "when to comment beside the status"),
	ROW(HOST, "pages", KEY_TEXT, NAMED, NULL,
	    "where the pages are, for links"),
	ROW(HOST, "caFile", KEY_PATH, NAMED, NULL,
	    "certificates to trust; none: the system's"),
	ROW(HOST, "proxy", KEY_TEXT, NAMED, NULL,
	    "proxy for posts; none: as the environment says"),
	COUNT(HOST, "parallel", SERVER, "8", 1, 64,
	      "posts to one service at a time"),
	ROW(MAIL, "url", KEY_TEXT, SERVER, NULL,
	    "the mail server, smtp://...; none: no mail"),
	ROW(MAIL, "from", KEY_TEXT, SERVER, NULL, "sender"),
	ROW(MAIL, "to", KEY_LIST, SERVER, NULL, "who is told of findings"),
	ROW(MAIL, "author", KEY_BOOLEAN, SERVER, "true",
	    "tell the author of the commit too"),
	ROW(MAIL, "domain", KEY_TEXT, SERVER, NULL,
	    "makes an address of the pusher's name; none: the pusher is not "
	    "told"),
	ROW(MAIL, "improvements", KEY_BOOLEAN, SERVER, "false",
	    "improvements are a finding too"),
	ROW(MAIL, "passwordFile", KEY_TEXT, SERVER, NULL,
	    "file, or systemd credential, that holds USER:PASSWORD"),
	ROW(MAIL, "caFile", KEY_PATH, SERVER, NULL,
	    "certificates to trust; none: the system's"),
	ROW(NOTIFY, "command", KEY_TEXT, SERVER, NULL,
	    "command that is given each verdict as JSON"),
	ROW(NOTIFY, "webhook", KEY_TEXT, SERVER, NULL,
	    "URL that each verdict is posted to as JSON"),
	ROW(NOTIFY, "secretFile", KEY_TEXT, SERVER, NULL,
	    "file, or systemd credential, whose secret signs the posts"),
	ROW(NOTIFY, "caFile", KEY_PATH, SERVER, NULL,
	    "certificates to trust; none: the system's"),
	ROW(NULL, NULL, KEY_TEXT, 0, NULL, NULL),
};
/* clang-format on */

static int
section_is(const struct key_row *row, const char *section, size_t len)
{
	return strlen(row->section) == len &&
	       !strncasecmp(row->section, section, len);
}

const struct key_row *
key_find(const char *section, size_t section_len, const char *name)
{
	for (const struct key_row *row = key_rows; row->name; row++)
		if (section_is(row, section, section_len) &&
		    !strcasecmp(row->name, name))
			return row;
	return NULL;
}

enum { MAX_NAME = 32 };

/* Levenshtein's distance. */
size_t
word_distance(const char *a, const char *b)
{
	size_t row[MAX_NAME + 1], len = strlen(b);

	if (len > MAX_NAME || strlen(a) > MAX_NAME)
		return MAX_NAME;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t best = diagonal + ((*a | 32) != (b[j - 1] | 32));

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}

const struct key_row *
key_nearest(const char *section, size_t section_len, const char *name)
{
	const struct key_row *best = NULL;
	size_t least = MAX_NAME, len = strlen(name);
	char other[MAX_NAME + 1] = "";

	if (section_len <= MAX_NAME)
		memcpy(other, section, section_len);
	for (const struct key_row *row = key_rows; row->name; row++) {
		size_t far = word_distance(name, row->name);
		size_t longer = strlen(row->name);

		if (!section_is(row, section, section_len))
			far = strcasecmp(name, row->name)
				      ? MAX_NAME
				      : word_distance(other, row->section) / 4;
		longer = longer > len ? longer : len;
		if (far < least && 2 * far <= longer) {
			least = far;
			best = row;
		}
	}
	return best;
}

/* Whether value is one of the words, which have single blanks between them. */
static int
is_one_of(const char *value, const char *words)
{
	size_t len = strlen(value);

	for (; len; words += strcspn(words, " ") + 1) {
		if (strcspn(words, " ") == len &&
		    !strncasecmp(words, value, len))
			return 1;
		if (!strchr(words, ' '))
			break;
	}
	return 0;
}

/* `write a, b or c`. */
static void
advise_words(struct buf *advice, const char *words)
{
	const char *before = "write ";

	for (;;) {
		size_t len = strcspn(words, " ");

		buf_adds(advice, before);
		buf_add(advice, words, len);
		words += len;
		if (!*words)
			return;
		before = strchr(++words, ' ') ? ", " : " or ";
	}
}

static int
check_words(const char *value, const char *words, struct buf *advice)
{
	if (is_one_of(value, words))
		return 1;
	advise_words(advice, words);
	return 0;
}

static int
advise_unless(int sound, const char *text, struct buf *advice)
{
	if (!sound)
		buf_adds(advice, text);
	return sound;
}

static int
is_percent(const char *value)
{
	double fraction = 0;

	return !units_parse_percent(value, &fraction) && fraction > 0;
}

static int
is_assignment(const char *value)
{
	size_t len = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len && value[len] == '=';
}

static int
check_count(const struct key_row *row, const char *value, struct buf *advice)
{
	int64_t count = 0;

	if (!units_parse_count(value, row->least, row->most, &count))
		return 1;
	buf_addf(advice, "write a whole number from %lld to %lld",
		 (long long)row->least, (long long)row->most);
	return 0;
}

int
key_check(const struct key_row *row, const char *value, struct buf *advice)
{
	int64_t number = 0;

	switch (row->type) {
	case KEY_MODE:
		return check_words(value, "off report recall wait", advice);
	case KEY_DECISION:
		return check_words(value, "accept reject", advice);
	case KEY_CHOICE:
		return check_words(value, row->words, advice);
	case KEY_BOOLEAN:
		return !*value || is_one_of(value, "yes no on off 1 0") ||
		       check_words(value, "true false", advice);
	case KEY_SEVERE:
		return advise_unless(
			!strcasecmp(value, "never") || is_percent(value),
			"write a percentage such as 10%, or never", advice);
	case KEY_PERCENT:
		return advise_unless(is_percent(value),
				     "write a percentage above 0, such as 3%",
				     advice);
	case KEY_DURATION:
		return advise_unless(
			!units_parse_duration(value, &number) && number,
			"write a duration such as 30s, 5m or 2h", advice);
	case KEY_SIZE:
		return advise_unless(!units_parse_size(value, &number) &&
					     number,
				     "write a size such as 512M or 2G", advice);
	case KEY_COUNT:
		return check_count(row, value, advice);
	case KEY_PATH:
	case KEY_PATHS:
		return advise_unless(
			!*value || *value == '/',
			"write a path from the root, such as /opt/x", advice);
	case KEY_VARIABLES:
		return advise_unless(!*value || is_assignment(value),
				     "write NAME=VALUE", advice);
	case KEY_TEXT:
	case KEY_LIST:
		return 1;
	}
	return 0;
}

int
key_is_list(const struct key_row *row)
{
	return row->type == KEY_LIST || row->type == KEY_PATHS ||
	       row->type == KEY_VARIABLES;
}

int
key_is_true(const char *value)
{
	return is_one_of(value, "true yes on 1");
}
