# SPDX-License-Identifier: GPL-3.0-or-later
# The only makefile. A component is a top-level folder; every .c in it belongs to it and
# sees its own headers and those of the components it may use, so a forbidden include does
# not compile. B is the build folder; the sanitizer targets use one of their own.

MAKEFLAGS += --jobs=$(shell nproc)

B       ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
CFLAGS  ?= -O2 -g
LDFLAGS ?=
PYTHON  ?= /usr/bin/python3
prefix  ?= /usr/local
sbindir ?= $(prefix)/sbin
bindir  ?= $(prefix)/bin
libdir  ?= $(prefix)/lib/foretide
mandir  ?= $(prefix)/share/man
sharedir ?= $(prefix)/share/foretide
sysconfdir ?= /etc

VERSION := 0.1.0
PKGS    := libmicrohttpd gsl sqlite3 libcurl jansson gnutls libical libknot libmnl libsystemd \
	   nettle
# libunistring has no .pc file.
UNISTRING := -lunistring

# ---------------------------------------------------------------- components
USES_common        :=
USES_predictor     := common
USES_db            := common
USES_fleet-adapter := common
USES_cloud-drivers := common
USES_agent         := common fleet-adapter
USES_cli           := common predictor cloud-drivers
USES_web           := common
USES_controller    := common predictor db fleet-adapter cloud-drivers web
USES_tests         := common predictor db fleet-adapter cloud-drivers web controller agent cli

WARNINGS := -Wall -Wextra -Wshadow -Wcast-qual -Wundef -Wvla -Wformat=2 -Wswitch-enum \
	    -Wstrict-prototypes -Wmissing-prototypes
ifdef CI
WARNINGS += -Werror
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# The controller's defaults name where its drivers and the agent are installed, so give
# prefix to `all` as to `install`.
DIALECT    = -std=gnu17 -D_GNU_SOURCE -DFORETIDE_LIBDIR='"$(libdir)"' \
	     -DFORETIDE_SBINDIR='"$(sbindir)"' -DFORETIDE_VERSION='"$(VERSION)"'
ALL_CFLAGS = $(DIALECT) -fPIC -pthread -fvisibility=hidden -fstack-protector-strong \
	     $(WARNINGS) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
component  = $(firstword $(subst /, ,$<))

# All .c of a component but the programs' own main files.
MAINS    := controller/main.c agent/main.c cli/main.c
sources   = $(filter-out $(MAINS) web/embed.c,$(wildcard $(1)/*.c))
objects   = $(patsubst %.c,$(B)/obj/%.o,$(call sources,$(1)))
LIBS     := common predictor db fleet-adapter agent cli controller web
archives  = $(patsubst %,$(B)/lib/lib%.a,$(1))

DRIVERS     := $(patsubst cloud-drivers/%.c,%,$(filter-out %/host.c,$(wildcard cloud-drivers/*.c)))
DRIVER_DIRS := $(patsubst cloud-drivers/%/driver.c,%,$(wildcard cloud-drivers/*/driver.c))
PROGRAMS    := $(patsubst %,$(B)/%,foretided foretide foretide-agent foretide-local-init)
MODULES     := $(patsubst %,$(B)/drivers/%.so,$(DRIVERS) $(DRIVER_DIRS))

.PHONY: all install deb clean unit system check asan tsan lint fuzz fuzzers bench demo
.SECONDARY:
all: $(PROGRAMS) $(MODULES)

# ---------------------------------------------------------------- rules
$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(addprefix -iquote,$(component) $(USES_$(component))) \
		-MMD -MP -c -o $@ $<

$(B)/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Icommon -c -o $@ $<

define archive
# The folder changes when a source comes or goes.
$(B)/lib/lib$(1).a: $(call objects,$(1)) $(2) $(1)
	@mkdir -p $$(@D) && rm -f $$@
	$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(filter-out web db,$(LIBS)),$(eval $(call archive,$(l),)))
