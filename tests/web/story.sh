# Sourced after ../lib/tap.sh: a repository whose history tells what people do to
# it, with real sessions of planted values. $bare and the clone, as new_repo has
# them; $slow is the commit that was slower and stands, $broken one that does
# not build, $hostile one with a name and a message that mean harm.
new_repo project
planted
pacegate install "$bare" >/dev/null
now=$(date +%s)
day=40

# land AUTHOR SUBJECT: push the working tree as a commit some days after the last.
land() {
	day=$((day - 3))
	GIT_COMMITTER_DATE="$((now - day * 86400)) +0000"
	GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE
	export GIT_COMMITTER_DATE GIT_AUTHOR_DATE
	git add -A
	printf '%s\n' "$2" | GIT_AUTHOR_NAME="$1" git commit -q --allow-empty \
		--cleanup=verbatim -F -
	git push -q origin main 2>/dev/null
	settle
}
# values JSON: what each test takes from now on.
values() { printf '%s\n' "$1" >planted; }
for name in ssl-transfer sort gc-minor io; do
	mkdir -p perf
	printf '#!/bin/sh\n# perf: kind=perf\nexec true\n' >perf/$name
	chmod +x perf/$name
done
usual='"perf/ssl-transfer": {"wall": 3e7, "cpu": 2.6e7, "maxrss": 4e7}'
usual="$usual, \"perf/io\": {\"wall\": 9e7, \"cpu\": 1e6, \"noise\": 0.08}"
sort='"perf/sort": {"wall": 5e7, "cpu": 5e7}'
gc='"perf/gc-minor": {"wall": 1.2e7, "cpu": 1.2e7, "maxrss": 9e7}'
values "{$usual, $sort, $gc}"
land Ada "perf: four tests"
git tag -a -m "first" v1.0 && git push -q origin v1.0
land Linus "io: a comment"
sort='"perf/sort": {"wall": 3e7, "cpu": 3e7}'
values "{$usual, $sort, $gc}"
land "Grace Hopper" "sort: merge runs that are sorted already"
land Ada "doc: how it sorts"
usual=$(echo "$usual" | sed 's/3e7, "cpu": 2.6e7/3.9e7, "cpu": 3.4e7/')
values "{$usual, $sort, $gc}"
land Linus "ssl: TLS 1.3 by default

Perf-Accept: perf/ssl-transfer wall <=+40% | TLS 1.3 by default, see #41
Perf-Accept: perf/ssl-transfer cpu <=+40% | TLS 1.3 by default, see #41"
printf '#!/bin/sh\n# perf: kind=perf\n# now larger\nexec true\n' >perf/gc-minor
land Ada "gc: the test collects twice as much"
gc='"perf/gc-minor": {"wall": 1.5e7, "cpu": 1.5e7, "maxrss": 9e7}'
values "{$usual, $sort, $gc}"
land Linus "gc: write barrier for every store"
# shellcheck disable=SC2034 # for who sources this
slow=$(git rev-parse HEAD)
values "{\"build\": \"exit 2\", $usual, $sort, $gc}"
land Linus "build: forgot a file"
# shellcheck disable=SC2034
broken=$(git rev-parse HEAD)
values "{$usual, $sort, $gc}"
land Ada "build: here it is"
name=$(printf 'perf/<img src=x onerror=alert(1)>\342\200\256"b')
printf '#!/bin/sh\nexec true\n' >"$name" && chmod +x "$name"
python3 - "$name" "{$usual, $sort, $gc}" >planted <<'PY'
import json, sys
values = json.loads(sys.argv[2])
values[sys.argv[1]] = {"wall": 2e7, "cpu": 2e7}
print(json.dumps(values))
PY
land "$(printf 'Mallory </title><script>alert(2)</script>\342\200\256\033[2J')" \
	"$(printf '</title><script>alert(3)</script>\342\200\256gnp.exe \033]0;x\007 '
	head -c 10000 /dev/zero | tr '\0' 'x')"
# shellcheck disable=SC2034
hostile=$(git rev-parse HEAD)
