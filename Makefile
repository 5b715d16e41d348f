# lowtide: build, test, measure. `make help` lists what there is.
#
#   make deps       installs what the rest needs, if it is missing
#   make demo       a bare Debian 12 becomes figures in out/
#   make test       everything, in under half an hour on two cores
#
# Objects go to $(BUILD); variants (sanitizers, slow checks) are the same rules
# with another BUILD and other flags, so nothing here knows of them.

BUILD   ?= build
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=
JOBS    ?= $(shell nproc 2>/dev/null || echo 1)
VERSION  = $(shell sed -n 's/.*LOWTIDE_VERSION *"\(.*\)".*/\1/p' sim/version.h)

# Debian 12 packages, by what they are for.
PKG_BUILD = gcc make pkg-config libc6-dev libcyaml-dev libyaml-dev \
            libsqlite3-dev liblz4-dev libzstd-dev zlib1g-dev uthash-dev
PKG_RUN   = gnuplot-nox fonts-dejavu-core
PKG_MAN   = help2man
PKG_TEST  = libcriterion-dev sqlite3 zstd gzip python3 libxml2-utils \
            poppler-utils parallel jq python3-jsonschema python3-yaml
PKG_SLURM = slurm-wlm munge
PKG_TIDY  = clang-tidy clang-format cppcheck
# Large, so not for everybody: tests/run_browser.sh does without if it must.
PKG_BROWSER = chromium nodejs npm
PKG_COV   = gcovr
PKG_DEB   = dpkg-dev debhelper lintian

ifeq ($(origin CC),default)
CC        = gcc
endif
OPT      ?= -O2 -g
# The program is optimised as a whole: an access crosses four files. Objects
# also hold ordinary code, which is what tests and other programs link.
LTO      ?= -flto=auto -ffat-lto-objects
WARN      = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wundef -Wcast-qual -Wformat=2
ifeq ($(CI),true)
WARN     += -Werror
endif
LIBS_SIM  = libcyaml yaml-0.1 sqlite3 liblz4 libzstd zlib
CPPFLAGS += -Icore -Isim -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L
CFLAGS   += -std=c11 $(OPT) $(LTO) $(WARN) -MMD -MP
NO_LTO    = $(if $(LTO),-fno-lto)
LDLIBS    = $(shell pkg-config --libs $(LIBS_SIM) 2>/dev/null) -ldl -lm
SANITIZE  = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize-recover=undefined

CORE_SRC  = $(wildcard core/*.c)
SIM_SRC   = $(filter-out sim/cli/main.c,$(wildcard sim/*.c sim/*/*.c))
UNIT_SRC  = $(wildcard tests/unit/*.c)
SOAK_SRC  = $(wildcard tests/soak/*.c)
MODEL_SRC = $(wildcard tests/model/*.c)
CORE_OBJ  = $(CORE_SRC:%.c=$(BUILD)/%.o)
SIM_OBJ   = $(SIM_SRC:%.c=$(BUILD)/%.o)
UNIT_OBJ  = $(UNIT_SRC:%.c=$(BUILD)/%.o)
MODEL_OBJ = $(MODEL_SRC:%.c=$(BUILD)/%.o)
SOAK_BIN  = $(SOAK_SRC:tests/soak/%.c=$(BUILD)/soak/%) $(BUILD)/soak/model
OUR_C     = $(CORE_SRC) $(wildcard sim/*.c sim/*/*.c) $(UNIT_SRC) $(SOAK_SRC) \
            $(MODEL_SRC) $(wildcard examples/*/*.c)
OUR_H     = $(wildcard core/*.h sim/*.h sim/*/*.h tests/*/*.h)

# A variant may want flags of its own for the core (see `coverage`).
$(BUILD)/core/%.o: CFLAGS += $(CORE_FLAGS)

# `make V=1` shows the commands.
Q         = $(if $(V),,@)

.PHONY: all
all: $(BUILD)/lowtide  ## build build/lowtide

# --- rules ------------------------------------------------------------------

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/libvmcow.a: $(CORE_OBJ)
	@rm -f $@
	@echo "  AR    $@"
	$(Q)gcc-ar rcs $@ $^

$(BUILD)/liblowtide.a: $(SIM_OBJ)
	@rm -f $@
	@echo "  AR    $@"
	$(Q)gcc-ar rcs $@ $^

# -rdynamic: plug-in policies find the core's functions in the program.
$(BUILD)/lowtide: $(BUILD)/sim/cli/main.o $(BUILD)/liblowtide.a $(BUILD)/libvmcow.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -o $@ $^ $(LDLIBS)

# Unit tests can make the host run out of memory: tests/unit/host_memory.h.
HOST_MEMORY = $(BUILD)/tests/unit/host_memory.o
WRAP        = $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc free mmap)
comma      := ,

# All unit tests in one Criterion binary ...
$(BUILD)/unit_tests: $(UNIT_OBJ) $(BUILD)/liblowtide.a $(BUILD)/libvmcow.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(NO_LTO) $(WRAP) -o $@ $^ $(LDLIBS) \
	    -lcriterion

# ... and each file on its own: build/unit/test_x. The simulator's library is
# linked only where the file includes something of sim/, so that a test of the
# core builds whatever state sim/ is in.
SIM_DIRS  = $(patsubst sim/%/,%,$(wildcard sim/*/))
empty    :=
needs_sim = $(shell grep -qE '^\#include "($(subst $(empty) ,|,$(strip \
            $(SIM_DIRS))))/' $(1) && echo $(BUILD)/liblowtide.a)

