# SPDX-License-Identifier: GPL-2.0-only
# Shared by the programs of tests/vm; sourced, never run.
# shellcheck shell=bash

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034  # used by the programs that source this
top=$(cd "$vm_dir/../.." && pwd)
cache=${SECCOMP_HUP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seccomp_hup}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# A progress line on stderr, so that stdout stays the command's own.
say() {
	echo "[$(date +%H:%M:%S)] $*" >&2
}

# need TOOL PACKAGE: refuse early, and name the package that has it.
need() {
	command -v "$1" >/dev/null 2>&1 ||
		die "'$1' is not installed: run 'make deps', or install the package '$2'"
}

# The first words of a hash over the named files and strings.
key_of() {
	local arg
	for arg in "$@"; do
		if [ -f "$arg" ]; then cat "$arg"; else printf '%s\n' "$arg"; fi
	done | sha256sum | cut -c1-16
}
