#!/bin/sh
# Verdicts reach people and programs: mail, a webhook, a command; several hosts;
# pull requests; and no secret reaches anybody.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/hosted.sh"

hosted people
configure pacegate-mail.url "smtp://127.0.0.1:$(cat "$host/mail-port")"
configure pacegate-mail.from "Pacegate <pacegate@example.org>"
configure pacegate-mail.to team@example.org
configure pacegate-mail.domain example.net
configure pacegate-notify.webhook "http://127.0.0.1:$(cat "$host/port")/hook"
(umask 077 && echo "hook-$token" >"$scratch/hook-secret")
configure pacegate-notify.secretFile "$scratch/hook-secret"
configure pacegate-notify.command "cat >>'$scratch/heard'; env >>'$scratch/env'"

# Whoever looks into other processes while all this runs finds no secret.
cat >"$scratch/watch" <<'END'
import glob, os, sys
secret = open(sys.argv[1], "rb").read().strip()
while not os.path.exists(sys.argv[2]):
    for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob(
            "/proc/[0-9]*/environ"):
        try:
            data = open(path, "rb").read()
        except OSError:
            continue
        if secret in data:
            print(path, data, flush=True)
END
watch() {
	rm -f "$scratch/enough"
	python3 "$scratch/watch" "$scratch/token" "$scratch/enough" \
		>"$scratch/$1" 2>&1 &
	watcher=$!
}
unwatch() { touch "$scratch/enough"; wait "$watcher"; }
watch decoy
LEAK=$(cat "$scratch/token") sleep 30 &
decoy=$!
ok "the watch finds a secret that is shown" waited 30 grep -q LEAK "$scratch/decoy"
kill $decoy
wait $decoy 2>/dev/null
unwatch
watch leaks

plant a=30 b=10
commit "Two tests"
push origin main
ends
ok "a first baseline is no mail" test ! -e "$host/mails"
ok "but a verdict for programs" is "$(count /hook '"verdict": "new"')" 1
plant a=39 b=10
GIT_AUTHOR_NAME=Bob GIT_AUTHOR_EMAIL=bob@example.org commit "Slower"
git branch other HEAD~
GITHUB_USER_LOGIN=carol git push -q origin main other 2>/dev/null
ends
unwatch

ok "one mail a push" is "$(wc -l <"$host/mails" | tr -d ' ')" 1
shown="$host/mails"
ok "to the list" has "RCPT TO:<team@example.org>"
ok "the author" has "RCPT TO:<bob@example.org>"
ok "and who pushed" has "RCPT TO:<carol@example.net>"
python3 - "$host/mails" >"$scratch/mail" <<'END'
import email, email.policy, json, sys
mail = email.message_from_string(json.loads(open(sys.argv[1]).readline())["text"],
                                 policy=email.policy.default)
for name in ("Subject", "From", "To", "Date", "Message-ID"):
    print(name + ":", mail[name])
print(mail.get_content())
END
shown="$scratch/mail"
ok "its subject says it" grep -q '^Subject: \[pacegate\] severe: perf/a: ' "$shown"
ok "and its text how to see it again" has "to reproduce: pacegate run"
ok "and what to paste" has "Perf-Accept: perf/a"

ok "the webhook is signed" python3 - "$host/requests" "$scratch/hook-secret" <<'END'
import hashlib, hmac, json, sys
hooks = [json.loads(line) for line in open(sys.argv[1]) if '"/hook"' in line]
for hook in hooks:
    want = hmac.new(open(sys.argv[2], "rb").read().strip(), hook["raw"].encode(), hashlib.sha256)
    assert hook["X-Hub-Signature-256"] == "sha256=" + want.hexdigest(), hook
    assert hook["X-Pacegate-Delivery"]
assert hooks[-1]["body"]["report"]["verdict"] == "severe", hooks[-1]
assert hooks[-1]["body"]["event"] == "verdict"
END
ok "the command hears the same" grep -q '"verdict":"severe"' "$scratch/heard"
ok "its environment has neither git's nor our variables" not grep -qE \
	'^(GIT_|CREDENTIALS_|PACEGATE_)' "$scratch/env"

ok "no process showed a secret" not grep -q . "$scratch/leaks"
ok "nor does the log" not grep -qF "$token" "$bare/pacegate/log"
pacegate export --repo "$bare" >"$scratch/export"
ok "nor the store" not grep -qF "$token" "$scratch/export"
chmod 644 "$scratch/token"
try pacegate -C "$bare" doctor
ok "a token that others can read is not taken" grep -qE 'bad +host .*chmod' "$shown"
ok "nor shown" lacks "$token"
chmod 600 "$scratch/token"
cannot_load() { ! nm "$build/$1" | grep -q secret_load; }
for program in pre-receive post-receive pacegate-runner; do
	ok "$program has no code that loads a secret" cannot_load $program
done

