#!/bin/sh
# Every fuzz target over its corpus, once.
. "$(dirname "$0")/../lib/tap.sh"
cd "$here/../.." || exit 1
for source in tests/fuzz/fuzz_*.c; do
	name=${source##*/fuzz_} name=${name%.c}
	ok "corpus of $name" "build/fuzz/tests/fuzz/fuzz_$name" -runs=0 \
		"tests/fuzz/corpus/$name"
done
finish
