# SPDX-License-Identifier: GPL-2.0-only
# bash completion for seccomp-hup(8)
# shellcheck shell=bash

_seccomp_hup() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "check status list wait metrics --help --version" -- "$word")
		return
	fi
	case $before in
	--timeout | --watch) return ;;
	esac
	case ${COMP_WORDS[1]} in
	check) mapfile -t COMPREPLY < <(compgen -W "--json --timeout" -- "$word") ;;
	status) mapfile -t COMPREPLY < <(compgen -W "--json" -- "$word") ;;
	list) mapfile -t COMPREPLY < <(compgen -W "--json --watch" -- "$word") ;;
	wait) mapfile -t COMPREPLY < <(compgen -W "--json --timeout --all $(cd /proc && echo [0-9]*)" -- "$word") ;;
	esac
} &&
	complete -F _seccomp_hup seccomp-hup
