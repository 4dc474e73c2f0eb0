# fish completion for pacegate; commands and options come from its --help.
function __pacegate_words -d 'the words so far, without pacegate and -C DIR'
	set -l words (commandline -opc)
	set -e words[1]
	if test "$words[1]" = -C
		set -e words[1..2]
	end
	string join \n -- $words
end
function __pacegate_needs_command
	test (count (__pacegate_words)) -eq 0
end
function __pacegate_is
	contains -- (__pacegate_words)[1] $argv
end
function __pacegate_commands
	pacegate --help | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end
function __pacegate_options
	pacegate (__pacegate_words)[1] --help |
		string replace -rf '^  (?:-[a-z], )?(--[a-z-]+)(?: [A-Z]+)? +(.*)' '$1\t$2'
end
function __pacegate_refs
	echo HEAD
	git for-each-ref --format='%(refname:short)' refs/heads refs/tags 2>/dev/null
end
complete -c pacegate -f
complete -c pacegate -n __pacegate_needs_command -s C -r -a '(__fish_complete_directories)'
complete -c pacegate -n __pacegate_needs_command -a '(__pacegate_commands)'
complete -c pacegate -n 'not __pacegate_needs_command; and string match -q -- "-*" (commandline -ct)' -a '(__pacegate_options)'
complete -c pacegate -n '__pacegate_is run show accept bisect reset' -a '(__pacegate_refs)'
complete -c pacegate -n '__pacegate_is accept bisect reset' -a '(git ls-files "perf/*" 2>/dev/null)'
complete -c pacegate -n '__pacegate_is install uninstall' -a '(__fish_complete_directories)'
