# SPDX-License-Identifier: GPL-3.0-or-later
# The only makefile. A folder with sources is a room, its component is the top-level folder;
# the table below says what each room sees. B is the build folder; the sanitizer targets use
# one of their own.

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

VERSION := 0.4.0
PKGS    := expat libmicrohttpd gsl sqlite3 libcurl jansson gnutls libarchive libical libknot libmnl \
	   libsystemd libcap-ng libnghttp2 libpcre2-8 libseccomp libvirt nettle yaml-0.1
# libunistring has no .pc file.
UNISTRING := -lunistring
GLPK      := -lglpk

# ---------------------------------------------------------------- the rooms
# SEES_ROOM := the rooms that it sees, with those that their headers need; the lowest first.
# Of another room a file can include the one header that has the room's name, and nothing
# of a room that is not named here. In common and cloud-drivers all headers are for all.
BASE   := common common/text common/net
# What most of the controller stands on.
GROUND := $(BASE) common/calendar common/store db fleet-adapter/unitfile fleet-adapter/schedule \
	predictor/rule predictor/uplift controller/events controller/money controller/stacks

SEES_common                     :=
SEES_common/text                := common
SEES_common/net                 := common
SEES_common/calendar            := common common/text
SEES_common/template            := common common/text
SEES_common/store               := $(BASE)

SEES_predictor/simulation       := common
SEES_predictor/capacity         := common
SEES_predictor/uplift           := common common/text common/calendar
SEES_predictor/linear           := common
SEES_predictor/demand           := common predictor/linear
SEES_predictor/horizon          := common common/text common/calendar predictor/linear \
					predictor/uplift
SEES_predictor/rule             := common common/text common/calendar
SEES_predictor/policy           := common common/text common/calendar predictor/simulation \
					predictor/uplift predictor/demand predictor/rule
SEES_predictor/judge            := $(SEES_predictor/policy) predictor/horizon predictor/policy

SEES_db/sql                     := common
SEES_db/samples                 := common db/sql
SEES_db                         := common db/sql db/samples

SEES_fleet-adapter/unitfile     := common common/text
SEES_fleet-adapter/placement    := common fleet-adapter/unitfile
SEES_fleet-adapter/packing      := common
SEES_fleet-adapter/schedule     := common common/text
SEES_fleet-adapter/registration := common common/text

SEES_cloud-drivers              := common
SEES_cloud-drivers/wire         := common common/text cloud-drivers
SEES_cloud-drivers/runner       := $(BASE) cloud-drivers cloud-drivers/wire
SEES_cloud-drivers/rest         := common common/text cloud-drivers
SEES_cloud-drivers/book         := common common/text
SEES_cloud-drivers/fake         := common common/text cloud-drivers
SEES_cloud-drivers/static       := common common/text cloud-drivers cloud-drivers/book
SEES_cloud-drivers/openstack    := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/hetzner      := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/digitalocean := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/cloudpool    := $(BASE) cloud-drivers cloud-drivers/rest cloud-drivers/book
SEES_cloud-drivers/ec2          := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/gce          := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/azure        := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/libvirt      := $(BASE) cloud-drivers cloud-drivers/rest
SEES_cloud-drivers/local/hosts  := common common/text cloud-drivers
SEES_cloud-drivers/local        := common cloud-drivers cloud-drivers/local/hosts
SEES_cloud-drivers/local/init   := common cloud-drivers cloud-drivers/local/hosts

SEES_agent/process              := $(BASE)
SEES_agent/units                := common common/net
SEES_agent/units/own/spec       := common common/text fleet-adapter/unitfile
SEES_agent/units/own            := $(BASE) fleet-adapter/unitfile agent/process agent/units \
					agent/units/own/spec
SEES_agent/units/systemd        := $(BASE) agent/units
SEES_agent/host                 := $(BASE) common/store
SEES_agent/registrator          := $(BASE) common/store fleet-adapter/unitfile \
					fleet-adapter/registration \
					fleet-adapter/schedule agent/process agent/host
