#ifndef BASE_NAMES_H
#define BASE_NAMES_H

/*
 * Every name that lives outside this program, spelled once: environment,
 * files, protocol. Configuration keys stand in policy/keys.h, trailers in
 * policy/trailer.h.
 */

#define PACEGATE_VERSION "0.1.0"

/* The session protocol's version; both sides must agree. */
enum { PROTOCOL_VERSION = 1 };

/* git sets these for hooks. */
#define ENV_GIT_DIR "GIT_DIR"
#define ENV_GIT_OBJECT_DIRECTORY "GIT_OBJECT_DIRECTORY"
#define ENV_GIT_QUARANTINE "GIT_QUARANTINE_PATH"
#define ENV_GIT_SHALLOW_FILE "GIT_SHALLOW_FILE"
#define ENV_PUSH_OPTION_COUNT "GIT_PUSH_OPTION_COUNT"
#define ENV_PUSH_OPTION "GIT_PUSH_OPTION_" /* and a number */

/* Slurm sets this for what runs on a node. */
#define ENV_NODE "SLURMD_NODENAME"

/* systemd sets this for a unit with LoadCredential. */
#define ENV_CREDENTIALS "CREDENTIALS_DIRECTORY"

/* Ours. */
#define ENV_EVENTS "PERF_EVENTS"       /* to a test: where events go */
#define ENV_LIBEXEC "PACEGATE_LIBEXEC" /* where our other programs are */

/* Below the repository's directory. */
#define DIR_STORE "pacegate"
#define DIR_CACHE "pacegate/cache"
#define FILE_LOG "pacegate/log"
#define FILE_BISECT "pacegate/bisect.json" /* of a clone without a store */
#define FILE_WORKER_LOCK "pacegate/worker.lock"
#define FILE_DELIVER_LOCK "pacegate/deliver.lock" /* who delivers */
#define FILE_DELIVER_WAIT "pacegate/deliver.wait" /* who waits to */

/* In the tree of a commit. */
#define FILE_TREE_CONFIG ".pacegate"

/* Programs. */
#define PROGRAM_GATE "pacegate"
#define PROGRAM_RUNNER "pacegate-runner"
#define PROGRAM_SHIM "pacegate-shim"
#define PROGRAM_CANARY "pacegate-canary"

#endif
