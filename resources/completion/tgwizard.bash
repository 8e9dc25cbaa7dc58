# bash completion for tgwizard. In ~/.bashrc:  eval "$(tgwizard completion bash)"
# Made from the options of the program; the names of saved clusters are looked up when Tab is pressed.

_tgwizard_table=$(cat <<'END'
@TABLE@
END
)

# Prints the value column of the rows of a word ($1) and a name ($2).
_tgwizard_values() {
  local of name value rest
  while IFS='|' read -r of name value rest; do
    if [[ $of == "$1" && $name == "$2" ]]; then printf '%s\n' "$value"; fi
  done <<<"$_tgwizard_table"
}

_tgwizard() {
  local cur=${COMP_WORDS[COMP_CWORD]} path='' wanted='' option='' folder='' lab='' word value of name rest file quoted i
  local -a found=() places=()
  local -i place=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == = ]]; then continue; fi
    if [[ $wanted ]]; then
      case $option in
        --config) folder=${word/#\~/$HOME} ;;
        --lab-dir) lab=${word/#\~/$HOME} ;;
      esac
      wanted='' option=''
    elif [[ $word == -* ]]; then
      option=$word wanted=$(_tgwizard_values "$path" "$word")
      if [[ $word == --lab ]]; then lab=${TGWIZARD_LAB_DIR:-@LAB@}; fi
    elif [[ $(_tgwizard_values "$path" "$word") == @word ]]; then
      path=${path:+$path }$word
    else
      place+=1
    fi
  done
  if [[ $cur == = ]]; then cur=''; fi
  if [[ -z $wanted && $cur != -* ]]; then
    mapfile -t places < <(_tgwizard_values "$path" '')
    wanted=${places[place]-}
  fi
  case $wanted in
    '')
      while IFS='|' read -r of name value rest; do
        if [[ $of == "$path" && -n $name && $name == "$cur"* ]]; then
          if [[ $cur == -* || $value == @word ]]; then found+=("$name"); fi
        fi
      done <<<"$_tgwizard_table"
      ;;
    @text) ;;
    @file | @folder)
      compopt -o filenames 2>/dev/null
      if [[ $wanted == @file ]]; then mapfile -t found < <(compgen -f -- "$cur"); else mapfile -t found < <(compgen -d -- "$cur"); fi
      ;;
    @cluster)
      folder=${folder:-${lab:-${TGWIZARD_CONFIG_DIR:-@CONFIG@}}}
      for file in "$folder"/clusters/*.toml; do
        word=${file##*/} word=${word%.toml}
        if [[ -e $file && $word == "$cur"* ]]; then printf -v quoted '%q' "$word" && found+=("$quoted"); fi
      done
      if [[ ${#found[@]} == 0 ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t found < <(compgen -f -- "$cur")
      fi
      ;;
    *) mapfile -t found < <(compgen -W "$wanted" -- "$cur") ;;
  esac
  COMPREPLY=("${found[@]}")
}

complete -F _tgwizard tgwizard
