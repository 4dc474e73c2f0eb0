#compdef pacegate
# zsh completion for pacegate; commands and options come from its --help. Goes
# as _pacegate into a directory of $fpath.
_pacegate() {
	local -a commands options refs tests
	local at=2 dir=. command previous=${words[CURRENT-1]}
	if [[ ${words[2]} == -C ]]; then
		at=4 dir=${words[3]}
	fi
	case $previous in
	-C | --repo) _directories; return ;;
	esac
	if (( CURRENT == at )); then
		commands=(${(f)"$(pacegate --help |
			sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1:\2/p')"})
		_describe command commands
		return
	fi
	command=${words[at]}
	refs=(HEAD ${(f)"$(git -C $dir for-each-ref \
		--format='%(refname:short)' refs/heads refs/tags 2>/dev/null)"})
	tests=(${(f)"$(git -C $dir ls-files 'perf/*' 2>/dev/null)"})
	case $previous in
	-g | --gate) compadd -a refs; return ;;
	-t | --test) compadd -a tests; return ;;
	--kind) compadd cpu memory wait; return ;;
	esac
	if [[ ${words[CURRENT]} == -* ]]; then
		options=(${(f)"$(pacegate $command --help | sed -n \
			's/^  \(-[a-z], \)\{0,1\}\(--[a-z-]*\)\( [A-Z]*\)\{0,1\}  *\(.*\)/\2:\4/p')"})
		_describe option options
		return
	fi
	case $command in
	run | show) compadd -a refs ;;
	accept | bisect | reset) compadd -a refs; compadd -a tests ;;
	install | uninstall) _directories ;;
	esac
}
_pacegate "$@"
