#include "runner/environment.h"
#include "runner/machine.h"
#include "runner/sandbox.h"
#include "runner/toolchain.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { MAX_FACT_FILE = 4 << 20 };

static void add_kernel(struct environment *environment);
static void add_settings(struct environment *environment);
static void add_slot(struct environment *environment,
		     const struct sandbox *sandbox);

void
environment_add(struct environment *environment, const char *name,
		const char *value)
{
	struct buf clean = BUF_INIT;

	buf_add_clean(&clean, value, strlen(value), 256);
	texts_add(&environment->names, name);
	texts_add(&environment->values, buf_text(&clean));
	buf_release(&clean);
}

void
environment_release(struct environment *environment)
{
	texts_release(&environment->names);
	texts_release(&environment->values);
	*environment = (struct environment)ENVIRONMENT_INIT;
}

/* FNV-1a, with a last mixing step (that of splitmix64) so that all digits
 * depend on all bytes. */
void
environment_seal(struct environment *environment)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < environment->names.count; i++) {
		const char *texts[] = { environment->names.items[i], "=",
					environment->values.items[i], "\n" };

		for (size_t j = 0; j < 4; j++)
			for (const char *at = texts[j]; *at; at++)
				hash = (hash ^ (unsigned char)*at) *
				       0x100000001b3u;
	}
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
	hash ^= hash >> 31;
	snprintf(environment->id, sizeof(environment->id), "%016llx",
		 (unsigned long long)hash);
}

json_t *
environment_json(const struct environment *environment)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", json_text(environment->id));
	for (size_t i = 0; i < environment->names.count; i++)
		json_object_set_new(object, environment->names.items[i],
				    json_text(environment->values.items[i]));
	return object;
}

static void
read_text(const char *path, struct buf *text)
{
	buf_clear(text);
	if (file_read(path, text, MAX_FACT_FILE, NULL) < 0)
		buf_clear(text);
	while (text->len && strchr(" \n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
}

int
environment_read(struct sandbox *sandbox, const char *cache,
		 struct environment *environment, struct err *err)
{
	struct buf text = BUF_INIT;
	int ret;

	*environment = (struct environment)ENVIRONMENT_INIT;
	buf_addf(&text, "%d", ENVIRONMENT_INSTRUMENT);
	environment_add(environment, "instrument", buf_text(&text));
	read_text("/proc/cpuinfo", &text);
	environment_add_cpuinfo(environment, buf_text(&text));
	read_text("/proc/meminfo", &text);
	environment_add_meminfo(environment, buf_text(&text));
	buf_release(&text);
	add_kernel(environment);
	add_settings(environment);
	add_slot(environment, sandbox);
	ret = toolchain_read(sandbox, cache, environment, err);
	environment_seal(environment);
	return ret;
}

/* The value of the first line `key : value`, or "?". */
static void
cpuinfo_value(const char *text, const char *key, struct buf *value)
{
	size_t len = strlen(key);
	const char *line = text;

	buf_clear(value);
	for (; line && *line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		const char *colon = line + len;

		if (strncmp(line, key, len))
			continue;
		colon += strspn(colon, " \t");
		if (*colon != ':')
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		buf_add(value, colon, strcspn(colon, "\n"));
		return;
	}
	buf_adds(value, "?");
}

static size_t
count_lines(const char *text, const char *key)
{
	size_t count = 0, len = strlen(key);

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		count += !strncmp(line, key, len);
	return count;
}

/* Frequencies and bogomips are in there too, and drift: they stay out. */
void
environment_add_cpuinfo(struct environment *environment, const char *text)
{
	static const char *const facts[][2] = {
		{ "cpu", "model name" },    { "vendor", "vendor_id" },
		{ "family", "cpu family" }, { "model", "model" },
		{ "stepping", "stepping" }, { "microcode", "microcode" },
		{ "cache", "cache size" },
	};
	struct buf value = BUF_INIT;

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		cpuinfo_value(text, facts[i][1], &value);
		if (strcmp(buf_text(&value), "?") || i == 0)
			environment_add(environment, facts[i][0],
					buf_text(&value));
	}
	buf_clear(&value);
	buf_addf(&value, "%zu", count_lines(text, "processor"));
	environment_add(environment, "cores", buf_text(&value));
	cpuinfo_value(text, "flags", &value);
	environment_add(environment, "virtual",
			strstr(buf_text(&value), " hypervisor") ? "yes" : "no");
	buf_release(&value);
}

/* The kernel keeps a varying part for itself: whole GiB, rounded. */
void
environment_add_meminfo(struct environment *environment, const char *text)
{
	const char *at = strstr(text, "MemTotal:");
	long long kib = at ? strtoll(at + 9, NULL, 10) : 0;
	char value[32];

	snprintf(value, sizeof(value), "%lld GiB",
		 (kib + (1 << 19)) / (1 << 20));
	environment_add(environment, "memory", value);
}

static void
add_kernel(struct environment *environment)
{
	struct utsname kernel;
	struct buf text = BUF_INIT;

	if (uname(&kernel) < 0)
		return;
	buf_addf(&text, "%s %s", kernel.release, kernel.version);
	environment_add(environment, "kernel", buf_text(&text));
	environment_add(environment, "arch", kernel.machine);
	buf_release(&text);
}

/* Settings that change speed and that somebody makes on purpose. The chosen
 * one of `always [madvise] never` is the word in brackets. */
static void
add_settings(struct environment *environment)
{
	static const char *const files[][2] = {
		{ "hugepages", "/sys/kernel/mm/transparent_hugepage/enabled" },
		{ "governor",
		  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor" },
		{ "no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo" },
		{ "boost", "/sys/devices/system/cpu/cpufreq/boost" },
		{ "smt", "/sys/devices/system/cpu/smt/active" },
		{ "randomize", "/proc/sys/kernel/randomize_va_space" },
		{ "nodes", "/sys/devices/system/node/online" },
	};
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *open, *close;

		read_text(files[i][1], &text);
		if (!text.len)
			continue;
		open = strchr(text.data, '[');
		close = open ? strchr(open, ']') : NULL;
		if (close) {
			*close = '\0';
			environment_add(environment, files[i][0], open + 1);
		} else {
			environment_add(environment, files[i][0], text.data);
		}
	}
	buf_release(&text);
}

static void
add_slot(struct environment *environment, const struct sandbox *sandbox)
{
	cpu_set_t cpus;
	char text[16];

	/* How many, not which: the slots of one machine are alike. */
	if (machine_parse_cpus(sandbox->cpus, &cpus) == 0) {
		snprintf(text, sizeof(text), "%d", CPU_COUNT(&cpus));
		environment_add(environment, "slot_cpus", text);
	}
	environment_add(environment, "root",
			sandbox->root ? sandbox->root : "host");
	for (size_t i = 0; i < sandbox->env.count; i++)
		environment_add(environment, "env", sandbox->env.items[i]);
}
