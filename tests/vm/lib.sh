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

# use_arch ARCH: what the tools and Debian call it, and how this machine builds
# for it.  Sets deb_arch, cross and qemu.
# shellcheck disable=SC2034  # used by the programs that source this
use_arch() {
	cross=
	case $1 in
	x86_64) deb_arch=amd64 qemu=qemu-system-x86_64 qemu_package=qemu-system-x86 ;;
	arm64)
		deb_arch=arm64 qemu=qemu-system-aarch64 qemu_package=qemu-system-arm
		[ "$(uname -m)" = aarch64 ] || cross=aarch64-linux-gnu-
		;;
	*) die "no architecture '$1': x86_64 or arm64" ;;
	esac
}

# arch_of DIR: of a kernel that build-kernel or kernel made.
arch_of() {
	cat "$1/arch" 2>/dev/null || die "no file 'arch' in $1: see tests/vm/build-kernel"
}

# llvm_tools VERSION: the variables of make for that clang, linker included.
# The names are spelt out, as trees before 5.18 do not know LLVM=-VERSION.
llvm_tools() {
	printf '%s\n' "CC=clang-$1" "LD=ld.lld-$1" "AR=llvm-ar-$1" "NM=llvm-nm-$1" \
		"STRIP=llvm-strip-$1" "OBJCOPY=llvm-objcopy-$1" "OBJDUMP=llvm-objdump-$1" \
		"READELF=llvm-readelf-$1" "LLVM_IAS=1"
}

# The first words of a hash over the named files and strings.
key_of() {
	local arg
	for arg in "$@"; do
		if [ -f "$arg" ]; then cat "$arg"; else printf '%s\n' "$arg"; fi
	done | sha256sum | cut -c1-16
}
