# SPDX-License-Identifier: GPL-2.0-only
#
# For people.  The kernel's build reads Kbuild; DKMS reads dkms.conf.

VERSION := $(shell cat VERSION)
DESTDIR ?=
KDIR ?= /lib/modules/$(shell uname -r)/build
DKMS_SOURCE := /usr/src/seccomp_hup-$(VERSION)
LOAD_AT_BOOT := /etc/modules-load.d/seccomp_hup.conf

.PHONY: help module tool clean deps check check-full check-nightly demo kunit coverage model torture mutants lint \
	bench dist deb rpm install-source install uninstall

help:
	@echo "make module     build seccomp_hup.ko for the running kernel (KDIR=...)"
	@echo "make tool       build the command seccomp-hup, in build/tools"
	@echo "make install    as root: register with DKMS, build, install, load"
	@echo "make uninstall  as root: unload, and take all of it away"
	@echo "make demo       see it work on an emulated kernel without EPOLLHUP"
	@echo "make check      what decides whether a change lands: at most 20 minutes"
	@echo "make check-full, check-nightly  what else there is; hours.  tests/check --list"
	@echo "make kunit      run the KUnit suites"
	@echo "make coverage   which lines of src/ the tests run"
	@echo "make model      search the model of the protocol for a false HUP"
	@echo "make torture    much at once, at random, beside a model; SECONDS= SEED= KERNEL="
	@echo "make mutants    plant mistakes one at a time, and see each caught"
	@echo "make bench      measure costs and delays; makes docs/performance.md"
	@echo "make lint       static checks; installs nothing"
	@echo "make dist       a source archive, in build/packages"
	@echo "make deb, rpm   packages of module and command, in build/packages"
	@echo "make deps       as root: install what the other targets need, and say why;"
	@echo "                tests/deps TARGET...: what these need, as they do when root"

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tool:
	$(MAKE) -C tools O=$(CURDIR)/build/tools

clean:
	rm -rf build
	find . -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name Module.symvers -o -name modules.order | xargs -r rm -f

deps:
	@tests/deps

# Each installs what it needs itself, and no more, if it may.
check check-full check-nightly:
	@tests/deps $@
	@tests/check --tier $(patsubst check-%,%,$@) $(if $(JOBS),--jobs $(JOBS))

kunit:
	@tests/deps kunit
	@tests/kunit/run

coverage:
	@tests/deps coverage
	@tests/coverage

model:
	@tests/deps model
	@tests/model/run

torture:
	@tests/deps torture
	@tests/torture/run $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(KERNEL),--kernel $(KERNEL))

mutants:
	@tests/deps mutants
	@tests/mutants/run

bench:
	@tests/deps bench
	@bench/run
	@bench/report

# No root, and nothing installed: what is missing is skipped by name.
lint:
	@tests/lint

dist deb rpm:
	@packaging/build $@

demo:
	@tests/deps demo
	@tests/demo

# All versions there may be, so that an upgrade leaves no old one behind.
# DKMS says "seccomp_hup/0.1.0: added"; up to 2.8, "seccomp_hup, 0.1.0: added".
define dkms_remove
	for version in $$(dkms status seccomp_hup | sed -nE 's!^seccomp_hup(/|, )([^,: ]+).*!\2!p' | sort -u); do \
		dkms remove "seccomp_hup/$$version" --all || exit 1; \
		rm -rf "/usr/src/seccomp_hup-$$version"; \
	done
	rm -rf $(DKMS_SOURCE)
endef

# What DKMS builds from; packages use it, too.
install-source:
	install -d $(DESTDIR)$(DKMS_SOURCE)/src
	install -m 644 Kbuild VERSION dkms.conf $(DESTDIR)$(DKMS_SOURCE)
	install -m 644 src/*.[ch] $(DESTDIR)$(DKMS_SOURCE)/src

install:
	@[ "$$(id -u)" = 0 ] || { echo "install: run 'sudo make install'" >&2; exit 1; }
	@command -v dkms >/dev/null || { echo "install: dkms is missing: apt-get install dkms, or your system's like" >&2; exit 1; }
	@[ -d $(KDIR) ] || { echo "install: no kernel headers in $(KDIR): apt-get install linux-headers-$$(uname -r), or your system's like" >&2; exit 1; }
	$(dkms_remove)
	$(MAKE) -s install-source
	dkms add seccomp_hup/$(VERSION)
	dkms build seccomp_hup/$(VERSION)
	dkms install seccomp_hup/$(VERSION)
	if grep -q '^seccomp_hup ' /proc/modules; then rmmod seccomp_hup; fi
	@modprobe seccomp_hup || { echo "install: the module is installed but does not load: 'dmesg | grep seccomp_hup' says why; 'make uninstall' takes it away" >&2; exit 1; }
	install -d $(dir $(LOAD_AT_BOOT))
	echo seccomp_hup >$(LOAD_AT_BOOT)
	@echo "seccomp_hup $(VERSION): $$(cat /sys/kernel/seccomp_hup/state); by itself this kernel's listeners report HUP: $$(cat /sys/kernel/seccomp_hup/level)"

uninstall:
	@[ "$$(id -u)" = 0 ] || { echo "uninstall: run 'sudo make uninstall'" >&2; exit 1; }
	if grep -q '^seccomp_hup ' /proc/modules; then rmmod seccomp_hup; fi
	rm -f $(LOAD_AT_BOOT)
	$(dkms_remove)
