# fish completion for pacegate; commands and options come from its --help.
function __pacegate_commands
	pacegate --help | string match -rg '^  ([a-z]+) +(.*)' |
		paste -d '\t' - -
end
function __pacegate_options
	set -l words (commandline -opc)
	test (count $words) -gt 1; or return
	pacegate $words[2] --help | string match -rg -- '(--[a-z-]+)'
end
complete -c pacegate -n 'test (count (commandline -opc)) -eq 1' -f -a '(__pacegate_commands)'
complete -c pacegate -n 'test (count (commandline -opc)) -gt 1' -a '(__pacegate_options)'
