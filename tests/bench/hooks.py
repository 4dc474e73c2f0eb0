"""hooks.py DIR NAME PAIRS BUILD: for tests/bench/hooks.sh."""
import os
import re
import statistics
import subprocess
import sys
import time

base, name, pairs, build = (sys.argv[1], sys.argv[2], int(sys.argv[3]),
                            sys.argv[4])
work, bare = f"{base}/{name}", f"{base}/{name}.git"


def git(*args, **kw):
    return subprocess.run(["git", "-C", work, *args], check=True,
                          capture_output=True, text=True, **kw).stdout.strip()


def commit(text, **kw):
    blob = git("hash-object", "-w", "--stdin", input=text, **kw)
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},README.md",
        **kw)
    return git("commit-tree", "-p", "HEAD", "-m", text, git("write-tree", **kw),
               **kw)


def whole_pushes():
    taken = {"ours": [], "true": []}
    for i in range(2 * pairs):
        which = ("ours", "true")[(i + i // 2) % 2]
        hooks = f"{bare}/hooks" if which == "ours" else f"{base}/{name}.true"
        subprocess.run(["git", "-C", bare, "config", "core.hooksPath", hooks],
                       check=True)
        new = commit(f"docs {i}")
        git("update-ref", "HEAD", new)
        start = time.perf_counter()
        git("push", "-q", "origin", f"{new}:refs/heads/main")
        taken[which].append(time.perf_counter() - start)
    ours, true = (statistics.median(taken[k]) * 1e3 for k in ("ours", "true"))
    added = statistics.median(a - b for a, b in zip(
        taken["ours"], taken["true"])) * 1e3
    print(f"  {name:6} {ours:7.1f} ms / {true:7.1f} ms = {ours / true:.2f}"
          f"   added {added:+.1f} ms  ({pairs} pairs, medians)")


class Alone:
    """Both hooks of a push, as git would start them, without git."""

    def __init__(self):
        self.old = git("rev-parse", "HEAD")
        quarantine = f"{bare}/objects/tmp_objdir-incoming-bench"
        os.makedirs(quarantine, exist_ok=True)
        env = dict(os.environ, GIT_OBJECT_DIRECTORY=quarantine,
                   GIT_ALTERNATE_OBJECT_DIRECTORIES=f"{work}/.git/objects")
        self.new = commit("quarantined", env=env)
        self.env = dict(os.environ, GIT_DIR=".",
                        GIT_QUARANTINE_PATH=quarantine)
        self.lines = f"{self.old} {self.new} refs/heads/main\n".encode()

    def run(self, programs, **env):
        start = time.perf_counter()
        for program in programs:
            subprocess.run([program], input=self.lines, cwd=bare, check=True,
                           env=dict(self.env, **env), stderr=subprocess.DEVNULL)
        return time.perf_counter() - start

    def memory(self, program):
        """VmHWM of one that waits for its input, in MB."""
        process = subprocess.Popen([program], stdin=subprocess.PIPE, cwd=bare)
        time.sleep(0.3)
        status = open(f"/proc/{process.pid}/status").read()
        process.communicate(b"")
        return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024

    def our_memory(self, programs):
        log = f"{base}/{name}.count"
        self.run(programs, COUNT_LOG=log,
                 LD_PRELOAD=f"{build}/tests/size/count.so")
        return [int(kb) / 1024 for kb in
                re.findall(r"peak_kb=(\d+)", open(log).read())]


def hooks_alone():
    ours = [f"{bare}/hooks/pre-receive", f"{bare}/hooks/post-receive"]
    rivals = {"/bin/true": ["/bin/true"] * 2,
              "Python": [f"{base}/python/hook"] * 2,
              "Go": [f"{base}/go/hook"] * 2}
    alone = Alone()
    taken = {"ours": []}
    for rival, programs in rivals.items():
        if os.path.exists(programs[0]):
            taken[rival] = []
    for _ in range(4 * pairs):
        for which in taken:
            taken[which].append(alone.run(
                ours if which == "ours" else rivals[which]))
    wall = {k: statistics.median(v) * 1e3 for k, v in taken.items()}
    print(f"  both hooks alone, on {name}: {wall['ours']:.1f} ms, peak memory "
          + " and ".join("%.0f MB" % mb for mb in alone.our_memory(ours)))
    for rival in rivals:
        if rival not in taken:
            print(f"    {rival}: not at hand")
        elif rival == "/bin/true":
            print(f"    {rival:9} {wall[rival]:5.1f} ms, ratio "
                  f"{wall['ours'] / wall[rival]:.2f}")
        else:
            print(f"    {rival:9} {wall[rival]:5.1f} ms, ratio "
                  f"{wall['ours'] / wall[rival]:.2f}; "
                  f"{alone.memory(rivals[rival][0]):.0f} MB each")


git("read-tree", "HEAD")
whole_pushes()
subprocess.run(["git", "-C", bare, "config", "--unset", "core.hooksPath"])
hooks_alone()
