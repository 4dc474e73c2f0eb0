#ifndef RUNNER_EXEC_H
#define RUNNER_EXEC_H

/*
 * Entries of pacegate-runner that need no gate. argv[0] is not looked at.
 *
 * runner_exec(): `--exec [options] -- COMMAND…` runs one command as a trial
 * would be and prints one JSON line of what became of it.
 * runner_self_test(): `--self-test` runs a few commands whose outcome is known
 * and prints one JSON line: {"ok": true, "sandbox": "…", "environment": {…},
 * "notes": […], "findings": […], "overhead": {…}}.
 *
 * Both return an exit code of base/exit.h.
 */
int runner_exec(int argc, char **argv);
int runner_self_test(int argc, char **argv);

#endif