.SECONDEXPANSION:
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(HOST_MEMORY) \
                 $$(call needs_sim,tests/unit/$$*.c) $(BUILD)/libvmcow.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(NO_LTO) $(WRAP) -o $@ $^ $(LDLIBS) \
	    -lcriterion

# The model of the whole operation language, from several files.
$(BUILD)/soak/model: $(MODEL_OBJ) $(BUILD)/libvmcow.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(NO_LTO) -o $@ $^ $(LDLIBS)

# Long random tests: each file is a program of its own.
$(BUILD)/soak/%: $(BUILD)/tests/soak/%.o \
                 $$(call needs_sim,tests/soak/$$*.c) $(BUILD)/libvmcow.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(NO_LTO) -o $@ $^ $(LDLIBS)

$(BUILD)/bench/bench_clones: $(BUILD)/bench/bench_clones.o $(BUILD)/libvmcow.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) -std=gnu11 -O2 -ffp-contract=off -o $@ $<

# --- what people type -------------------------------------------------------

# Installs only what is missing. A bare system has no package lists yet, an old
# one outdated lists: update, but only when something has to be installed.
.PHONY: deps
deps:  ## install the Debian packages that are missing (root or sudo)
	@missing=; \
	for p in $(PKG_BUILD) $(PKG_RUN) $(PKG_MAN) $(PKG_TEST) $(PKG_EXTRA); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | \
	        grep -q 'ok installed' || missing="$$missing $$p"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	echo "installing:$$missing"; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	export DEBIAN_FRONTEND=noninteractive; \
	$$sudo apt-get update -q && \
	$$sudo apt-get install -y -q --no-install-recommends $$missing

.PHONY: deps-browser
deps-browser:  ## the browser, node and npm for the tests of report pages
	@command -v chromium >/dev/null && command -v node >/dev/null && \
	    command -v npm >/dev/null || \
	    $(MAKE) --no-print-directory deps PKG_EXTRA="$(PKG_BROWSER)"

.PHONY: demo
demo:  ## install what is missing, build, run the demo, draw it into out/
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	tests/demo.sh $(BUILD)/lowtide out

.PHONY: figures
figures: all  ## draw the figures of docs/img anew
	docs/figures.sh $(BUILD)/lowtide

# Ends with Criterion's own summary of the plain unit tests.
.PHONY: test
test:  ## install what is missing, build, run every test
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/unit_tests \
	    $(BUILD)/bench/gen_trace
	tests/check_core_table.sh
	tests/check_arrows.sh
	tests/check_references.sh
	LOWTIDE=$(BUILD)/lowtide tests/check_scenario_docs.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_unit.sh $(BUILD)/unit_tests
	LOWTIDE=$(BUILD)/lowtide GEN_TRACE=$(BUILD)/bench/gen_trace \
	    JOBS=$(JOBS) tests/run_miss_counts.sh
	LOWTIDE=$(BUILD)/lowtide GEN_TRACE=$(BUILD)/bench/gen_trace \
	    tests/run_curves.sh
	tests/run_plugin.sh $(BUILD)
	LOWTIDE=$(BUILD)/lowtide tests/run_conformance.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_scenarios.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_pressure.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_fingerprints.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_studies.sh
	@$(MAKE) --no-print-directory man
	LOWTIDE=$(BUILD)/lowtide MAN=$(BUILD)/man tests/run_help.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_import.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_plots.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_sweep.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_schema.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_explain.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_export.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_databases.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_report.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_docs.sh
	LOWTIDE=$(BUILD)/lowtide tests/check_results_docs.sh
	tests/run_browser.sh $(BUILD)
	@$(MAKE) --no-print-directory soak SOAK_SCALE=0.01
	@$(MAKE) --no-print-directory san-unit
	@grep -h 'Synthesis' $(BUILD)/unit_tests.log