SEES_agent/wanted               := $(BASE) common/store fleet-adapter/schedule agent/units \
					agent/host agent/registrator
SEES_agent/collect              := $(BASE) common/store fleet-adapter/unitfile \
					fleet-adapter/schedule agent/process agent/units \
					agent/host agent/registrator agent/wanted
SEES_agent/interruption         := $(BASE)
SEES_agent/dns                  := $(BASE) common/store common/template agent/host
SEES_agent/etcd-proxy           := $(BASE) common/store common/template agent/host agent/dns
SEES_agent/confd                := $(BASE) common/store common/template agent/process agent/host
SEES_agent                      := $(BASE) common/store common/template fleet-adapter/schedule \
					fleet-adapter/registration \
					agent/process agent/units agent/units/own \
					agent/units/systemd agent/host agent/registrator \
					agent/wanted agent/collect agent/dns agent/etcd-proxy \
					agent/confd agent/interruption

SEES_controller/listening       := common
SEES_controller/events          := common common/text db
SEES_controller/trust           := common common/text db
SEES_controller/health          := $(BASE) common/store db db/samples controller/events
SEES_controller/etcd            := $(BASE) common/store db
SEES_controller/clouds          := common common/text cloud-drivers cloud-drivers/wire
SEES_controller/gates           := common cloud-drivers
SEES_controller/pools           := $(BASE) db fleet-adapter/packing cloud-drivers cloud-drivers/wire \
					controller/clouds controller/gates controller/events \
					controller/trust controller/money
SEES_controller/profiles        := $(BASE) db cloud-drivers cloud-drivers/wire \
					controller/clouds controller/gates controller/events controller/pools
SEES_controller/money           := common common/text db
SEES_controller/metrics         := $(BASE) db db/samples
SEES_controller/stacks          := common common/text common/calendar common/template db \
					fleet-adapter/unitfile fleet-adapter/placement predictor/rule \
					predictor/uplift controller/money
SEES_controller/fleet           := $(GROUND) fleet-adapter/placement fleet-adapter/registration \
					controller/listening controller/trust controller/etcd
SEES_controller/rollout         := $(GROUND) db/samples controller/listening controller/fleet
SEES_controller/tiers           := $(GROUND) db/samples predictor/simulation predictor/demand \
					predictor/policy predictor/capacity \
					controller/metrics controller/listening controller/fleet
SEES_controller/ledger          := $(GROUND) db/samples predictor/simulation predictor/demand \
					predictor/policy predictor/judge controller/metrics \
					controller/listening controller/fleet
SEES_controller/replay          := $(GROUND) db/samples predictor/simulation predictor/demand \
					predictor/policy predictor/judge controller/listening \
					controller/fleet controller/tiers
SEES_controller/drill           := $(GROUND) db/samples
SEES_controller/tick            := $(GROUND) db/samples predictor/demand predictor/policy \
					cloud-drivers controller/clouds controller/gates \
					controller/pools controller/listening \
					controller/fleet controller/rollout controller/tiers \
					controller/ledger
SEES_controller/api             := $(GROUND) db/samples predictor/simulation predictor/demand \
					predictor/policy predictor/judge controller/trust controller/etcd \
					controller/metrics controller/listening controller/fleet \
					controller/tiers controller/replay controller/drill
SEES_controller                 := $(GROUND) db/samples cloud-drivers predictor/demand \
					predictor/horizon predictor/policy \
					controller/trust controller/etcd controller/clouds \
					controller/gates controller/pools controller/profiles \
					controller/metrics controller/listening controller/fleet \
					controller/tiers controller/health controller/tick controller/drill \
					controller/api

SEES_cli/client                 := $(BASE)
SEES_cli/files                  := common common/text common/calendar predictor/simulation \
					predictor/uplift predictor/demand predictor/horizon \
					predictor/rule predictor/policy predictor/judge
