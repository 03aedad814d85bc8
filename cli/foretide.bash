# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Completion of foretide(1) for bash. Names come from the controller that the environment
# names; without an answer within two seconds there are none to offer.

# The values of fields $2... of each row of `foretide LIST`, joined by a slash.
_foretide_names() {
	local list=$1
	shift
	timeout 2 foretide "$list" --json 2>/dev/null | timeout 2 python3 -c '
import json, sys
for row in json.load(sys.stdin):
    print("/".join(str(row[field]) for field in sys.argv[1:]))
' "$@" 2>/dev/null
}

# What may follow command $1; what the controller knows is asked for by kind.
_foretide_kind() {
	case $1 in
	explain | import | forecast | promote | replay) echo tier ;;
	hold | release | ledger) echo held ;;
	delete | calendar | rollback | drill | costs) echo stack ;;
	drain) echo host ;;
	logs) echo unit ;;
	apply) echo folder ;;
	backtest | backup) echo file ;;
	token) echo "list create revoke" ;;
	credentials) echo "list check" ;;
	enroll) echo "machine pool" ;;
	local) echo "list clean" ;;
	esac
}

_foretide_options() {
	local common="--url --token-file --ca --json --help"

	case $1 in
	apply | rollback | delete | drain) echo "--dry-run --yes --force $common" ;;
	drill) echo "--window --for --host --yes --dry-run --last $common" ;;
	promote) echo "--to --force --yes --dry-run $common" ;;
	import) echo "--dry-run $common" ;;
	tiers | services | holds) echo "--stack $common" ;;
	units) echo "--stack --tier --host $common" ;;
	hosts | launches) echo "--pool $common" ;;
	ledger) echo "--month --days --csv $common" ;;
	costs) echo "--days $common" ;;
	decisions) echo "--stack --tier --since $common" ;;
	replay) echo "--since --until --with --all $common" ;;
	explain) echo "--at $common" ;;
	hold) echo "--reason --for $common" ;;
	logs) echo "--lines $common" ;;
	events) echo "--follow $common" ;;
	token) echo "--name --role --for $common" ;;
	calendar) echo "--tier $common" ;;
	forecast)
		echo "--horizon --every --jsonl --events --timezone --svg $common"
		;;
	decide) echo "--jsonl --help" ;;
	backtest)
		echo "--capacity --boot --risk --price --dwell --action-price --billing --billing-min --min --max" \
			"--step-out --step-in --mode --play --svg --events --timezone --help"
		;;
	local) echo "--state-dir --json --help" ;;
	play)
		echo "--service --target --trace --peak --fresh --time-scale --start --for --list" \
			"$common"
		;;
	*) echo "$common" ;;
	esac
}

# Words for the value of option $1, or nothing.
_foretide_values() {
	case $1 in
	--stack) _foretide_names stacks name ;;
	--tier) _foretide_names tiers name ;;
	--host) _foretide_names hosts id ;;
	--pool) _foretide_names pools name ;;
	--service) _foretide_names services stack name | sort -u ;;
	--role) echo viewer operator admin ;;
	--to) echo out auto ;;
	--mode) echo observe out auto ;;
	esac
}

_foretide_words() {
	case $1 in
	tier) _foretide_names tiers stack name ;;
	held)
		_foretide_names stacks name
		_foretide_names tiers stack name
		;;
	stack) _foretide_names stacks name ;;
	host) _foretide_names hosts id ;;
	unit) _foretide_names units name ;;
	*) echo "$1" ;;
	esac
}

_foretide() {
	local commands="apply rollback delete status stacks tiers pools launches gates credentials hosts units services
		ledger costs decisions 		holds explain calendar replay hold release drain drill backup logs events token enroll import forget promote local
		play decide forecast backtest"
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} kind

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
		return
	fi
	case $before in
	--token-file | --ca | --trace | --svg | --with)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--state-dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--stack | --tier | --host | --pool | --service | --role | --to | --mode)
		mapfile -t COMPREPLY < <(compgen -W "$(_foretide_values "$before")" -- "$word")
		return
		;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_foretide_options "$command")" -- "$word")
		return
	fi
	kind=$(_foretide_kind "$command")
	case $kind in
	folder) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	?*) mapfile -t COMPREPLY < <(compgen -W "$(_foretide_words "$kind")" -- "$word") ;;
	esac
	# A forecast and an import may also be of a file.
	[[ $command == forecast || $command == import ]] &&
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
	return 0
}
complete -o filenames -F _foretide foretide
