#!/bin/sh
# Formats as the tools themselves write them inside the sandbox, to a pipe that
# the slot's user opens again as /dev/stdout.
. "$(dirname "$0")/../lib/tap.sh"

new_repo formats
pacegate install "$bare" --gate main >/dev/null
mkdir perf t
# a test NAME FORMAT COMMAND: its values are metrics
a_test() {
	printf '#!/bin/sh\n# perf: format=%s timeout=60s\n%s\n' "$2" "$3" \
		>"perf/$1"
	chmod +x "perf/$1"
}
a_test hyperfine hyperfine "hyperfine -N --runs 3 --style none \
--export-json /dev/stdout /bin/true"
printf 'print "1..1\\nok 1\\n"' >t/one.t
a_test prove tap "prove --timer t"
a_test racket racket 'echo "fill: cpu time: 8 real time: 12 gc time: 1"'
a_test custom customBiggerIsBetter \
	"echo '[{\"name\": \"speed\", \"unit\": \"MB/s\", \"value\": 12.5}]'"
a_test nothing go 'echo no benchmark here'
pytest=""
if /usr/bin/python3 -c 'import pytest_benchmark' 2>/dev/null; then
	pytest=yes
	printf 'def test_sum(benchmark):\n\tbenchmark(sum, range(9))\n' \
		>t/test_sum.py
	a_test pytest pytest-benchmark "/usr/bin/python3 -m pytest -q -p \
no:cacheprovider --benchmark-max-time=0.01 --benchmark-json=/dev/stdout t"
fi
if command -v /usr/bin/node >/dev/null; then
	printf 'require("node:test")("adds", () => {});\n' >t/adds.js
	a_test node tap "node --test --test-reporter=tap t/adds.js"
fi
commit "Tests of every kind"
push origin main
try pacegate show --repo "$bare" main --json
# value TEST METRIC UNIT: it was measured
value() {
	python3 -c '
import json, sys
file, path, name, unit = sys.argv[1:]
test, = [t for t in json.load(open(file))["tests"] if t["test"] == path]
print(test.get("why", ""), [m["metric"] for m in test["metrics"]])
metric, = [m for m in test["metrics"] if m["metric"] == name]
sys.exit(metric["unit"] != unit or not metric["value"] > 0)
' "$shown" "perf/$1" "$2" "$3"
}
ok "hyperfine" value hyperfine bin/true ns
ok "prove" value prove t/one.t ns
ok "racket's line" value racket fill.real-time ns
ok "customBiggerIsBetter" value custom speed MB/s
if [ "$pytest" ]; then
	ok "pytest-benchmark" value pytest test_sum ns
else
	skip "pytest-benchmark" "not installed: python3-pytest-benchmark"
fi
if [ -e perf/node ]; then
	ok "node's TAP" value node adds ns
else
	skip "node's TAP" "not installed: nodejs"
fi
ok "a format that finds nothing is no measurement" \
	has "format=go: no value in what the test printed"
finish
