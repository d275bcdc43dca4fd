# SPDX-License-Identifier: GPL-2.0-only
# bash completion for seccomp-hup(8)
# shellcheck shell=bash

# A list with commas: what is before the last one stays.
_seccomp_hup_columns() {
	local names before=${2%"${2##*,}"} name

	case $1 in
	check) names="KERNEL RUNNING READY VERSION SIGNER KEY WHY VERMAGIC PATH" ;;
	*) names="ID LIVE AGE UNUSED STATE PID FD COMMAND HOLDER TASK CONTAINER RUNTIME CONTAINER-ID POD UNIT CGROUP HOLDER-CGROUP" ;;
	esac
	for name in $names; do
		COMPREPLY+=("$before$name")
	done
	mapfile -t COMPREPLY < <(compgen -W "${COMPREPLY[*]}" -- "$2")
}

_seccomp_hup() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local every="--sysroot --help --version" table="--json --noheadings --output --raw"

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "check status list wait metrics --help --version" -- "$word")
		return
	fi
	case $before in
	--timeout | --watch) return ;;
	--output | -o) _seccomp_hup_columns "${COMP_WORDS[1]}" "$word" && return ;;
	--sysroot) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
	--write) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
	esac
	case ${COMP_WORDS[1]} in
	check) every+=" --kernels --timeout $table" ;;
	status) every+=" --json" ;;
	list) every+=" --watch $table" ;;
	wait) every+=" --json --timeout --all $(cd /proc && echo [0-9]*)" ;;
	metrics) every+=" --write" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$every" -- "$word")
} &&
	complete -F _seccomp_hup seccomp-hup
