# Completion of idp-run for fish: idp-run completions fish > ~/.config/fish/completions/idp-run.fish
function __idp_run
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] complete-words -- $words[2..-1] "$current" 2>/dev/null)
        if string match -qr '^\t' -- $line
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c idp-run -f -a '(__idp_run)'
