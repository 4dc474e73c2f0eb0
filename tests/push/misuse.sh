#!/bin/sh
# What is written wrong: each message says what is wrong and what to do next,
# and the exit status is that of usage.
. "$(dirname "$0")/../lib/tap.sh"

# says WORDS COMMAND...: it ends with 2 and says that, in one line.
says() {
	words=$1
	shift
	try pacegate "$@" </dev/null
	ok "pacegate $*: usage" is "$status" 2
	ok "pacegate $*: $words" has "$words"
	ok "pacegate $*: in one line" is "$(wc -l <"$shown")" 1
}
new_repo project
planted
pacegate install "$bare" >/dev/null
plant sort=30 ssl-transfer=20
commit one
push -q origin main
settle
says "HEAD is the first commit" run
commit two
git tag v1.0

says "did you mean \`pacegate status\`?" stauts
says "did you mean \`pacegate status\`?" stat
says "see \`pacegate --help\`" frobnicate
says "did you mean --json?" show --jsn
says "see --help" show --frobnicate
says "--test wants TEST" run --test
says "in a clone, \`pacegate run\` weighs" show
says "there is no test perf/srot: did you mean perf/sort?" run HEAD~1 HEAD --test perf/srot
says "there is no test nothing*: there are perf/sort, perf/ssl-transfer" \
	run HEAD~1 HEAD --test 'nothing*'
says "did you mean main?" run mian
says "did you mean v1.0?" run v1.
cd "$bare" || exit 1
says "see \`git log --all\`" show quux
says "has not so many ancestors" show main~9
says "say which test" log
says "did you mean perf/sort?" log perf/sotr
says "it has wall, cpu" log perf/sort --metric quux
says "did you mean perf/sort?" ledger --test perf/srt
says "did you mean perf/sort?" tune --test perf/srt
says "did you mean perf/sort?" accept perf/srt main --reason why
says "say why with --reason" accept perf/sort main
says "write it as 2%" tune --threshold much
says "say which two revisions" compare main
says "write ADDRESS:PORT" serve --listen 1:2:3
says "say the directory" pages
says "say 90d" expire --keep long
says "write cpu, memory or wait" canary --kind disk
says "write a percentage such as 5%" canary --slower much
says "see \`pacegate status\`" deliver --again 99
says "stdin is empty" detect
cd "$scratch" || exit 1
mkdir nowhere
cd nowhere || exit 1
for command in show run status doctor "log perf/sort"; do
	# shellcheck disable=SC2086 # words
	says "not in a git repository" $command
done
says "is no git repository" install
finish
