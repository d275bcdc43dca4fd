# SPDX-License-Identifier: GPL-2.0-only
#
# For people.  The kernel's build reads Kbuild; DKMS reads dkms.conf.

VERSION := $(shell cat VERSION)
KDIR ?= /lib/modules/$(shell uname -r)/build
DKMS_SOURCE := /usr/src/seccomp_hup-$(VERSION)

.PHONY: help module clean deps check demo kunit lint install uninstall

help:
	@echo "make module     build seccomp_hup.ko for the running kernel (KDIR=...)"
	@echo "make install    as root: register with DKMS, build, install, load"
	@echo "make uninstall  as root: unload, and take all of it away"
	@echo "make demo       see it work on an emulated kernel without EPOLLHUP"
	@echo "make check      run every test; QUICK=1: the short ones"
	@echo "make kunit      run the KUnit suites"
	@echo "make lint       static checks"
	@echo "make deps       as root: install what demo, check and lint need"

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	rm -rf build
	find . -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name Module.symvers -o -name modules.order | xargs -r rm -f

deps:
	@tests/deps

check: deps
	@QUICK=$(QUICK) tests/check

kunit: deps
	@tests/kunit/run

lint:
	@tests/lint

demo: deps
	@tests/demo

install:
	@command -v dkms >/dev/null || { echo "dkms is not installed: apt-get install dkms linux-headers-$$(uname -r)" >&2; exit 1; }
	dkms status seccomp_hup/$(VERSION) | grep -q . && dkms remove seccomp_hup/$(VERSION) --all || true
	rm -rf $(DKMS_SOURCE)
	install -d $(DKMS_SOURCE)/src
	install -m 644 Kbuild VERSION dkms.conf LICENSE $(DKMS_SOURCE)
	install -m 644 src/*.[ch] $(DKMS_SOURCE)/src
	dkms add seccomp_hup/$(VERSION)
	dkms build seccomp_hup/$(VERSION)
	dkms install seccomp_hup/$(VERSION)
	modprobe seccomp_hup
	@echo "seccomp_hup $(VERSION): $$(cat /sys/kernel/seccomp_hup/state), this kernel by itself: $$(cat /sys/kernel/seccomp_hup/level)"

uninstall:
	if grep -q '^seccomp_hup ' /proc/modules; then rmmod seccomp_hup; fi
	dkms status seccomp_hup/$(VERSION) | grep -q . && dkms remove seccomp_hup/$(VERSION) --all || true
	rm -rf $(DKMS_SOURCE)
