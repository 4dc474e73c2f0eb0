# bash completion for pacegate; options come from `pacegate COMMAND --help`.
# Commands: accept bisect canary compare deliver detect doctor expire export import install
# ledger log new pages reset run serve show status tune uninstall verify work
_pacegate_words() { # WORDS: those that begin with the current one
	local word
	COMPREPLY=()
	while IFS= read -r word; do
		COMPREPLY+=("$word")
	done < <(compgen -W "$1" -- "$cur")
}
_pacegate() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command="" dir=. i refs
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C | --repo) dir=${COMP_WORDS[++i]} ;;
		-*) ;;
		*) [[ $command ]] || command=${COMP_WORDS[i]} ;;
		esac
	done
	case $prev in
	-C | --repo) compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	-g | --gate) _pacegate_words "$(git -C "$dir" for-each-ref \
		--format='%(refname:short)' refs/heads 2>/dev/null)"; return ;;
	-t | --test) _pacegate_words "$(git -C "$dir" ls-files 'perf/*' \
		2>/dev/null)"; return ;;
	--kind) _pacegate_words "cpu memory wait"; return ;;
	esac
	if [[ -z $command ]]; then
		_pacegate_words "-C --help --version $(pacegate --help |
			sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')"
		return
	fi
	if [[ $cur == -* ]]; then
		_pacegate_words "--help $(pacegate "$command" --help |
			sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p')"
		return
	fi
	refs="HEAD $(git -C "$dir" for-each-ref --format='%(refname:short)' \
		refs/heads refs/tags 2>/dev/null)"
	case $command in
	run | show) _pacegate_words "$refs" ;;
	accept | bisect | reset) _pacegate_words "$refs $(git -C "$dir" ls-files \
		'perf/*' 2>/dev/null)" ;;
	install | uninstall) compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	esac
}
complete -F _pacegate pacegate
