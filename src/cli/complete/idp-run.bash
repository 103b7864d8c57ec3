# Completion of idp-run for bash: source <(idp-run completions bash)
_idp_run() {
    local line=${COMP_LINE:0:COMP_POINT} words=() current="" word
    read -ra words <<<"$line"
    [[ $line == *' ' ]] && words+=("")
    current=${words[${#words[@]} - 1]}
    COMPREPLY=()
    while IFS= read -r word; do
        word=${word%%$'\t'*}
        if [[ -z $word ]]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
        else
            # Readline takes `name=` for a word of its own.
            [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && word=${word#*=}
            [[ $word == *= ]] && compopt -o nospace 2>/dev/null
            COMPREPLY+=("$word")
        fi
    done < <("${words[0]}" complete-words -- "${words[@]:1}" 2>/dev/null)
}
complete -F _idp_run idp-run
