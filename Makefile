# SPDX-License-Identifier: GPL-2.0
# What can be made here; Kbuild has the module itself.

VERSION := $(shell cat VERSION)
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=
DKMS_SRC = $(DESTDIR)/usr/src/stallmeter-$(VERSION)

# What dkms builds from: the module and nothing else.
DKMS_FILES = Kbuild VERSION dkms.conf COPYING module uapi

# Of the kernel in KDIR, as uname -r says it ("make kernelrelease" of Debian's headers
# up to 6.1 says something else).
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' $(KDIR)/include/generated/utsrelease.h)

# This kernel, and those that have the module already: they get the new source.
DKMS_KERNELS ?= $(shell uname -r) $(shell dkms status -m stallmeter -v $(VERSION) | \
	sed -n 's/.*, \([^,]*\), [^,]*: installed.*/\1/p')

KERNEL ?= 6.1

export PREFIX DESTDIR KERNELS

all: modules reporter ## build the module for this kernel, and the reporter

modules: ## build the module (KDIR=... for another kernel)
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

reporter: ## build the reporter
	$(MAKE) -C userspace

install: all ## install both (DESTDIR=, PREFIX=) and run depmod
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(if $(DESTDIR),,depmod $(RELEASE))
	$(MAKE) -C userspace install

# modules_install puts the module into one of these, depending on the kernel.
uninstall: ## take back what install put there (KDIR=, DESTDIR=, PREFIX=)
	$(if $(RELEASE),,$(error no kernel in KDIR=$(KDIR)))
	rm -f $(foreach dir,extra updates,$(DESTDIR)/lib/modules/$(RELEASE)/$(dir)/stallmeter.ko*)
	$(if $(DESTDIR),,depmod $(RELEASE))
	$(MAKE) -C userspace uninstall

reporter-install: reporter ## install the reporter only
	$(MAKE) -C userspace install

# Make expands all lines before the first one runs, so DKMS_KERNELS is what dkms had
# before. First away with what was built from older sources of this version: --force is not
# enough for dkms 2.8.
dkms-install: ## give the source to dkms, which builds it (DKMS_KERNELS=)
	$(if $(DESTDIR),,! dkms status -m stallmeter -v $(VERSION) | grep -q . || \
		dkms remove -m stallmeter -v $(VERSION) --all)
	rm -rf $(DKMS_SRC)
	install -d $(DKMS_SRC)
	tar -c --exclude='*.o' --exclude='*.cmd' --exclude='*.mod' $(DKMS_FILES) | tar -x -C $(DKMS_SRC)
	$(if $(DESTDIR),,dkms add -m stallmeter -v $(VERSION))
	$(if $(DESTDIR),,set -e; for kernel in $(sort $(DKMS_KERNELS)); do \
		dkms build -m stallmeter -v $(VERSION) -k $$kernel; \
		dkms install --force -m stallmeter -v $(VERSION) -k $$kernel; done)

dkms-remove: ## take it back from dkms
	dkms remove stallmeter/$(VERSION) --all
	rm -rf $(DKMS_SRC)

deb: ## build the Debian packages into dist/
	debian/make-deb dist

demo: ## show the main job in a QEMU guest (KERNEL=6.1)
	tests/vm/demo $(KERNEL)

check: ## run the tests, each on the kernels of tests/tests.list (KERNELS="5.10 7.3")
	tests/run

check-all: ## run them on all kernels that they can run on, at full length (KERNELS=)
	tests/run --all

style: ## run the style tests only
	tests/run style

clean: ## remove what was built in the tree
	-$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C userspace clean
	rm -rf tests/host/build dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: all modules reporter install uninstall reporter-install dkms-install dkms-remove deb demo check check-all style clean help
