#!/bin/sh
# The verdict on the commit page of a real cgit, and the link in a real gitweb.
. "$(dirname "$0")/../lib/tap.sh"

root=$here/../..
cgi=/usr/lib/cgit/cgit.cgi
new_repo project
planted
pacegate install "$bare" --gate main >/dev/null
plant a=30
commit "one"
push -q origin main
plant a=15
commit "faster <b>& better</b>

With a message."
push -q origin main
settle
tip=$(git rev-parse HEAD)
echo x >x && commit "not weighed" && git push -q origin HEAD:refs/heads/other

cat >"$scratch/cgitrc" <<END
cache-size=0
commit-filter=$root/contrib/cgit/commit-filter
repo.url=project
repo.path=$bare
END
# page COMMIT: cgit's page of it.
page() {
	try env -i PATH="$PATH" HOME="$scratch" CGIT_CONFIG="$scratch/cgitrc" \
		GIT_CONFIG_GLOBAL="$GIT_CONFIG_GLOBAL" REQUEST_METHOD=GET \
		SCRIPT_NAME=/cgit PATH_INFO=/project/commit/ \
		QUERY_STRING="id=$1" "$cgi"
}
page "$tip"
ok "the verdict stands on the page" has "<span class='pacegate'>improved: perf/a"
ok "once" is "$(grep -c "class='pacegate'" "$shown")" 1
ok "the message stays" has "With a message."
ok "and its markup is harmless" lacks "better</b>"
git -C "$bare" config pacegate-host.pages https://perf.example/p/
page "$tip"
ok "with a link to the page" has "<a href='https://perf.example/p/commit/$tip.html'>improved"
git -C "$bare" config pacegate-host.pages "https://x/'><script>"
page "$tip"
ok "of a sound address alone" lacks "<script>"
mv "$bare/pacegate" "$bare/away"
page "$tip"
ok "without a store the page is as it was" lacks "pacegate"
mv "$bare/away" "$bare/pacegate"

cat "$root/contrib/gitweb/gitweb.conf" - >"$scratch/gitweb.conf" <<END
\$projectroot = '$scratch';
END
try env -i PATH="$PATH" HOME="$scratch" GITWEB_CONFIG="$scratch/gitweb.conf" \
	GIT_CONFIG_GLOBAL="$GIT_CONFIG_GLOBAL" REQUEST_METHOD=GET \
	SCRIPT_NAME=/gitweb GATEWAY_INTERFACE=CGI/1.1 \
	QUERY_STRING="p=project.git;a=commit;h=$tip" \
	perl /usr/share/gitweb/gitweb.cgi
ok "gitweb has a link" has "https://perf.example.org/project.git/commit/$tip.html"
finish
