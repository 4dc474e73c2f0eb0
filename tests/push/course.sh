#!/bin/sh
# What a trial uses over time, from the sampler to what people see.
. "$(dirname "$0")/../lib/tap.sh"

new_repo course
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 2
git -C "$bare" config pacegate-sandbox.samplerInterval 2ms
mkdir perf
cat >hold.c <<'END'
#include <stdlib.h>
#include <time.h>
int main(void) {
	struct timespec nap = { 0, 100000000 };
	volatile char *bytes = malloc(48 << 20);
	nanosleep(&nap, NULL);
	for (long i = 0; i < 48 << 20; i += 4096) bytes[i] = 1;
	nanosleep(&nap, NULL);
	return bytes[0] != 1;
}
END
printf '[pacegate]\n\tbuild = cc -O1 -o hold hold.c\n' >.pacegate
printf '#!/bin/sh\nexec ./hold\n' >perf/hold
chmod +x perf/hold
commit "Holds 48 MB for the second half"
push origin main

try pacegate show --repo "$bare" main --course
ok "a course is kept and shown" has "perf/hold, session "
ok "with units" grep -qE '[0-9] ms +[0-9.]+ MB' "$shown"
try pacegate show --repo "$bare" main --course --json
rises() {
	python3 -c '
import json, sys
course, = json.load(open(sys.argv[1]))["courses"]
memory = course.get("memory") or course["rss"]
print(memory)
assert course["test"] == "perf/hold"
assert 10 <= len(memory) <= 100, len(memory)
for name in "time", "cpu", "read", "written":
    assert len(course[name]) == len(memory)
    assert course[name] == sorted(course[name]), name
assert memory[0] < 10e6 and max(memory) > 48e6
half = [t for t, m in zip(course["time"], memory) if m > 48e6]
assert half[0] > 80e6, half[0]
assert set(course["threads"]) <= {0, 1}, course["threads"]
' "$shown"
}
ok "memory rises where the test takes it" rises
pacegate pages "$scratch/www" --repo "$bare" >/dev/null
page=$scratch/www/commit/$(git rev-parse HEAD)
ok "the commit's page draws it" sh -c \
	"grep -qE '(memory|rss) over time, in a trial' '$page.html' &&
	grep -q 'cpu of perf/hold over time' '$page.html' &&
	grep -q '\"course\"' '$page.json'"
ok "it goes with the samples into an export" sh -c \
	"pacegate export --repo '$bare' | grep -q '\"metric\": *\"@time\"'"

git -C "$bare" config pacegate-sandbox.sampler false
echo x >x
commit "No sampler"
push origin main
try pacegate show --repo "$bare" main --course
ok "without the sampler there is none, and it is said" \
	has "no course was kept"
try pacegate compare main~1 main --repo "$bare"
ok "no column of a course is a metric" lacks "@"
sleep 1
pacegate expire --repo "$bare" --keep 0s >/dev/null
try pacegate show --repo "$bare" main~1 --course
ok "it expires with the samples" lacks "perf/hold, session "
finish
