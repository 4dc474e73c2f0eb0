/* new: a commented starting test, which runs as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/names.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/templates.h"

static const char *
extension_of(const char *path)
{
	const char *name = strrchr(path, '/');
	const char *dot = strrchr(name ? name : path, '.');

	return dot ? dot : "";
}

/* By --language, else by the name's extension, else the first. */
static const struct template *
choose(const char *path, const char *language)
{
	const char *extension = extension_of(path);

	for (const struct template *at = templates; at->language; at++)
		if (language ? !strcmp(at->language, language)
			     : !strcmp(at->extension, extension))
			return at;
	return language || *extension ? NULL : templates;
}

static int
make_parent(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int ret;

	if (!slash || slash == path)
		return 0;
	dir = mem_copy_bytes(path, (size_t)(slash - path));
	ret = file_make_dirs(dir, 0777, err);
	free(dir);
	return ret;
}

static int
write_new(const char *path, const char *text, mode_t mode, struct err *err)
{
	if (file_exists(path))
		return err_set(err, ERR_INPUT,
			       "%s is there already: choose another name",
			       path);
	if (make_parent(path, err) < 0)
		return err->code;
	return file_write(path, text, strlen(text), mode, err);
}

/* What makes a program of the source belongs into `.pacegate`; one that is
 * there already is the project's to change. */
static int
tell_build(const char *source, const char *program, struct err *err)
{
	struct buf text = BUF_INIT;
	int ret = 0;

	buf_addf(&text,
		 "[pacegate]\n\ttests = perf/*\n\ttests = %s\n"
		 "\tbuild = cc -O2 -o %s %s\n",
		 program, program, source);
	if (file_exists(FILE_TREE_CONFIG)) {
		printf("add to %s, so that it is built:\n\n%s\n",
		       FILE_TREE_CONFIG, buf_text(&text));
	} else {
		ret = file_write(FILE_TREE_CONFIG, text.data, text.len, 0644,
				 err);
		if (!ret)
			printf("wrote %s, which builds it\n", FILE_TREE_CONFIG);
	}
	buf_release(&text);
	return ret;
}

static int
write_test(const char *path, const struct template *template, struct err *err)
{
	const char *extension = template->extension;
	size_t len = strlen(path);
	char *source, *program;
	int ret;

	/* `perf/NAME` and `perf/NAME.c` both mean the source perf/NAME.c. */
	if (template->compiled && !strcmp(extension_of(path), extension))
		len -= strlen(extension);
	program = mem_copy_bytes(path, len);
	source = mem_text("%s%s", program, template->compiled ? extension : "");
	ret = write_new(source, template->text,
			template->compiled ? 0644 : 0755, err);
	if (!ret)
		printf("wrote %s\n", source);
	if (!ret && template->compiled)
		ret = tell_build(source, program, err);
	if (!ret)
		printf("try it, before you commit it: pacegate run --test %s\n",
		       program);
	free(source);
	free(program);
	return ret;
}

static int
say_languages(void)
{
	fputs("pacegate new: there is a start in", stderr);
	for (const struct template *at = templates; at->language; at++)
		fprintf(stderr, "%s %s", at == templates ? "" : ",",
			at->language);
	fputs(": say which with --language\n", stderr);
	return EXIT_USAGE;
}

int
cmd_new(int argc, char **argv)
{
	const char *language = NULL;
	const struct template *template;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "language", 'l', OPTION_TEXT, "shell|python|racket|c",
		  "unless said, by the name's extension", &language },
		{ 0 }
	};

	ret = cmd_begin("new", rows, &argc, argv, 1);
	if (ret >= 0)
		return ret;
	if (argc < 2) {
		fputs("pacegate new: say the test's path, perf/NAME\n", stderr);
		return EXIT_USAGE;
	}
	template = choose(argv[1], language);
	if (!template)
		return say_languages();
	ret = write_test(argv[1], template, &err);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
