#include "runner/prepare.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/oid.h"
#include "runner/checkout.h"
#include "runner/control.h"
#include "runner/message.h"
#include "runner/objects.h"
#include "runner/sandbox.h"
#include "runner/spec.h"

#include <string.h>
#include <unistd.h>

/* Changes when trees are made otherwise than before. */
enum { TREE_LAYOUT = 1 };

static int make_tree(const struct prepare *prepare, size_t revision,
		     const struct oid *key, struct tree *tree, struct err *err);

static void
add_part(struct buf *text, const char *name, const char *value)
{
	value = value ? value : "";
	/* With its length no value can pretend to be two. */
	buf_addf(text, "%s %zu ", name, strlen(value));
	buf_adds(text, value);
	buf_addc(text, '\n');
}

static void
add_overlay(struct buf *text, const struct spec_revision *revision)
{
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < revision->overlay_count; i++) {
		const struct spec_overlay *overlay = &revision->overlay[i];

		add_part(text, "overlay", overlay->path);
		buf_addf(text, "%o %s\n", overlay->mode,
			 oid_format(&overlay->blob, hex));
	}
}

int
prepare_key(const struct spec *spec, size_t index, const char *environment,
	    struct oid *key, struct err *err)
{
	const struct spec_revision *revision = &spec->revisions[index];
	struct buf text = BUF_INIT;
	char hex[OID_HEX + 1];
	int ret;

	buf_addf(&text, "layout %d tree %s\n", (int)TREE_LAYOUT,
		 oid_format(&revision->tree, hex));
	add_overlay(&text, revision);
	/* Files alone are the same in any environment. */
	if (revision->setup || revision->build) {
		add_part(&text, "setup", revision->setup);
		add_part(&text, "build", revision->build);
		add_part(&text, "environment", environment);
		add_part(&text, "root", spec->sandbox.root);
		for (size_t i = 0; i < spec->sandbox.read.count; i++)
			add_part(&text, "read", spec->sandbox.read.items[i]);
		for (size_t i = 0; i < spec->sandbox.env.count; i++)
			add_part(&text, "env", spec->sandbox.env.items[i]);
	}
	ret = objects_hash(buf_text(&text), text.len, key, err);
	buf_release(&text);
	return ret;
}

int
prepare_revision(const struct prepare *prepare, size_t index, struct tree *tree,
		 struct err *err)
{
	struct message_phase phase = { .phase = "checkout",
				       .revision = index,
				       .status = "done",
				       .kept = 1 };
	struct oid key;
	int found = 0, ret;

	*tree = (struct tree)TREE_INIT;
	ret = prepare_key(prepare->spec, index, prepare->environment, &key,
			  err);
	if (!ret && !prepare->spec->fresh)
		ret = found = trees_find(prepare->trees, &key, tree, err);
	if (ret < 0)
		return ret;
	if (!found)
		return make_tree(prepare, index, &key, tree, err);
	return prepare->report(prepare->data, &phase) < 0 ? ERR_SYSTEM : 1;
}

static int64_t
ms_since(int64_t start_ns)
{
	return (clock_monotonic_ns(&clock_real) - start_ns) / 1000000;
}

/* 0 went well; 1 failed by no fault of ours, and was reported. */
static int
report_failed(const struct prepare *prepare, struct message_phase *phase,
	      const char *why)
{
	phase->status = "failed";
	phase->why = why;
	return prepare->report(prepare->data, phase) < 0 ? ERR_SYSTEM : 1;
}

static int
check_out(const struct prepare *prepare, size_t index, struct tree *tree,
	  struct err *err)
{
	const struct spec *spec = prepare->spec;
	struct message_phase phase = { .phase = "checkout",
				       .revision = index,
				       .status = "start" };
	const struct checkout_limits limits = {
		.max_bytes = spec->limits.disk_bytes,
		.stop = control_check,
		.stop_data = prepare->control
	};
	int64_t start_ns = clock_monotonic_ns(&clock_real);
	int ret;