# Slurm's daemons, from packages, on the loopback address, as root; minutes.
.PHONY: slurm-test
slurm-test: all  ## a study on a Slurm of two nodes, one of which dies (root)
	@$(MAKE) --no-print-directory deps PKG_EXTRA="$(PKG_SLURM)"
	LOWTIDE=$(BUILD)/lowtide tests/run_slurm.sh

.PHONY: check
check: all $(BUILD)/unit_tests  ## the quick tests, in seconds
	tests/check_core_table.sh
	tests/check_arrows.sh
	tests/check_references.sh
	LOWTIDE=$(BUILD)/lowtide tests/check_scenario_docs.sh
	LOWTIDE=$(BUILD)/lowtide tests/run_unit.sh $(BUILD)/unit_tests

# Rare paths by force: sim/engine/forced.h.
HARD       = LOWTIDE=build-hard/lowtide PARANOID=1
HARD_SEEDS = 1 2 3
.PHONY: hard
hard:  ## every slow check on, memory short on purpose, reclaim at any time
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-hard LTO= \
	    OPT="-O1 -g -DVMCOW_SLOW_CHECKS -DVMCOW_FORCE_RARE_PATHS" \
	    all build-hard/unit_tests
	LOWTIDE=build-hard/lowtide tests/run_unit.sh build-hard/unit_tests
	$(HARD) tests/run_scenarios.sh
	$(HARD) LOWTIDE_FORCE=waits tests/run_scenarios.sh
	$(HARD) tests/run_conformance.sh
	$(HARD) LOWTIDE_FORCE=waits tests/run_conformance.sh
	for seed in $(HARD_SEEDS); do \
	    echo "reclaim by force, seed $$seed"; \
	    $(HARD) LOWTIDE_FORCE=reclaim:$$seed \
	        EXCEPT=tests/forced_reclaim.txt \
	        tests/run_conformance.sh || exit 1; \
	done

.PHONY: san-unit
san-unit:
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-san \
	    OPT="$(SANITIZE)" LTO= all build-san/unit_tests \
	    build-san/soak/soak_policies build-san/soak/soak_traces
	LOWTIDE=build-san/lowtide tests/run_unit.sh build-san/unit_tests
	SOAK_SCALE=0.01 build-san/soak/soak_policies
	SOAK_SCALE=0.01 build-san/soak/soak_traces

.PHONY: san
san: san-unit  ## address and undefined sanitizers: unit tests, conformance
	LOWTIDE=build-san/lowtide tests/run_conformance.sh
	LOWTIDE=build-san/lowtide tests/run_scenarios.sh

# The core alone has counters, and no optimiser that folds its branches; the
# rest is fast.
.PHONY: coverage
coverage:  ## branches of core/ that unit tests and conformance take
	@$(MAKE) --no-print-directory deps PKG_EXTRA="$(PKG_COV)"
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-cov LTO= \
	    CORE_FLAGS="-O0 --coverage" LDFLAGS=--coverage \
	    all build-cov/unit_tests
	@find build-cov -name '*.gcda' -delete
	LOWTIDE=build-cov/lowtide tests/run_unit.sh build-cov/unit_tests \
	    >build-cov/unit.log || { tail -50 build-cov/unit.log; exit 1; }
	LOWTIDE=build-cov/lowtide tests/run_conformance.sh
	tests/core_coverage.sh build-cov

SOAK_SCALE ?= 1
.PHONY: soak
soak:  ## the long random tests (SOAK_SCALE=0.01: a hundredth)
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/lowtide $(SOAK_BIN)
	@for test in $(SOAK_BIN); do \
	    echo "$$test (scale $(SOAK_SCALE))"; \
	    SOAK_SCALE=$(SOAK_SCALE) $$test || exit 1; \
	done
	LOWTIDE=$(BUILD)/lowtide tests/run_model.sh $(BUILD)/soak/model $(BUILD)
	LOWTIDE=$(BUILD)/lowtide SOAK_SCALE=$(SOAK_SCALE) tests/run_plot_rows.sh

.PHONY: san-soak
san-soak:  ## under the sanitizers: model test, policies, damaged traces
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-san \
	    OPT="$(SANITIZE)" LTO= build-san/soak/model \
	    build-san/soak/soak_policies build-san/soak/soak_traces
	SOAK_SCALE=0.1 build-san/soak/model
	build-san/soak/soak_policies
	SOAK_SCALE=0.1 build-san/soak/soak_traces

