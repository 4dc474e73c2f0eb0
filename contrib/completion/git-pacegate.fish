# Goes to vendor_conf.d: fish 3.6 looks for the completion of its own git
# commands under another name (git-git-NAME).
complete -c git -f -n '__fish_git_using_command pacegate' -a '(__fish_git_complete_custom_command pacegate)'
