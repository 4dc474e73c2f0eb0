#!/bin/sh
# What both hooks add to a push that needs nothing weighed, against hooks that
# are /bin/true, interleaved, on a small repository and on a large one; then the
# two hooks alone, against ones that read their input and do nothing, in Python
# and in Go. PUSHES: pairs a row. The large repository is made once, in SIZE_DIR
# (build/size): that of `make check-size` where it is there, else SIZE_COMMITS
# 100,000, SIZE_FILES 50,000, SIZE_REFS 20,000; both with 1,000 tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
build=$(cd "$build" && pwd)
PATH="$build:$PATH"
export PATH GIT_CONFIG_NOSYSTEM=1
dir=$(mktemp -d "${TMPDIR:-/tmp}/pacegate-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export GIT_CONFIG_GLOBAL="$dir/gitconfig"
git config --global init.defaultBranch main
git config --global user.name Ada
git config --global user.email ada@example.org
git config --global gc.auto 0
git config --global receive.autogc false

cache=${SIZE_DIR:-$here/../../build/size}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
sizes="${SIZE_COMMITS:-100000} ${SIZE_FILES:-50000} ${SIZE_REFS:-20000}"
[ ! -e "$cache/1000000-200000-100000.git/made" ] || [ -n "${SIZE_COMMITS:-}" ] ||
	sizes="1000000 200000 100000"
made() { # COMMITS FILES REFS TESTS: prints where it is
	made="$cache/$1-$2-$3.git"
	[ -e "$made/made" ] || {
		rm -rf "$made"
		"$here/../size/make-repo" "$made" "$@"
		touch "$made/made"
	}
	echo "$made"
}
setup() { # NAME MADE: serves it, sharing its objects
	bare="$dir/$1.git"
	git init -q --bare "$bare"
	echo "$2/objects" >"$bare/objects/info/alternates"
	cp "$2/packed-refs" "$bare/"
	pacegate install "$bare" --gate main >/dev/null
	mkdir "$dir/$1.true"
	ln -s /bin/true "$dir/$1.true/pre-receive"
	ln -s /bin/true "$dir/$1.true/post-receive"
	git clone -q --no-checkout --single-branch --branch main --shared \
		"$bare" "$dir/$1" 2>/dev/null
}
mkdir "$dir/python" "$dir/go"
printf '#!%s\nimport sys\nsys.stdin.read()\n' \
	"$(python3 -c 'import sys; print(sys.executable)')" >"$dir/python/hook"
chmod +x "$dir/python/hook"
if command -v go >/dev/null; then
	printf 'package main\n\nimport (\n\t"io"\n\t"os"\n)\n\nfunc main() { %s }\n' \
		'io.ReadAll(os.Stdin)' >"$dir/go/hook.go"
	(cd "$dir/go" && GOCACHE="$dir/go/cache" GO111MODULE=off \
		go build -o hook hook.go)
fi

echo "push of one commit that needs nothing weighed: hooks of pacegate / hooks that are /bin/true"
for size in "small 10 10 2" "large $sizes"; do
	set -- $size
	setup "$1" "$(made "$2" "$3" "$4" 1000)"
	[ "$1" = small ] || echo "  large: $2 commits, $3 files, $4 refs, 1,000 tests"
	python3 "$here/hooks.py" "$dir" "$1" "${PUSHES:-15}" "$build"
done