.PHONY: tidy
tidy:  ## clang-format, clang-tidy, cppcheck: no finding is accepted
	@$(MAKE) --no-print-directory deps PKG_EXTRA="$(PKG_TIDY)"
	clang-format --dry-run -Werror $(OUR_C) $(OUR_H)
	@printf '%s\n' $(CORE_SRC) $(wildcard sim/*/*.c) | \
	    xargs -P $(JOBS) -n 4 sh -c 'clang-tidy --quiet \
	    --warnings-as-errors="*" "$$@" -- -std=c11 $(CPPFLAGS) \
	    2>$(BUILD)/tidy.err' sh
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	    --library=posix --library=bsd --inline-suppr --error-exitcode=1 \
	    $(CPPCHECK_IGNORE:%=--suppress=%) -j $(JOBS) -Icore -Isim \
	    $(CORE_SRC) $(wildcard sim/*/*.c)

# What cppcheck 2.10 does not follow: sys/queue.h, mmap without a file, a block
# known by a pointer into it, snprintf that only counts.
CPPCHECK_IGNORE = missingIncludeSystem unknownMacro uninitvar \
                  invalidFunctionArg memleak:core/pmm.c \
                  memleak:sim/policy/policy_suite.c \
                  nullPointer:sim/scenario/errors.c

.PHONY: bench
bench:  ## measure replay against a plain loop, and clones; into build/bench/
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/bench/gen_trace \
	    $(BUILD)/bench/ref_lru $(BUILD)/bench/bench_clones
	bench/run_bench.sh $(BUILD)
	$(BUILD)/bench/bench_clones | tee $(BUILD)/bench/clones.md

.PHONY: bench-machine
bench-machine:  ## measure a whole machine, and what recording costs
	@$(MAKE) --no-print-directory -j$(JOBS) all
	bench/run_machine.sh $(BUILD)

# From --help: docs/man/pages.sh.
$(BUILD)/man/lowtide.1: $(BUILD)/lowtide docs/man/pages.sh docs/man/lowtide.h2m
	docs/man/pages.sh $(BUILD)/lowtide $(@D)

.PHONY: man
man: $(BUILD)/man/lowtide.1  ## the manual pages, build/man

LIB_HEADERS = $(filter-out %_internal.h,$(wildcard core/*.h))
SHARE       = $(DESTDIR)$(PREFIX)/share/lowtide
.PHONY: install
install: all man  ## install under PREFIX (and DESTDIR)
	install -D -m 755 $(BUILD)/lowtide $(DESTDIR)$(PREFIX)/bin/lowtide
	install -D -m 644 $(BUILD)/libvmcow.a $(DESTDIR)$(LIBDIR)/libvmcow.a
	install -d $(DESTDIR)$(PREFIX)/include/vmcow
	install -m 644 $(LIB_HEADERS) $(DESTDIR)$(PREFIX)/include/vmcow
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: vmcow' \
	    'Description: Copy-on-write memory objects and page reclaim' \
	    'Version: $(VERSION)' 'Libs: -L$(LIBDIR) -lvmcow' \
	    'Requires.private: liblz4' 'Libs.private: -lm' \
	    'Cflags: -I$${prefix}/include/vmcow' \
	    >$(DESTDIR)$(LIBDIR)/pkgconfig/vmcow.pc
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(BUILD)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -D -m 644 docs/lowtide.bash-completion \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lowtide
	for dir in scenarios reports; do \
	    [ -d $$dir ] || continue; \
	    find $$dir -type f -exec install -D -m 644 {} $(SHARE)/{} \; ; \
	done

# Built from a copy, since packages want debian/ at the top.
DEB_DIR = $(BUILD)/deb/lowtide-$(VERSION)
.PHONY: deb
deb:  ## Debian packages of the program and of the core, build/deb/*.deb
	@$(MAKE) --no-print-directory deps PKG_EXTRA="$(PKG_DEB)"
	rm -rf $(BUILD)/deb && mkdir -p $(DEB_DIR)
	tar -c --exclude-vcs --exclude='./build*' --exclude=./out . | \
	    tar -x -C $(DEB_DIR)
	cp -r docs/debian $(DEB_DIR)/debian
	@[ "$$(dpkg-parsechangelog -l docs/debian/changelog -S Version)" = \
	    $(VERSION) ] || { echo "docs/debian/changelog is not of $(VERSION)"; \
	    exit 1; }
	cd $(DEB_DIR) && dpkg-buildpackage -b -us -uc
	lintian --fail-on error $(BUILD)/deb/*.changes

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z_-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

.PHONY: clean
clean:  ## remove what was built
	rm -rf $(BUILD) build-* out

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
