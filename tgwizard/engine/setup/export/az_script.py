"""The plan as a bash script for the Azure CLI. Foreign text passes ``shlex.quote`` or a comment that was sanitized.

The role is read and written with ``az rest`` by its GUID, which finds it by what cannot lag, where ``az role
definition`` looks names up in a list that does (azure/README.md 3.1). What is there is added to, and loses only the
assignments and scopes that the plan takes away: a PUT replaces a role as a whole, so it carries what Azure has just
answered and what was missing in it, or is not sent.
"""

from __future__ import annotations

import shlex
from typing import assert_never

from tgwizard.engine.setup.export import plan_values
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import allows
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import (
    Assign,
    EnableIdentity,
    PlaceAddress,
    PutRole,
    RemoveStale,
    Restart,
    SetupChange,
    SetupPlan,
)
from tgwizard.model.text import join_words, printable, sanitize

_FUNCTIONS = r"""
# Repeats a command while a new identity or role has not arrived everywhere in Azure yet, for ten minutes at most.
patiently() {
  local said='' try
  for try in {1..40}; do
    if said=$("$@" 2>&1 >/dev/null); then return 0; fi
    case $said in
      *PrincipalNotFound* | *RoleDefinitionDoesNotExist*)
        printf 'Azure does not know it everywhere yet (try %s); trying again in 15 s.\n' "$try" >&2
        sleep 15
        ;;
      *) break ;;
    esac
  done
  printf '%s\n' "$said" >&2
  return 1
}

# Writes a text as JSON, safe in a JMESPath literal too.
json() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//\`/\\u0060}"
}

# role URL BODY WANTED...: creates the role as BODY; to one that is there adds the actions and scopes that it lacks.
# Whatever else it holds stays. A scope that is wanted with a - before it is taken out: Azure no longer accepts it.
# A role whose notActions take a wanted action away is left as it is, and the script ends: somebody decided that.
role() (
  url=$1 body=$2 actions='' scopes='' withheld='' kept=assignableScopes
  shift 2
  if ! said=$(az rest --method get --url "$url" --output none 2>&1); then
    case $said in
      *RoleDefinitionDoesNotExist* | *'Not Found'*) az rest --method put --url "$url" --body "$body" --output none ;;
      *) printf '%s\n' "$said" >&2 && exit 1 ;;
    esac
    exit 0
  fi
  # A line for each scope, and for each block of permissions its actions with a +, its notActions with a -, and an =.
  there=$(az rest --method get --url "$url" --output tsv --query "[properties.assignableScopes,
    properties.permissions[].[(actions || \`[]\`)[].join('+', ['', @]), (notActions || \`[]\`)[].join('-', ['', @]),
    ['=']][][]][]")
  shopt -s nocasematch
  for wanted in "$@"; do
    found='' named='' taken='' denied=''
    while IFS= read -r line; do
      line=${line%$'\r'}
      case $wanted in
        -* | /*) if [[ ${wanted#-} == "$line" ]]; then found=$line; fi ;;
        *)
          # A * in an action of the role stands for anything, as it does in this comparison.
          # shellcheck disable=SC2053
          case $line in
            +*) if [[ $wanted == ${line#+} ]]; then named=1; fi ;;
            -*) if [[ $wanted == ${line#-} ]]; then taken=1; fi ;;
            =)
              if [ -n "$named" ] && [ -z "$taken" ]; then found=1; fi
              denied+=$taken named='' taken=''
              ;;
          esac
          ;;
      esac
    done <<<"$there"
    case $wanted in
      -*) if [ -n "$found" ]; then kept+="[?@ != \`$(json "$found")\`]"; fi ;;
      /*) if [ -z "$found" ]; then scopes+=,$(json "$wanted"); fi ;;
      *) if [ -z "$found" ]; then actions+=,$(json "$wanted"); fi ;;
    esac
    if [ -z "$found" ] && [ -n "$denied" ]; then withheld+="  $wanted"$'\n'; fi
  done
  if [ -n "$withheld" ]; then
    printf 'The notActions of this role take away what it is to give the machines:\n%sThe role: %s\n%s\n' \
      "$withheld" "${url%%\?*}" \
      'Take that out of its notActions and run this again, or plan with a new role in tgwizard and export it.' >&2
    exit 1
  fi
  if [ -z "$actions$scopes" ] && [ "$kept" = assignableScopes ]; then exit 0; fi
  # The role as it is now, with more in its first block of permissions, which is the one that the portal shows.
  body=$(az rest --method get --url "$url" --output json --query "{properties: properties.{roleName: roleName,
    description: description, type: type, assignableScopes: [$kept, \`[${scopes#,}]\`][],
    permissions: [{actions: [permissions[0].actions || \`[]\`, \`[${actions#,}]\`][],
    notActions: permissions[0].notActions || \`[]\`, dataActions: permissions[0].dataActions || \`[]\`,
    notDataActions: permissions[0].notDataActions || \`[]\`}, permissions[1:]][]}}")
  az rest --method put --url "$url" --body "$body" --output none
)

# give VM ROLE SCOPE: gives the role to the machine's system-assigned identity. Azure keeps what is there already.
give() {
  local principal
  principal=$(az vm identity show --ids "$1" --query principalId --output tsv)
  if [ -z "$principal" ]; then
    printf 'This machine has no system-assigned identity: %s\n' "$1" >&2
    return 1
  fi
  patiently az role assignment create --assignee-object-id "$principal" \
    --assignee-principal-type ServicePrincipal --role "$2" --scope "$3" --output none
}

# place ADDRESS CONFIGURATION GROUP NIC ID [OTHER ID]: creates the configuration, unless a member has the address.
place() {
  local address=$1 configuration=$2 group=$3 nic=$4 id=$5 one held subnet line
  local -a groups=()
  for one in "${@:5}"; do
    held=$(az network nic show --ids "$one" --query "ipConfigurations[?privateIPAddress=='$address'].name" --output tsv)
    if [ -n "$held" ]; then return 0; fi
  done
  subnet=$(az network nic show --ids "$id" --query 'ipConfigurations[?primary].subnet.id' --output tsv)
  while IFS= read -r line; do
    if [ -n "$line" ]; then groups+=("$line"); fi
  done < <(az network nic show --ids "$id" \
    --query 'ipConfigurations[?primary].applicationSecurityGroups[].id' --output tsv)
  if [ "${#groups[@]}" -gt 0 ]; then groups=(--application-security-groups "${groups[@]}"); fi
  az network nic ip-config create --resource-group "$group" --nic-name "$nic" --name "$configuration" \
    --private-ip-address "$address" --subnet "$subnet" ${groups[@]+"${groups[@]}"} --output none
}
"""