# Doctor looks at all of it.
echo "Tue, 24 Nov 2020 12:00:00 GMT" >"$host/date"
try pacegate -C "$bare" doctor
ok "doctor reaches the host, and tries token and right" \
	grep -qE 'ok +host +github: ' "$shown"
ok "and sees that its clock is wrong" grep -qE 'note +host .*clock is [0-9]+ s behind' "$shown"
ok "and the mail server" grep -qE 'ok +mail +smtp://127.0.0.1' "$shown"
rm "$host/date"
echo 401 >"$host/code"
configure pacegate-mail.url smtp://127.0.0.1:1
try pacegate -C "$bare" doctor
ok "a token that is not taken is bad" grep -qE 'bad +host +github: .*401' "$shown"
ok "and so is a mail server that is not there" grep -qE 'bad +mail ' "$shown"
rm "$host/code"
configure pacegate-mail.url "smtp://127.0.0.1:$(cat "$host/mail-port")"

# Two refs of one push, weighed one after the other, are one mail all the same.
git checkout -q -b left
plant a=50 b=10
GIT_AUTHOR_NAME=Lea GIT_AUTHOR_EMAIL=lea@example.org commit "Left"
git checkout -q -b right main
plant a=39 b=20
commit "Right"
mails=$(wc -l <"$host/mails")
git push -q origin left right 2>/dev/null
ends
ok "two regressions of one push are one mail" is "$(($(wc -l <"$host/mails") - mails))" 1
shown="$scratch/last"
tail -1 "$host/mails" >"$shown"
ok "about both" sh -c 'grep -q "ref *refs/heads/left" "$1" && grep -q "ref *refs/heads/right" "$1"' - "$shown"
ok "to the authors of both" sh -c 'grep -q lea@example.org "$1" && grep -q ada@example.org "$1"' - "$shown"
git checkout -q main

# What is not weighed has a status too: a host may wait for one.
echo >README.md
commit "Prose"
push origin main
ends
ok "prose is success" is "$(states)" "success "
ok "and says that nothing was weighed" is "$(count "$(git rev-parse HEAD)" "nothing to weigh: ")" 1
echo 3 >x
git add x && git commit -q -m "Skip

Perf-Skip: only a try"
push origin main
ends
ok "a skipped push says so" is "$(count "$(git rev-parse HEAD)" success "Perf-Skip: only a try")" 1

# A second host; one that is held up does not hold up the other.
configure pacegate-host.mirror.type gitea
configure pacegate-host.mirror.url "http://127.0.0.1:$(cat "$host/port")/api/v1"
configure pacegate-host.mirror.project copy/ssl
configure pacegate-host.mirror.tokenFile "$scratch/token"
configure pacegate-host.url http://127.0.0.1:1
echo 4 >x
commit "Two hosts"
push origin main
ends
ok "the mirror has it" is "$(count "copy/ssl/statuses/$(git rev-parse HEAD)" failure)" 1
ok "in its own words" test "$(count copy/ssl "token $token")" -ge 2
ok "the other one waits" sh -c 'pacegate status --repo "$1" | grep -q "github status .* waits"' - "$bare"
configure pacegate-host.url "http://127.0.0.1:$(cat "$host/port")"
deliver --again >/dev/null
ok "and gets it" is "$(states | sed 's/.*failure failure $/both/')" both

# The host's own variables name the pull request, and the repository.
configure pacegate-host.type gitea
configure --unset pacegate-host.project
configure --remove-section pacegate-host.mirror
plant a=50 b=10
commit "A merge by the web"
GITEA_PUSHER_NAME=eve GITEA_PUSHER_EMAIL=eve@example.org \
	GITEA_REPO_USER_NAME=their GITEA_REPO_NAME=tls GITEA_PR_INDEX=12 \
	git push -q origin main 2>/dev/null
ends
ok "the comment is on the pull request" is "$(count POST their/tls/issues/12/comments)" 1
ok "and the mail goes to whom the host names" sh -c 'tail -1 "$1" | grep -q "RCPT TO:<eve@example.org>"' - "$host/mails"
# A credential of systemd is the unit's alone: others leave the outbox to it.
mkdir "$scratch/credentials"
cp "$scratch/token" "$scratch/credentials/forge"
configure pacegate-host.tokenFile forge
configure pacegate-host.project team/ssl
plant a=55 b=10
commit "With a credential"
git push -q origin main 2>/dev/null
settle
ok "without the credential nothing is sent" is "$(states)" ""
ok "nor refused" sh -c '! pacegate status --repo "$1" | grep refused' - "$bare"
CREDENTIALS_DIRECTORY="$scratch/credentials" pacegate deliver --repo "$bare" >/dev/null
ok "with it all is" is "$(states)" "failure "
configure pacegate-host.tokenFile "$scratch/token"

# So does a ref that a mirror brings.
configure "pacegate.refs/pull/*.mode" report
plant a=60 b=10
commit "A pull request"
git push -q origin HEAD:refs/pull/77/head 2>/dev/null
ends
ok "of a mirrored pull request too" is "$(count POST team/ssl/issues/77/comments)" 1
finish
