# SPDX-License-Identifier: GPL-2.0-only
# Packages of other releases and architectures than this machine's, which stay
# out of its own lists and status; sourced, never run.
# shellcheck shell=bash

# apt's options for what is asked of it; none: this machine's own lists.
apt=()

# use_suite ARCH CODENAME: lists of their own for that architecture (Debian's
# name) and that Debian release, under the cache.  They are fetched once a day.
use_suite() {
	local arch=$1 codename=$2
	local own dir=$cache/apt-$2-$1

	own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	[ "$arch $codename" != "$(dpkg --print-architecture) $own" ] || return 0
	mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/archives/partial"
	: >"$dir/status"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		grep "$own" | sed "s/$own/$codename/g" >"$dir/sources/suite.list" || true
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -f "$file" ] && grep -q "$own" "$file" || continue
		sed "s/$own/$codename/g" "$file" >"$dir/sources/${file##*/}"
	done
	# The tools that build for a kernel are this machine's own.
	apt=(-o "APT::Architecture=$arch" -o "APT::Architectures::=$arch"
	     -o "APT::Architectures::=$(dpkg --print-architecture)"
	     -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$dir/sources"
	     -o "Dir::State::lists=$dir/lists" -o "Dir::State::status=$dir/status"
	     -o "Dir::Cache=$dir")
	find "$dir/update.log" -mmin -1440 2>/dev/null | grep -q . ||
		apt-get -q "${apt[@]}" update >"$dir/update.log" 2>&1 || true
}

# download DIR PACKAGE...: each in the newest version that can be had, which the
# newest that is listed need not be.  Return: whether there is one of each.
download() {
	local dir=$1 package version
	shift

	mkdir -p "$dir"
	for package; do
		for version in $(apt-cache "${apt[@]}" madison "$package" |
				 awk -F'|' '{ gsub(/ /, ""); print $2 }' | uniq); do
			(cd "$dir" && apt-get -q "${apt[@]}" download "$package=$version") >&2 &&
				continue 2
		done
		echo "no version of $package can be had" >&2
		return 1
	done
}
