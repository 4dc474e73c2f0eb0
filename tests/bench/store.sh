#!/bin/sh
# The store beside what it is made of: sample sets in batches and singly beside
# raw LMDB puts of the same bytes, a history beside a memcpy of its size, and
# what a point and a set take of the disk. store-size is the same at full size.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
make -s -C "$here/../.." "B=$build" "$build/tests/bench/store"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# of FILE NAME: a figure of the last run.
of() {
	awk -v name="$2" '$1 == name { print $2 }' "$1"
}
store() {
	"$build/tests/bench/store" "$@" >"$dir/out"
}
echo "sample sets of 4 metrics and 20 trials | a second | raw LMDB | share of raw | bytes of disk each | raw"
for batch in 100 1; do
	commits=200
	[ $batch != 1 ] || commits=10
	store samples "$dir/sets-$batch" 100 $commits $batch
	echo "$batch a transaction | $(of "$dir/out" sets_per_s) |" \
		"$(of "$dir/out" raw_per_s) | $(of "$dir/out" ratio) |" \
		"$(of "$dir/out" bytes_per_set) |" \
		"$(of "$dir/out" raw_bytes_per_set)"
done
store pushes "$dir/points" 50 0 2000
echo "a point of a history that grows by a commit at a time takes" \
	"$(of "$dir/out" bytes_per_new_point) bytes of disk"
store fill "$dir/long" 2 0 20000
store read "$dir/long" 2 20000
echo "a history of 20,000 points is read in $(of "$dir/out" history_us) us," \
	"$(of "$dir/out" history_to_memcpy) times a memcpy of what comes out"
