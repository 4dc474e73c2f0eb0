# bash completion for pacegate; options come from `pacegate COMMAND --help`.
# Commands: accept canary detect doctor expire export import install ledger log
# reset run show status tune uninstall verify work
_pacegate() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command="" i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	if [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "-C --help --version $(pacegate --help |
			sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')" -- "$cur"))
		return
	fi
	case $prev in
	--repo | -C) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	--gate | -g) COMPREPLY=($(compgen -W "$(git for-each-ref \
		--format='%(refname:short)' refs/heads 2>/dev/null)" -- "$cur"))
		return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(pacegate "$command" --help |
			grep -oE -- '--[a-z-]+')" -- "$cur"))
		return
	fi
	case $command in
	run | show | accept | reset)
		COMPREPLY=($(compgen -W "HEAD $(git for-each-ref \
			--format='%(refname:short)' refs/heads refs/tags \
			2>/dev/null) $(git ls-files 'perf/*' 2>/dev/null)" \
			-- "$cur")) ;;
	install | uninstall) COMPREPLY=($(compgen -d -- "$cur")) ;;
	esac
}
complete -F _pacegate pacegate