	if (spec->revisions[index].fault)
		return report_failed(prepare, &phase,
				     spec->revisions[index].fault);
	if (prepare->report(prepare->data, &phase) < 0)
		return ERR_SYSTEM;
	ret = checkout_export(prepare->objects, &spec->revisions[index],
			      tree->dir, &limits, err);
	phase.ms = ms_since(start_ns);
	if (ret < 0 && prepare->control->stop)
		return 1;
	if (ret < 0 && err->fault != FAULT_OURS)
		return report_failed(prepare, &phase, err->text);
	if (ret < 0)
		return ret;
	phase.status = "done";
	return prepare->report(prepare->data, &phase) < 0 ? ERR_SYSTEM : 0;
}

static const char *
phase_name(enum sandbox_phase phase, const struct spec_revision *revision)
{
	switch (phase) {
	case SANDBOX_PHASE_SETUP:
		return "setup";
	case SANDBOX_PHASE_COPY:
	case SANDBOX_PHASE_BUILD:
	case SANDBOX_PHASE_PACK:
	case SANDBOX_PHASE_UNPACK:
		break;
	}
	return revision->build ? "build" : "setup";
}

static int
build(const struct prepare *prepare, size_t index, const struct tree *source,
      const struct tree *target, struct err *err)
{
	const struct spec_revision *revision = &prepare->spec->revisions[index];
	const struct sandbox_build command = {
		.source = source->path,
		.target = target->path,
		.setup = revision->setup,
		.build = revision->build,
		.cache = prepare->build_cache,
		.timeout_ms = prepare->spec->limits.build_ms,
		.data = prepare->control,
		.watch = prepare->control->watch,
		.on_watch = control_check
	};
	struct message_phase phase = { .phase = revision->build ? "build"
								: "setup",
				       .revision = index,
				       .status = "start" };
	struct sandbox_build_result result = { .log = BUF_INIT };
	int ret;

	if (prepare->report(prepare->data, &phase) < 0)
		return ERR_SYSTEM;
	ret = sandbox_build(prepare->sandbox, &command, &result, err);
	phase.ms = result.wall_ns / 1000000;
	if (!ret && result.stopped) {
		ret = 1;
	} else if (!ret && result.failed) {
		phase.phase = phase_name(result.phase, revision);
		phase.log = &result.log;
		ret = report_failed(prepare, &phase, result.why);
	} else if (!ret) {
		phase.status = "done";
		if (prepare->report(prepare->data, &phase) < 0)
			ret = ERR_SYSTEM;
	}
	sandbox_build_result_release(&result);
	return ret;
}

/* Make it ours, bound it, and keep it for others. */
static int
finish(const struct prepare *prepare, size_t index, const struct oid *key,
       struct tree *tree, struct err *err)
{
	const struct tree_owner owner = { geteuid(), getegid(),
					  prepare->sandbox->user.drops };
	struct message_phase phase = { .phase = "build", .revision = index };
	int64_t size_bytes = 0;
	int ret = tree_seal(tree->dir, &owner, prepare->spec->limits.disk_bytes,
			    &size_bytes, err);

	if (ret < 0 && err->fault != FAULT_OURS)
		return report_failed(prepare, &phase, err->text);
	if (!ret && !prepare->spec->fresh)
		ret = trees_keep(prepare->trees, key, size_bytes, tree, err);
	return ret;
}

/* The target of a build is the slot user's until it is sealed. */
static int
begin_target(const struct prepare *prepare, const struct oid *key,
	     struct tree *tree, struct err *err)
{
	const struct slotuser *user = &prepare->sandbox->user;
	const struct tree_owner owner = { user->uid, user->gid, user->drops };
	int ret = trees_begin(prepare->trees, key, tree, err);

	return ret < 0 ? ret : tree_give(tree->dir, &owner, err);
}

static int
make_tree(const struct prepare *prepare, size_t index, const struct oid *key,
	  struct tree *tree, struct err *err)
{
	const struct spec_revision *revision = &prepare->spec->revisions[index];
	struct tree source = TREE_INIT;
	int ret = trees_begin(prepare->trees, key, &source, err);

	if (!ret)
		ret = check_out(prepare, index, &source, err);
	if (!ret && (revision->setup || revision->build)) {
		ret = begin_target(prepare, key, tree, err);
		if (!ret)
			ret = build(prepare, index, &source, tree, err);
	} else if (!ret) {
		*tree = source;
		source = (struct tree)TREE_INIT;
	}
	if (!ret)
		ret = finish(prepare, index, key, tree, err);
	tree_release(&source);
	if (ret)
		tree_release(tree);
	return ret < 0 ? ret : ret == 0;
}
