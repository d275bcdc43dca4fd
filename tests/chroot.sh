# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A Debian 12 in a chroot, with DKMS and two kernels, and what is checked in it;
# sourced, never run.  As root.  Nothing can be loaded there.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm/lib.sh"

suite=${0##*/}
passed=0 failed=0 skipped=0
work=$(mktemp -d)
log=$work/log
root=
cleanup() {
	local mount

	if [ -n "$root" ]; then
		grep -o " $root/[^ ]*" /proc/mounts | sort -r | while read -r mount; do
			umount "$mount" || true
		done
		# What is still mounted is not to be deleted.
		grep -q " $root/" /proc/mounts || rm -rf "$root"
	fi
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND...
check() {
	local name=$1
	shift

	if "$@" >"$log" 2>&1; then
		echo "PASS $suite: $name"
		passed=$((passed + 1))
	else
		echo "FAIL $suite: $name"
		tail -n 15 "$log"
		failed=$((failed + 1))
	fi
}

# refuses TEXT COMMAND...: it fails, and says so.
refuses() {
	local text=$1
	shift

	if "$@" >"$work/refused" 2>&1; then
		cat "$work/refused"
		echo "no failure"
		return 1
	fi
	says "$text" cat "$work/refused"
}

# says TEXT COMMAND...
says() {
	local text=$1 status=0
	shift

	"$@" >"$work/said" 2>&1 || status=$?
	cat "$work/said"
	[ $status -eq 0 ] && grep -q -e "$text" "$work/said"
}

# A pipeline or a negation, for check.
that() (
	set -o pipefail
	eval "$*"
)

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
	exit
}

# make_system: in $root, with the kernel $first, and the packages of the kernel
# $second and of the headers $rt in /root/kernels.
make_system() {
	local system packages

	mapfile -t packages < <(apt-cache search --names-only '^linux-headers-6\.1\.0-[0-9]+-cloud-amd64$' |
		cut -d' ' -f1 | sort -V | tail -n 2)
	[ ${#packages[@]} -eq 2 ] || {
		echo "SKIP $suite: no two kernels of 6.1 in the package sources"
		skipped=$((skipped + 1))
		finish
	}
	first=${packages[0]#linux-headers-} second=${packages[1]#linux-headers-}
	rt=${second%-cloud-amd64}-rt-amd64
	system=$("$vm_dir/system" --download "linux-image-$second" --download "${packages[1]}" \
		--download "linux-headers-$rt" dkms make gcc libc6-dev libsmartcols-dev libkmod-dev \
		kmod openssl initramfs-tools rpm xz-utils zstd "linux-image-$first" "${packages[0]}")
	root=$(mktemp -d "$cache/$suite.XXXXXX")
	tar -C "$root" -xf "$system"
	mount --bind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	[ -z "${DKMS:-}" ] || install -m 755 "$DKMS" "$root/usr/sbin/dkms"
}

# in_root COMMAND: by a shell there, in $folder.
folder=/root path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
in_root() {
	chroot "$root" env -i DEBIAN_FRONTEND=noninteractive HOME=/root TERM=dumb PATH="$path" \
		sh -c "cd '$folder' && $*"
}

# has VERSION KERNEL...: DKMS says so of each, there is one file of the module,
# and modprobe finds it.
has() {
	local version=$1 kernel

	shift
	for kernel; do
		in_root "/usr/sbin/dkms status -m seccomp_hup" | tee /dev/stderr |
			grep -v -e WARNING -e Differences -e missing |
			grep -qE "^seccomp_hup(/|, )$version, $kernel, x86_64: installed" || return
		[ "$(find "$root/lib/modules/$kernel" -name 'seccomp_hup.ko*' | wc -l)" = 1 ] || return
		in_root "/sbin/modinfo -k $kernel -F version seccomp_hup" | grep -qx "$version" || return
	done
}

# traces: what any of it could leave behind.
traces() {
	find "$root"/{etc,usr,var} "$root/lib/modules" -iname '*seccomp[_-]hup*' -not -path '*/dpkg/info/*' -not -path '*/rpm/*'
}

nothing_left() {
	! traces | grep .
}