SEES_cli/load                   := $(SEES_cli/files) common/net cli/client cli/files
SEES_cli/output                 := $(SEES_cli/files)
SEES_cli/forecasts              := $(SEES_cli/files) common/net cli/client cli/files \
					cli/output
SEES_cli                        := $(SEES_cli/load) cloud-drivers \
					cloud-drivers/local/hosts cli/load cli/output \
					cli/forecasts
SEES_web                        := common

ROOMS := $(sort $(patsubst SEES_%,%,$(filter SEES_%,$(.VARIABLES))))
OPEN  := common cloud-drivers
# A room's door is a folder with the headers that others may include.
doors = $(if $(filter $(OPEN),$(1)),$(wildcard $(1)/*.h),$(wildcard $(1)/$(notdir $(1)).h))
DOORS := $(foreach r,$(ROOMS),$(addprefix $(B)/door/,$(call doors,$(r))))
# Of these alone: a header that is gone, and that an old .d names, is not made again.
$(DOORS): $(B)/door/%.h:
	@mkdir -p $(@D) && echo "#include \"$$(realpath --relative-to=$(@D) $*.h)\"" >$@

# A test in tests/unit/ROOM sees what is in that room, and the doors of all, those of its
# own component first; another test names the rooms that it looks into.
INSIDE_tests/contract/test_driver_local_left := cloud-drivers/local/hosts
INSIDE_tests/system/stepped      := controller
INSIDE_tests/fuzz/fuzz_collect   := agent/collect
INSIDE_tests/fuzz/fuzz_dns       := agent/dns
INSIDE_tests/fuzz/fuzz_kv        := controller/etcd common/store
INSIDE_tests/fuzz/fuzz_log_answer := controller/api
INSIDE_tests/fuzz/fuzz_pattern   := db/samples
INSIDE_tests/fuzz/fuzz_proof     := controller/trust
INSIDE_tests/fuzz/fuzz_proxy     := agent/etcd-proxy
INSIDE_tests/fuzz/fuzz_series    := predictor/horizon
INSIDE_tests/fuzz/fuzz_template  := agent/confd
INSIDE_tests/fuzz/fuzz_unit_spec := agent/units/own/spec
INSIDE_tests/fuzz/fuzz_unpack    := db/samples
TEST_FOLDERS := tests tests/contract tests/fuzz $(shell find tests/unit -type d)

# $(1): a folder. Those that its files may include from, besides itself.
rooms_of = $(filter $(1) $(1)/%,$(ROOMS))
sees     = $(if $(filter tests%,$(1)),$(call test_sees,$(1),$(word 3,$(subst /, ,$(1)))),\
		$(addprefix $(B)/door/,$(SEES_$(1))))
test_sees = tests tests/unit/$(2) $(2) $(1:tests/unit/%=%) $(INSIDE_$(basename $<)) \
		$(addprefix $(B)/door/,$(call rooms_of,$(2)) $(ROOMS))

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

# All .c of a component but the programs' own main files.
MAINS    := controller/main.c agent/main.c cli/main.c cloud-drivers/runner/main.c
sources   = $(filter-out $(MAINS) web/embed.c,$(foreach r,$(call rooms_of,$(1)),$(wildcard $(r)/*.c)))
objects   = $(patsubst %.c,$(B)/obj/%.o,$(call sources,$(1)))
LIBS     := common predictor db fleet-adapter agent cli controller web
archives  = $(patsubst %,$(B)/lib/lib%.a,$(1))

DRIVERS     := $(patsubst cloud-drivers/%.c,%,$(filter-out %/host.c,$(wildcard cloud-drivers/*.c)))
DRIVER_DIRS := $(patsubst cloud-drivers/%/driver.c,%,$(wildcard cloud-drivers/*/driver.c))
PROGRAMS    := $(patsubst %,$(B)/%,foretided foretide foretide-agent foretide-driver foretide-local-init)
MODULES     := $(patsubst %,$(B)/drivers/%.so,$(DRIVERS) $(DRIVER_DIRS))

