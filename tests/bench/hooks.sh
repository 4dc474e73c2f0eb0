#!/bin/sh
# What both hooks add to a push that needs nothing weighed, against hooks that
# are /bin/true, interleaved; on a small repository and on a large one
# (100,000 commits, 50,000 files, 20,000 loose refs). PUSHES: pairs a row.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
export PATH GIT_CONFIG_NOSYSTEM=1
dir=$(mktemp -d "${TMPDIR:-/tmp}/pacegate-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export GIT_CONFIG_GLOBAL="$dir/gitconfig"
git config --global init.defaultBranch main
git config --global user.name Ada
git config --global user.email ada@example.org
git config --global gc.auto 0
git config --global receive.autogc false

# history COMMITS FILES: a fast-import stream.
history() {
	python3 - "$1" "$2" <<'EOF'
import sys
commits, files = int(sys.argv[1]), int(sys.argv[2])
out = sys.stdout
out.write("blob\nmark :1\ndata 2\nx\n\n")
out.write("blob\nmark :2\ndata <<E\n#!/bin/sh\nexec true\nE\n\n")
for i in range(commits):
    out.write("commit refs/heads/main\ncommitter A <a@b> %d +0000\n" % (1600000000 + i))
    out.write("data 2\nm\n\n")
    if i == 0:
        out.write("M 100755 :2 perf/true\n")
        for f in range(files):
            out.write("M 100644 :1 src/%d/%d\n" % (f // 200, f))
    else:
        out.write("M 100644 inline src/0/0\ndata <<E\n%d\nE\n" % i)
EOF
}

setup() { # NAME COMMITS FILES REFS
	git init -q --bare "$dir/$1.git"
	history "$2" "$3" | git -C "$dir/$1.git" fast-import --quiet
	python3 - "$dir/$1.git" "$4" <<'EOF'
import os, subprocess, sys
repo, count = sys.argv[1], int(sys.argv[2])
tip = subprocess.check_output(["git", "-C", repo, "rev-parse", "main"], text=True)
for i in range(count):
    d = "%s/refs/heads/b%d" % (repo, i // 500)
    os.makedirs(d, exist_ok=True)
    with open("%s/%d" % (d, i), "w") as f:
        f.write(tip)
EOF
	pacegate install "$dir/$1.git" --gate main >/dev/null
	mkdir "$dir/$1.true"
	ln -s /bin/true "$dir/$1.true/pre-receive"
	ln -s /bin/true "$dir/$1.true/post-receive"
	git clone -q --no-checkout --single-branch --branch main --shared \
		"$dir/$1.git" "$dir/$1" 2>/dev/null
}

echo "push of one commit that needs nothing weighed: hooks of pacegate / hooks that are /bin/true"
for size in "small 10 10 2" "large 100000 50000 20000"; do
	set -- $size
	setup "$@"
	python3 - "$dir" "$1" "${PUSHES:-15}" <<'EOF'
import statistics, subprocess, sys, time
base, name, pairs = sys.argv[1], sys.argv[2], int(sys.argv[3])
work, bare = f"{base}/{name}", f"{base}/{name}.git"
def git(*args, **kw):
    return subprocess.run(["git", "-C", work, *args], check=True,
                          capture_output=True, text=True, **kw).stdout.strip()
git("read-tree", "HEAD")
def commit(i):
    blob = git("hash-object", "-w", "--stdin", input=str(i))
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},README.md")
    tree = git("write-tree")
    return git("commit-tree", "-p", "HEAD", "-m", f"docs {i}", tree)
taken = {"ours": [], "true": []}
for i in range(2 * pairs):
    which = ("ours", "true")[(i + i // 2) % 2]
    subprocess.run(["git", "-C", bare, "config", "core.hooksPath",
                    f"{bare}/hooks" if which == "ours" else f"{base}/{name}.true"], check=True)
    new = commit(i)
    git("update-ref", "HEAD", new)
    start = time.perf_counter()
    git("push", "-q", "origin", f"{new}:refs/heads/main")
    taken[which].append(time.perf_counter() - start)
ours, true = (statistics.median(taken[k]) * 1e3 for k in ("ours", "true"))
print(f"  {name:6} {ours:7.1f} ms / {true:7.1f} ms = {ours / true:.2f}   added {ours - true:+.1f} ms  ({pairs} pairs, medians)")
EOF
done