def script(plan: SetupPlan, answers: Answers) -> str:
    """The script, in the order of the plan."""
    if not plan.writing:
        return "\n".join(("#!/usr/bin/env bash", *_last_words(plan, answers))) + "\n"
    lines = [
        "#!/usr/bin/env bash",
        f"# Sets up the floating IP of {plan_values.title(answers)} in {plan_values.subscription_name(answers)}.",
        f"# Sign in first (az login). {_promise(plan)}",
        "set -euo pipefail",
        _FUNCTIONS.rstrip(),
        "",
        f"az account set --subscription {shlex.quote(plan_values.subscription(plan, answers))}",
    ]
    for change in plan.writing:
        lines += ["", f"# {sanitize(change.sentence, 160)}", *_commands(change, plan, answers)]
    lines += ["", *_last_words(plan, answers)]
    return "\n".join(lines) + "\n"


def _promise(plan: SetupPlan) -> str:
    """What becomes of what is there already."""
    put = plan_values.role_put(plan)
    removed = []
    if any(isinstance(change.write, RemoveStale) for change in plan.writing):
        removed.append("role assignments whose identity is gone")
    if put is not None and _dropped(put):
        removed.append("assignable scopes of the role")
    if not removed:
        return "It only adds: what is there already stays as it is, also when it is run again."
    return f"It adds, and removes {join_words(removed)}. All else stays as it is, also when it is run again."


def _commands(change: SetupChange, plan: SetupPlan, answers: Answers) -> list[str]:
    write = change.write
    match write:
        case EnableIdentity():
            return [_words("az", "vm", "identity", "assign", "--ids", write.vm.text, "--output", "none")]
        case PutRole():
            return [_role(write, f"{plan_values.full_role_id(plan, answers)}?api-version={plan_values.ROLE_API}")]
        case Assign():
            role = plan_values.full_role_id(plan, answers)
            return [_words("give", write.vm.text, role, write.scope)]
        case RemoveStale():
            return [_words("az", "role", "assignment", "delete", "--ids", write.assignment.id)]
        case PlaceAddress():
            return [_place(write, answers)]
        case Restart():
            return []
        case _:
            assert_never(write)


def _role(write: PutRole, url: str) -> str:
    dropped = (f"-{scope}" for scope in _dropped(write))
    body = plan_values.role_put_json(write.role)
    # An action that the planned role takes away itself, in its notActions, is not among what it is to give.
    actions = (action for action in write.role.actions if allows(write.role.held, action))
    return _words("role", url, body, *actions, *write.role.assignable_scopes, *dropped)


def _dropped(write: PutRole) -> tuple[str, ...]:
    """The assignable scopes that the role loses."""
    kept = {scope.lower() for scope in write.role.assignable_scopes}
    before = write.before.assignable_scopes if write.before else ()
    return tuple(scope for scope in before if scope.lower() not in kept)


def _place(write: PlaceAddress, answers: Answers) -> str:
    others: tuple[ResourceId, ...] = tuple(nic for nic in answers.nics or () if nic != write.nic)
    ids = (write.nic.text, *(nic.text for nic in others))
    return _words("place", write.address, write.configuration, write.nic.group, write.nic.name, *ids)


def _last_words(plan: SetupPlan, answers: Answers) -> list[str]:
    if not plan.writing:
        return [_words("printf", "%s\\n", "Everything is there already. Nothing was done.")]
    names = [sanitize(vm.name, 90) for vm in plan_values.restarts(plan, answers)]
    lines = ["Done. New rights take up to ten minutes to count." if names else "Done."]
    if names:
        first, *rest = names
        order = f"Then restart {first}" + "".join(f", and when it is healthy again {name}" for name in rest)
        lines.append(f"{order}: the appliances use new rights only after a restart.")
    return [_words("printf", "%s\\n", *lines)]


def _words(*words: str) -> str:
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """A word that bash takes as it is; what cannot be seen is written as an escape, so that it means the same."""
    if word == printable(word) and "\n" not in word and "\t" not in word:
        return shlex.quote(word)
    shown = (char if char == printable(char) >= " " else _escaped(char) for char in word.replace("\\", "\\\\"))
    return "$'" + "".join(shown).replace("'", "\\'") + "'"


def _escaped(char: str) -> str:
    """Its bytes, which mean the same in every locale."""
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
