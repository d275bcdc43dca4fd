# SPDX-License-Identifier: GPL-2.0-only
# For the programs under tests/ that give verdicts; sourced, never run.
#
# pass, fail and skip print a line each and count it; finish prints the closing
# line and ends the program, in failure if anything failed.  tests/check and
# people read the same lines.
# shellcheck shell=bash

# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm/lib.sh"

# The exit status of what cannot be tried on this machine.
# shellcheck disable=SC2034  # used by the programs that source this
UNAVAILABLE=77

passed=0 failed=0 skipped=0

# caller_line: FILE:LINE in the program, not in here.
caller_line() {
	local i

	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		[ "${BASH_SOURCE[i]}" = "${BASH_SOURCE[0]}" ] || break
	done
	echo "$(realpath --relative-to="$top" "${BASH_SOURCE[i]:-$0}"):${BASH_LINENO[i - 1]}"
}

# pass NAME
pass() {
	echo "PASS $*"
	passed=$((passed + 1))
}

# fail NAME: with the line of the program that found it.
fail() {
	echo "FAIL $* ($(caller_line))"
	failed=$((failed + 1))
}

# skip NAME: REASON
skip() {
	echo "SKIP $*"
	skipped=$((skipped + 1))
}

# verdict STATUS NAME: 0 passes.
verdict() {
	local status=$1
	shift

	if [ "$status" -eq 0 ]; then pass "$@"; else fail "$@"; fi
}

# add_counts FILE: of all closing lines there, whose verdicts have been printed.
# Return: there was one.
add_counts() {
	local p f s any=1

	while read -r p _ f _ s _; do
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) any=0
	done < <(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$1")
	return $any
}

# retell LOG STATUS WHAT: the verdicts that a boot has left in LOG, with the sum
# of its closing lines; it fails as a whole if it has ended badly and none did.
retell() {
	local log=$1 status=$2 before=$failed
	shift 2

	grep -aE '^(PASS|FAIL|SKIP) ' "$log" || true
	add_counts "$log" || true
	if [ "$status" -eq $UNAVAILABLE ]; then
		skip "$*: the kernel cannot be had here"
	elif [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
		fail "$*: the boot ended with status $status: see $log, and .kernel and .harness beside it"
	fi
}

# The closing line; a program that gave no verdict at all has not passed.
finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
	exit
}

# boot LOG [OPTION...] -- COMMAND...: what tests/vm/run does, with the command's
# words in LOG, and the kernel's beside it; its time is for hangs.  Return: as that.
boot() {
	local log=$1 status=0
	shift

	mkdir -p "$(dirname "$log")"
	"$vm_dir/run" --log "$log.kernel" --timeout 3600 "$@" >"$log" 2>"$log.harness" || status=$?
	case $status in
	0 | 1 | "$UNAVAILABLE") ;;
	# What is wrong, and the end of the kernel's log.
	*) { grep -a '^run: ' "$log.harness"; tail -n 20 "$log.harness"; } >&2 ;;
	esac
	return $status
}

# kernel_source VERSION PATH...: print a folder with these files, or folders, of
# Debian's kernel source package, unpacked once.
kernel_source() {
	local version=$1 tarball=/usr/src/linux-source-$1.tar.xz dir new
	shift

	[ -f "$tarball" ] || {
		echo "${0##*/}: no $tarball: as root: apt-get install linux-source-$version" >&2
		return $UNAVAILABLE
	}
	dir=$cache/files-$version-$(key_of "$(stat -c '%s-%Y' "$tarball")" "$@")
	if [ ! -d "$dir" ]; then
		mkdir -p "$cache"
		new=$(mktemp -d "$dir.XXXXXX")
		tar -xf "$tarball" -C "$new" --strip-components=1 \
			"${@/#/linux-source-$version/}" || return
		# Another run may have been quicker.
		mv -T "$new" "$dir" 2>/dev/null || rm -rf "$new"
	fi
	echo "$dir"
}
