#compdef tgwizard
# zsh completion for tgwizard. In ~/.zshrc, after compinit:  eval "$(tgwizard completion zsh)"
# Made from the options of the program; the names of saved clusters are looked up when Tab is pressed.

typeset -g _tgwizard_table
_tgwizard_table=$(cat <<'END'
@TABLE@
END
)

# Puts the value column of the rows of a word ($1) and a name ($2) into the array reply.
_tgwizard_values() {
  local of name value rest
  reply=()
  while IFS='|' read -r of name value rest; do
    if [[ $of == "$1" && $name == "$2" ]]; then reply+=("$value"); fi
  done <<<"$_tgwizard_table"
}

_tgwizard() {
  local cur=$words[CURRENT] where='' wanted='' option='' folder='' lab='' word of name value rest
  local -a reply rows options clusters
  local -i i place=0
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $wanted ]]; then
      case $option in
        --config) folder=${~word} ;;
        --lab-dir) lab=${~word} ;;
      esac
      wanted='' option=''
    elif [[ $word == -* ]]; then
      option=$word
      _tgwizard_values "$where" "$word"
      wanted=${reply[1]-}
      if [[ $word == --lab ]]; then lab=${TGWIZARD_LAB_DIR:-@LAB@}; fi
    else
      _tgwizard_values "$where" "$word"
      if [[ ${reply[1]-} == @word ]]; then where="${where:+$where }$word"; else place+=1; fi
    fi
  done
  if [[ -z $wanted && $cur != -* ]]; then
    _tgwizard_values "$where" ''
    wanted=${reply[place + 1]-}
  fi
  case $wanted in
    '')
      while IFS='|' read -r of name value rest; do
        if [[ $of == "$where" && -n $name ]]; then
          if [[ $value == @word ]]; then rows+=("$name:$rest"); elif [[ $name == -* ]]; then options+=("$name:$rest"); fi
        fi
      done <<<"$_tgwizard_table"
      if [[ $cur == -* ]]; then _describe -o option options; else _describe command rows; fi
      ;;
    @text) _message value ;;
    @file) _files ;;
    @folder) _files -/ ;;
    @cluster)
      folder=${folder:-${lab:-${TGWIZARD_CONFIG_DIR:-@CONFIG@}}}
      clusters=("$folder"/clusters/*.toml(N:t:r))
      if (( $#clusters )); then compadd -a clusters; else _files; fi
      ;;
    *) compadd -- ${=wanted} ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tgwizard "$@"; else compdef _tgwizard tgwizard; fi
