#compdef pacegate
# zsh completion for pacegate; commands and options come from its --help.
_pacegate() {
	local -a commands options
	local command=${words[2]}
	if (( CURRENT == 2 )); then
		commands=(${(f)"$(pacegate --help |
			sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1:\2/p')"})
		_describe command commands
		return
	fi
	options=(${(f)"$(pacegate $command --help |
		sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z-]*\)[^ ]*  *\(.*\)/\2:\3/p')"})
	if [[ $words[CURRENT] == -* ]]; then
		_describe option options
	else
		_files
	fi
}
_pacegate "$@"