$(eval $(call archive,web,$(B)/obj/gen/web_files.o))
# What the local driver, its init and `foretide local` share.
$(B)/lib/liblocal.a: $(patsubst %.c,$(B)/obj/%.o,$(filter-out %/driver.c,$(wildcard cloud-drivers/local/*.c)))
	@mkdir -p $(@D) && rm -f $@
	$(AR) rcs $@ $^
$(eval $(call archive,db,$(B)/obj/gen/migrations.o))

# Text files become a C table; see common/embedded.h.
$(B)/embed: web/embed.c common/embedded.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Icommon -o $@ $<
# The charts are the packaged library's (libjs-dygraphs).
DYGRAPHS := $(addprefix /usr/share/javascript/dygraphs/,dygraph.min.js dygraph.min.css)
$(B)/gen/web_files.c: $(B)/embed $(wildcard web/*.html web/*.js web/*.css web/*.svg) \
		controller/openapi.json $(DYGRAPHS)
	@mkdir -p $(@D)
	$(B)/embed web_files $(filter-out $<,$^) >$@.tmp && mv $@.tmp $@
$(B)/gen/migrations.c: $(B)/embed $(wildcard db/migrations/*.sql)
	@mkdir -p $(@D)
	$(B)/embed db_migrations $(filter-out $<,$^) >$@.tmp && mv $@.tmp $@

# $(1): archives, $(2): pkg-config names, $(3): other libraries
link = $(CC) -pthread $(CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $(filter %.o,$^) \
       -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
       $(shell pkg-config --libs $(1)) $(2) $(UNISTRING)

$(B)/foretided: $(B)/obj/controller/main.o \
		$(call archives,controller web db predictor fleet-adapter common)
	$(call link,libmicrohttpd gsl sqlite3 libcurl jansson gnutls libical nettle,-lm -ldl)
$(B)/foretide-agent: $(B)/obj/agent/main.o $(call archives,agent fleet-adapter common)
	$(call link,libcurl jansson gnutls libknot libsystemd nettle,-lm)
$(B)/foretide: $(B)/obj/cli/main.o $(call archives,cli predictor local common)
	$(call link,gsl libcurl jansson gnutls libical libmnl nettle,-lm -ldl)
$(B)/foretide-local-init: $(patsubst %.c,$(B)/obj/%.o,$(wildcard cloud-drivers/local-init/*.c)) \
		$(call archives,local common)
	$(call link,jansson libmnl,-lm)

module = $(CC) -shared -pthread $(CFLAGS) $(LDFLAGS) -Wl,--as-needed \
	 -Wl,--exclude-libs,ALL -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	 $(shell pkg-config --libs libcurl jansson gnutls libmnl nettle) $(UNISTRING) -lm
define driver_dir
$(B)/drivers/$(1).so: $(patsubst %.c,$(B)/obj/%.o,$(wildcard cloud-drivers/$(1)/*.c)) \
		$(call archives,common)
	@mkdir -p $$(@D)
	$$(module)
endef
$(foreach d,$(DRIVER_DIRS),$(eval $(call driver_dir,$(d))))
$(B)/drivers/%.so: $(B)/obj/cloud-drivers/%.o $(call archives,common)
	@mkdir -p $(@D)
	$(module)

# ---------------------------------------------------------------- tests
UNIT_TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c tests/contract/test_*.c))
$(B)/tests/%: $(B)/obj/tests/%.o $(call archives,$(LIBS) local)
	@mkdir -p $(@D)
	$(call link,$(PKGS) cmocka,-lm -ldl)

# Each fuzz target with a main of its own that replays files; see also the target fuzz.
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(addprefix $(B)/fuzz/,$(FUZZ_TARGETS))
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o $(call archives,$(LIBS))
	@mkdir -p $(@D)
	$(call link,$(PKGS),-lm -ldl)

unit: all $(UNIT_TESTS) $(FUZZ_REPLAYS)
	B=$(B) CMOCKA_MESSAGE_OUTPUT=TAP prove -e '' $(UNIT_TESTS)
	@for f in $(FUZZ_REPLAYS); do \
		echo "$$f: corpus"; $$f tests/fuzz/corpus/$$(basename $$f | sed s/fuzz_//)/* || exit 1; done

# Installs what is missing, then goes on with tools that may just have come.
check:
	debian/install-deps
	$(MAKE) unit
	$(MAKE) system
# Programs that system tests drive.
SYSTEM_PROGRAMS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/system/*.c))
system: all $(SYSTEM_PROGRAMS)
	B=$(B) $(PYTHON) -m pytest -q -p no:cacheprovider $(PYTEST_ARGS) tests/system

SANITIZE = $(MAKE) B=build/$(1) CFLAGS="-O1 -g -fno-omit-frame-pointer $(2)" LDFLAGS="$(2)" unit
asan:
	+$(call SANITIZE,asan,-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
tsan:
	+$(call SANITIZE,tsan,-fsanitize=thread)
comma := ,

lint: export TIDY_FLAGS = $(DIALECT) $(PKG_CFLAGS)
lint: all
	CC="$(CC)" B=$(B) tests/lint

FUZZ_TIME ?= 60
fuzz:
	$(MAKE) B=build/fuzz CC=clang CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address" \
		LDFLAGS="-fsanitize=address" fuzzers
	for f in $(FUZZ_TARGETS); do mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/fuzzers/$$f -max_total_time=$(FUZZ_TIME) -timeout=10 build/fuzz/corpus/$$f \
		tests/fuzz/corpus/$${f#fuzz_} || exit 1; done
fuzzers: $(addprefix $(B)/fuzzers/,$(FUZZ_TARGETS))
$(B)/fuzzers/%: $(B)/obj/tests/fuzz/%.o $(call archives,$(LIBS))
	@mkdir -p $(@D)
	$(call link,$(PKGS),-lm -ldl -fsanitize=fuzzer)

# TRACE=file.csv plays that instead of the built-in day; FOR=10m ends by itself.
demo:
	debian/install-deps
	$(MAKE) all
	@$(PYTHON) stacks/demo.py --build $(B) $(if $(TRACE),--trace $(TRACE)) $(if $(FOR),--for $(FOR))

# make bench BENCH="join tick" runs those only; see tests/bench/run.py.
BENCH_PROGRAMS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/bench/*.c))
bench:
	debian/install-deps bench
	$(MAKE) all $(BENCH_PROGRAMS)
	@B=$(B) $(PYTHON) tests/bench/run.py $(BENCH)

# ---------------------------------------------------------------- installing
PAGES := $(wildcard cli/*.1 controller/*.5 cloud-drivers/*.7 controller/*.8 agent/*.8)
COMPLETIONS := $(prefix)/share/bash-completion/completions
INSTALL := install
# What manuals say of /usr/local holds for this prefix.
PLACE = sed -e 's,/usr/local/lib/foretide,$(libdir),g' -e 's,/usr/local/sbin,$(sbindir),g'
install: all
	for p in foretided foretide-agent; do \
		$(INSTALL) -D $(B)/$$p $(DESTDIR)$(sbindir)/$$p || exit 1; done
	$(INSTALL) -D $(B)/foretide $(DESTDIR)$(bindir)/foretide
	$(INSTALL) -D $(B)/foretide-local-init $(DESTDIR)$(libdir)/foretide-local-init
	for d in $(MODULES); do \
		$(INSTALL) -D -m 644 $$d $(DESTDIR)$(libdir)/drivers/$$(basename $$d) || exit 1; done
	for p in $(PAGES); do \
		to=$(DESTDIR)$(mandir)/man$${p##*.}/$${p##*/}; \
		$(INSTALL) -D -m 644 $$p $$to && $(PLACE) $$p >$$to || exit 1; done
	$(INSTALL) -D -m 644 cli/foretide.bash $(DESTDIR)$(COMPLETIONS)/foretide
	mkdir -p $(DESTDIR)$(sharedir)/stacks
	cp -R $(patsubst %/stack.conf,%,$(wildcard stacks/*/stack.conf)) $(DESTDIR)$(sharedir)/stacks/

# Packages, beside this folder; needs debhelper and lintian.
deb:
	dpkg-buildpackage -us -uc -b
	lintian --fail-on error,warning ../foretide_$(VERSION)_*.changes

clean:
	rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
