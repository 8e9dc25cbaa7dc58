# fish completion for tgwizard. In ~/.config/fish/config.fish:  tgwizard completion fish | source
# Made from the options of the program; the names of saved clusters are looked up when Tab is pressed.

set -g __tgwizard_table @TABLE@

# Prints the value column of the rows of a word ($argv[1]) and a name ($argv[2]).
function __tgwizard_values
    for row in $__tgwizard_table
        set -l parts (string split -m 3 '|' -- $row)
        if test "$parts[1]" = "$argv[1]" -a "$parts[2]" = "$argv[2]"
            echo $parts[3]
        end
    end
end

function __tgwizard_complete
    set -l cur (commandline -ct)
    set -l path ''
    set -l wanted ''
    set -l option ''
    set -l folder ''
    set -l lab ''
    set -l place 1
    for word in (commandline -opc)[2..]
        if test -n "$wanted"
            switch $option
                case --config
                    set folder (string replace -r '^~' -- $HOME $word)
                case --lab-dir
                    set lab (string replace -r '^~' -- $HOME $word)
            end
            set wanted ''
        else if string match -q -- '-*' $word
            set option $word
            set wanted "$(__tgwizard_values "$path" $word)"
            if test $word = --lab
                set lab @LAB@
                set -q TGWIZARD_LAB_DIR; and set lab $TGWIZARD_LAB_DIR
            end
        else if test "$(__tgwizard_values "$path" $word)" = @word
            set path (string trim -- "$path $word")
        else
            set place (math $place + 1)
        end
    end
    if test -z "$wanted"; and not string match -q -- '-*' $cur
        set -l places (__tgwizard_values "$path" '')
        test (count $places) -ge $place; and set wanted $places[$place]
    end
    switch $wanted
        case ''
            for row in $__tgwizard_table
                set -l parts (string split -m 3 '|' -- $row)
                if test "$parts[1]" = "$path" -a -n "$parts[2]"
                    if string match -q -- '-*' $cur; or test "$parts[3]" = @word
                        printf '%s\t%s\n' $parts[2] $parts[4]
                    end
                end
            end
        case @text
            return
        case @file
            __fish_complete_path $cur
        case @folder
            __fish_complete_directories $cur
        case @cluster
            if test -z "$folder"
                set folder @CONFIG@
                set -q TGWIZARD_CONFIG_DIR; and set folder $TGWIZARD_CONFIG_DIR
                test -n "$lab"; and set folder $lab
            end
            set -l files $folder/clusters/*.toml
            for file in $files
                string replace -r '\.toml$' '' -- (string replace -r '.*/' '' -- $file)
            end
            test (count $files) -gt 0; or __fish_complete_path $cur
        case '*'
            string split ' ' -- $wanted
    end
end

complete -c tgwizard -f -a '(__tgwizard_complete)'
