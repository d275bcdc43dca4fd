# SPDX-License-Identifier: GPL-2.0-only
#
# For people.  The kernel's build reads Kbuild; DKMS reads dkms.conf.

override VERSION := $(shell cat VERSION)
override DKMS_SOURCE := /usr/src/seccomp_hup-$(VERSION)
DESTDIR ?=
PREFIX ?= /usr/local

.PHONY: help module tool clean deps check check-full check-nightly demo kunit coverage model torture mutants lint \
	bench dist deb rpm release-check install-source install uninstall

help:
	@echo "make module     build seccomp_hup.ko for the running kernel (KDIR=...)"
	@echo "make tool       build the command seccomp-hup, in build/tools"
	@echo "make install    as root: build by DKMS for each kernel, load; the command, too"
	@echo "make uninstall  as root: unload, and take all of it away"
	@echo "make demo       see it work on an emulated stock kernel, in minutes"
	@echo "                (KERNEL=level0-6.1: on one that never reports EPOLLHUP)"
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
	@echo "make deb, rpm   packages of module and command, in build/packages;"
	@echo "                rpm KDIR=...: of the module built for that kernel"
	@echo "make release-check  whether this could be released as it is"
	@echo "make deps       as root: install what the other targets need, and say why;"
	@echo "                tests/deps TARGET...: what these need, as they do when root"

module:
	+@packaging/build-module $(if $(KDIR),"$(KDIR)")

tool:
	$(MAKE) -C tools O=../build/tools

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
	@KDIR="$(KDIR)" packaging/build $@

release-check:
	@packaging/release-check

demo:
	@tests/deps demo$(if $(filter level0-%,$(KERNEL)),-level0)
	@tests/demo $(KERNEL)

# What DKMS builds from; packages use it, too.  Nothing that only tests need.
install-source:
	install -d "$(DESTDIR)$(DKMS_SOURCE)" "$(DESTDIR)$(DKMS_SOURCE)/src"
	install -m 644 Kbuild VERSION dkms.conf "$(DESTDIR)$(DKMS_SOURCE)"
	install -m 644 src/*.[ch] "$(DESTDIR)$(DKMS_SOURCE)/src"
	install -m 755 packaging/dkms-register "$(DESTDIR)$(DKMS_SOURCE)"

# refuse VARIABLE, REMEDY: rather than heed half of it.
define refuse
	$(if $($(1)),@echo "$@: $(1)= is not for it: $(2)" >&2; exit 1)
endef

install uninstall:
	$(call refuse,KDIR,DKMS builds for each kernel that is installed; 'make module KDIR=...' builds for one)
	$(call refuse,DESTDIR,packages are made by 'make deb' and 'make rpm'; 'make install-source' and 'make -C tools install' heed it)
	@packaging/install $(if $(filter uninstall,$@),--remove) "$(PREFIX)"