.PHONY: all rooms install deb clean unit system check check-peers soak chaos asan tsan coverage coverage-table \
	lint fuzz fuzzers bench demo demo-servers
.SECONDARY:
all: $(PROGRAMS) $(MODULES)

# ---------------------------------------------------------------- rules
$(B)/obj/%.o: %.c | $(DOORS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(addprefix -iquote,$(call sees,$(patsubst %/,%,$(dir $<)))) \
		-MMD -MP -c -o $@ $<

$(B)/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Icommon -c -o $@ $<

define archive
# A folder changes when a source comes or goes.
$(B)/lib/lib$(1).a: $(call objects,$(1)) $(2) $(call rooms_of,$(1))
	@mkdir -p $$(@D) && rm -f $$@
	$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(filter-out web db controller,$(LIBS)),$(eval $(call archive,$(l),)))
$(eval $(call archive,web,$(B)/obj/gen/web_files.o))
# What the local driver, its init and `foretide local` share; what controller and drivers'
# processes share; these processes.
of_folder = $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(MAINS),$(wildcard cloud-drivers/$(1)/*.c)))
$(eval $(call archive,local,$(call of_folder,local/hosts)))
$(eval $(call archive,wire,$(call of_folder,wire)))
$(eval $(call archive,runner,$(call of_folder,runner)))
# What drivers share, those that see its room: of clouds with a REST API; of machines that
# know nothing of launches.
$(eval $(call archive,rest,$(call of_folder,rest)))
$(eval $(call archive,book,$(call of_folder,book)))
$(eval $(call archive,db,$(B)/obj/gen/migrations.o))
$(eval $(call archive,controller,$(B)/obj/gen/user_data_files.o))

# Text files become a C table; see common/embedded.h.
$(B)/embed: web/embed.c common/embedded.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Icommon -o $@ $<
# The charts are the packaged library's (libjs-dygraphs).
DYGRAPHS := $(addprefix /usr/share/javascript/dygraphs/,dygraph.min.js dygraph.min.css)
$(B)/gen/web_files.c: $(B)/embed $(wildcard web/*.html web/*.js web/*.css web/*.svg) \
		controller/api/openapi.json $(DYGRAPHS)
	@mkdir -p $(@D)
	$(B)/embed web_files $(filter-out $<,$^) >$@.tmp && mv $@.tmp $@
$(B)/gen/migrations.c: $(B)/embed $(wildcard db/migrations/*.sql)
	@mkdir -p $(@D)
	$(B)/embed db_migrations $(filter-out $<,$^) >$@.tmp && mv $@.tmp $@
# Hosts that are launched run the agent as the packaged one runs.
$(B)/gen/user_data_files.c: $(B)/embed $(wildcard controller/trust/*.sh) debian/foretide-agent.service
	@mkdir -p $(@D)
	$(B)/embed user_data_files $(filter-out $<,$^) >$@.tmp && mv $@.tmp $@

# Where two components have a function of one name, a test gets that of its own.
own_first = $(filter $(B)/lib/lib$(word 2,$(subst /, ,$*)).a,$^)
# $(1): archives, $(2): pkg-config names, $(3): other libraries
link = $(CC) -pthread $(CFLAGS) $(LDFLAGS) -Wl,--as-needed -o $@ $(filter %.o,$^) \
       -Wl,--start-group $(own_first) $(filter %.a,$^) -Wl,--end-group \
       $(shell pkg-config --libs $(1)) $(2) $(UNISTRING) $(GLPK)

$(B)/foretided: $(B)/obj/controller/main.o \
		$(call archives,controller web db predictor fleet-adapter wire common)
	$(call link,libmicrohttpd gsl sqlite3 libcurl jansson gnutls libical nettle \
		libpcre2-8 yaml-0.1,-lm -ldl)
$(B)/foretide-agent: $(B)/obj/agent/main.o $(call archives,agent fleet-adapter common)
	$(call link,libcurl jansson gnutls libknot libnghttp2 libsystemd nettle,-lm)
$(B)/foretide: $(B)/obj/cli/main.o $(call archives,cli predictor local common)
	$(call link,gsl libcurl jansson gnutls libical libmnl nettle,-lm -ldl)
$(B)/foretide-driver: $(B)/obj/cloud-drivers/runner/main.o $(call archives,runner wire common)
	$(call link,libcurl jansson gnutls nettle,-lm -ldl)
$(B)/foretide-local-init: $(patsubst %.c,$(B)/obj/%.o,$(wildcard cloud-drivers/local/init/*.c)) \
		$(call archives,local common)
	$(call link,jansson libmnl libseccomp libcap-ng,-lm)

module = $(CC) -shared -pthread $(CFLAGS) $(LDFLAGS) -Wl,--as-needed \
	 -Wl,--exclude-libs,ALL -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	 $(shell pkg-config --libs expat libarchive libcurl jansson gnutls libmnl libvirt nettle) $(UNISTRING) -lm
define driver_dir
$(B)/drivers/$(1).so: $(patsubst %.c,$(B)/obj/%.o,$(wildcard cloud-drivers/$(1)/*.c)) \
		$(call archives,$(filter $(1),local) \
			$(notdir $(filter cloud-drivers/rest cloud-drivers/book,$(SEES_cloud-drivers/$(1)))) common)
	@mkdir -p $$(@D)
	$$(module)
endef
$(foreach d,$(DRIVER_DIRS),$(eval $(call driver_dir,$(d))))
$(B)/drivers/%.so: $(B)/obj/cloud-drivers/%.o $(call archives,common)
	@mkdir -p $(@D)
	$(module)

# ---------------------------------------------------------------- tests
# LEAVE_OUT: tests of rooms that a sanitizer has nothing to say of, as patterns.
UNIT_TESTS := $(filter-out $(addprefix $(B)/tests/unit/,$(LEAVE_OUT)),\
	$(patsubst tests/%.c,$(B)/tests/%,$(shell find tests/unit tests/contract -name "test_*.c")))
$(B)/tests/%: $(B)/obj/tests/%.o $(call archives,$(LIBS) local runner wire rest book)
	@mkdir -p $(@D)
	$(call link,$(PKGS) cmocka,-lm -ldl)
$(UNIT_TESTS): $(B)/obj/tests/quick_disk.o

# Each fuzz target with a main of its own that replays files; see also the target fuzz.
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(addprefix $(B)/fuzz/,$(FUZZ_TARGETS))
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o $(call archives,$(LIBS))
	@mkdir -p $(@D)
	$(call link,$(PKGS),-lm -ldl)

# Tests that run at once; each has ports, folders, links and hosts of its own.
WORKERS ?= $(shell nproc)
unit: all $(UNIT_TESTS) $(FUZZ_REPLAYS)
	B=$(B) CMOCKA_MESSAGE_OUTPUT=TAP prove -j $(WORKERS) -e '' $(UNIT_TESTS)
	@for f in $(FUZZ_REPLAYS); do \
		echo "$$f: corpus"; $$f tests/fuzz/corpus/$$(basename $$f | sed s/fuzz_//)/* || exit 1; done

# Installs what is missing, then goes on with tools that may just have come.
check:
	debian/install-deps
	$(MAKE) unit
	$(MAKE) system
# Failing clouds under a controller that is killed: SEEDS="1-1000" plays those that have not
# passed yet; see tests/soak/chaos.py.
chaos:
	debian/install-deps
	$(MAKE) all $(SYSTEM_PROGRAMS)
	@B=$(B) SEEDS="$(SEEDS)" $(PYTHON) tests/soak/chaos.py
# Hours of faults: tests/soak. SOAK="-k killed" plays some.
soak:
	debian/install-deps
	$(MAKE) all $(SYSTEM_PROGRAMS)
	B=$(B) PYTHONPATH=tests/system $(PYTHON) -m pytest -q -s -p no:cacheprovider $(SOAK) tests/soak
# They wait more than they compute. A test marked alone has the machine to itself.
SYSTEM_WORKERS ?= $(shell echo $$(($(WORKERS) + 1)))
SYSTEM_TEST := B=$(B) $(PYTHON) -m pytest -q -p no:cacheprovider $(PYTEST_ARGS)
# Programs that system tests drive.
SYSTEM_PROGRAMS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/system/*.c)) \
	$(B)/tests/peers/driver_call
system: all $(SYSTEM_PROGRAMS)
	$(SYSTEM_TEST) -n $(SYSTEM_WORKERS) --dist loadfile -m "not alone" tests/system
	$(if $(PYTEST_ARGS),,$(SYSTEM_TEST) -m alone tests/system)

# Drivers against real clouds, which are set up once and kept in $(B)/peers.
PEER_PROGRAMS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/peers/*.c))
# Judges that Debian has not, kept likewise.
$(B)/peers/npm/installed: tests/peers/npm/package.json
	@mkdir -p $(@D)
	cp $< $(@D)/
	npm install --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
check-peers:
	debian/install-deps peers
	$(MAKE) all $(PEER_PROGRAMS) $(B)/peers/npm/installed
	B=$(B) $(PYTHON) -m pytest -q -p no:cacheprovider $(PYTEST_ARGS) tests/peers

SANITIZE = $(MAKE) B=build/$(1) CFLAGS="-O1 -g -fno-omit-frame-pointer $(2)" LDFLAGS="$(2)" unit
asan:
	+$(call SANITIZE,asan,-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
# Pure rooms and replays of corpora have no thread. Tests fork what opens a driver.
PURE := predictor/% fleet-adapter/% $(addprefix common/,calendar/% template/% text/%)
tsan:
	+TSAN_OPTIONS=die_after_fork=0:suppressions=$(CURDIR)/tests/tsan.supp \
		$(call SANITIZE,tsan,-fsanitize=thread) WORKERS=1 \
		LEAVE_OUT="$(PURE)" FUZZ_TARGETS=
comma := ,

# Lines that unit and contract tests run, room by room, the least first.
coverage:
	mkdir -p build/cov
	$(CC) -fPIC -c -o build/cov/exit.o tests/coverage_exit.c
	$(MAKE) B=build/cov CFLAGS="-O0 -g --coverage -fprofile-update=atomic" \
		LDFLAGS="--coverage -Wl,--wrap=_exit $(CURDIR)/build/cov/exit.o" coverage-table
coverage-table: all $(UNIT_TESTS)
	find $(B)/obj -name '*.gcda' -delete
	@B=$(B) CMOCKA_MESSAGE_OUTPUT=TAP prove -Q -j $(WORKERS) -e '' \
		$(UNIT_TESTS) 2>$(B)/log; failed=$$?; \
		$(PYTHON) tests/coverage.py $(B) $(MAINS) && exit $$failed

# What every folder with sources sees, a line each.
rooms: $(DOORS)
	@:$(foreach r,$(ROOMS) $(TEST_FOLDERS),$(info $(r) $(call sees,$(r))))

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

# TRACE=file.csv plays that instead of the built-in rush; FOR=5m takes so long. The servers
# are installed while this is compiled.
demo:
	@debian/install-deps compile
	@MAKEFLAGS='-- $(MAKEOVERRIDES)' $(MAKE) -s demo-servers $(PROGRAMS) $(B)/drivers/local.so
	@$(PYTHON) stacks/demo.py --build $(B) $(if $(TRACE),--trace $(TRACE)) $(if $(FOR),--for $(FOR))
demo-servers:
	@debian/install-deps demo

# make bench BENCH="join tick" runs those only; see tests/bench/run.py.
BENCH_PROGRAMS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/bench/*.c))
bench:
	debian/install-deps bench
	$(MAKE) all $(BENCH_PROGRAMS) $(B)/tests/system/stepped
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
	for p in foretide-driver foretide-local-init; do \
		$(INSTALL) -D $(B)/$$p $(DESTDIR)$(libdir)/$$p || exit 1; done
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
