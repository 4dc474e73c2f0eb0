#ifndef BASE_PROTOCOL_H
#define BASE_PROTOCOL_H

/*
 * The session protocol, between the gate and one pacegate-runner over its
 * stdin and stdout: one JSON object a line, and one run of raw bytes (a pack).
 * The runner's stderr is for the log only. The gate treats every byte as
 * hostile; both sides are bounded by the limits below.
 *
 * gate -> runner
 *
 *   {"pacegate": PROTOCOL_VERSION, "session": "ID", "seed": N,
 *    "fresh": false,                   true: build anew, take no kept tree
 *    "alternates": ["/repo/objects", "/repo/objects/tmp_objdir-incoming-x"],
 *                                      absent or empty: objects are sent
 *    "revisions": [{"label": "baseline 1a2b3c", "tree": OID,
 *                   "overlay": [{"path": "perf/ssl", "blob": OID,
 *                                "mode": 33261}],
 *                   "setup": "cmd", "build": "make -s"}],   both optional
 *    "tests": [{"path": "perf/ssl", "revisions": [0, 1],
 *               "timeout_ms": 60000, "rounds": 60, "warmup": 1,
 *               "format": "", "kind": "perf", "metrics": ["wall", "cpu"],
 *               "duration_ms": 0}],
 *                "rounds" is the cap; the gate stops earlier with "enough"
 *    "limits": {"memory_bytes", "processes", "cpu_ms", "wall_ms",
 *               "disk_bytes", "output_bytes", "files", "build_ms",
 *               "session_ms"}, wall_ms (optional) bounds each timeout_ms
 *    "sandbox": {"root": "", "read": ["/opt/x"], "env": {"NAME": "VALUE"},
 *                "build_cache": "/x"}, for builds to write to; may lack
 *    "counter": "auto" | "perf" | "valgrind" | "none",
 *    "sample_ms": -1}                  0: about 100 points a trial; -1: none
 *
 * Without alternates the object ids that the revisions need follow, many a
 * line, closed by an empty list:
 *
 *   {"need": [OID, ...]} ... {"need": []}
 *                        runner: {"lack": [OID, ...]} ... {"lack": []}
 *   {"pack": BYTES} and then that many bytes of a git pack (0: none)
 *
 * While it runs:
 *
 *   {"enough": [0, 2]}   no more trials of these tests; the session ends when
 *                        every test has enough or met its cap
 *   end of input         stop at once, kill everything, exit
 *
 * runner -> gate
 *
 *   {"hello": {"pacegate": PROTOCOL_VERSION, "version": "0.1.0",
 *              "node": "n3"}}        in a pool of machines, its name there
 *   {"environment": "16 hex digits"}    where it runs, before anything does
 *   {"phase": "checkout" | "setup" | "build", "revision": 0,
 *    "status": "start" | "done" | "failed", "ms": 12, "kept": false,
 *    "why": "exit 2", "log": "last lines"}
 *        a failed revision gets no trials; the others go on
 *   {"trial": {"revision": 1, "test": 0, "round": 3, "warmup": false,
 *     "outcome": OUTCOME, "status": 0, "why": "",
 *     "metrics": {"wall": 61200000, "cpu": 60100000, "maxrss": 1048576, ...},
 *         names, units and directions: base/metrics.h
 *     "values": [{"name": "transfer", "value": 7.2e7, "unit": "ns",
 *                 "better": "lower", "coarse": false, "count": 1}],
 *         declared by the test; several of one name are one value (median)
 *     "problems": ["event 3: no such word 'strat'"], "notes": ["text"],
 *     "log": "last lines of stdout and stderr, where it failed",
 *     "left": 2,                           processes that had to be killed
 *     "marks": ["steal 12 %"]}}          what was unquiet about this trial
 *   {"course": {"revision": 1, "test": 0, "time": [...], "memory": [...],
 *     "cpu": [...], "threads": [...], "read": [...], "written": [...]}}
 *        what the trial before it used over time, columns of one length; see
 *        course_rows in base/metrics.h; of one round, where "sample_ms" is not
 *        negative
 *   {"count": {"revision": 1, "test": 0, "instructions": 123456789}}
 *   {"count": {"revision": 1, "test": 0, "why": "exit 3 under valgrind"}}
 *        with the counter "valgrind": once a session, before the end of the
 *        first round; "why" says that there is no count
 *   {"round": 3}                         every trial of round 3 was sent
 *   {"error": {"whose": "ours" | "test" | "pusher", "text": "..."}}
 *        the session cannot go on; "end" follows
 *   {"end": {"environment": {"id": "16 hex digits", "cpu": "...", ...},
 *            "sandbox": "bubblewrap 0.8.0, cgroup v1: memory pids",
 *            "counter": "perf" | "valgrind" | "none",
 *            "counter_why": "..."}}        where it is not what was asked
 */

enum {
	PROTOCOL_MAX_LINE = 4 << 20,
	PROTOCOL_MAX_REVISIONS = 64,
	PROTOCOL_MAX_TESTS = 4096,
	PROTOCOL_MAX_ROUNDS = 10000,
	PROTOCOL_MAX_VALUES = 64,  /* declared metrics of a test */
	PROTOCOL_MAX_POINTS = 200, /* of a course */
	PROTOCOL_MAX_LOG = 16384,  /* bytes of a log's tail */
	PROTOCOL_MAX_TEXT = 512,   /* bytes of a why, problem, note, mark */
	PROTOCOL_MAX_TEXTS = 20    /* problems, notes, marks of a trial */
};

/* OUTCOME of a trial. Only "ok" trials are samples. */
#define OUTCOME_OK "ok"
#define OUTCOME_FAILED "failed"   /* non-zero exit, or event `fail` */
#define OUTCOME_SIGNAL "signal"   /* died of a signal of its own doing */
#define OUTCOME_TIMEOUT "timeout" /* timeout_ms passed */
#define OUTCOME_MEMORY "memory"   /* limits.memory_bytes */
#define OUTCOME_CPU "cpu"         /* limits.cpu_ms */
#define OUTCOME_OUTPUT "output"   /* limits.output_bytes */
#define OUTCOME_EVENTS "events"   /* events that cannot be used */
#define OUTCOME_START "start"     /* missing, not executable, no interpreter */
#define OUTCOME_SKIP "skip"       /* event `skip` */
#define OUTCOME_OURS "ours"       /* the sandbox failed, not the test */

#endif
