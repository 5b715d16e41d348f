# lowtide: build, test, measure. `make help` lists what there is.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=

# Debian 12 packages, by what they are for.
PKG_BUILD = gcc make pkg-config libc6-dev libcyaml-dev libyaml-dev \
            libsqlite3-dev liblz4-dev libzstd-dev zlib1g-dev uthash-dev
PKG_RUN   = gnuplot-nox fonts-dejavu-core
PKG_TEST  = libcriterion-dev sqlite3 zstd gzip
PKG_TIDY  = clang-tidy clang-format cppcheck gcovr

CC       ?= gcc
OPT      ?= -O2 -g
WARN      = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wundef -Wcast-qual -Wformat=2
ifeq ($(CI),true)
WARN     += -Werror
endif
LIBS_SIM  = libcyaml yaml-0.1 sqlite3 liblz4 libzstd zlib
CPPFLAGS += -Icore -Isim -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L
CFLAGS   += -std=c11 $(OPT) $(WARN) -MMD -MP
LDLIBS    = $(shell pkg-config --libs $(LIBS_SIM) 2>/dev/null) -ldl -lm

CORE_SRC  = $(wildcard core/*.c)
SIM_SRC   = $(filter-out sim/cli/main.c,$(wildcard sim/*.c sim/*/*.c))
UNIT_SRC  = $(wildcard tests/unit/*.c)
CORE_OBJ  = $(CORE_SRC:%.c=$(BUILD)/%.o)
SIM_OBJ   = $(SIM_SRC:%.c=$(BUILD)/%.o)
UNIT_OBJ  = $(UNIT_SRC:%.c=$(BUILD)/%.o)

.PHONY: all
all: $(BUILD)/lowtide  ## build build/lowtide

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/libvmcow.a: $(CORE_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/liblowtide.a: $(SIM_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/lowtide: $(BUILD)/sim/cli/main.o $(BUILD)/liblowtide.a $(BUILD)/libvmcow.a
	$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -o $@ $^ $(LDLIBS)

# All unit tests in one Criterion binary, and each file on its own.
$(BUILD)/unit_tests: $(UNIT_OBJ) $(BUILD)/liblowtide.a $(BUILD)/libvmcow.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcriterion

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libvmcow.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcriterion

# Long random tests: each file is a program of its own.
$(BUILD)/soak/%: $(BUILD)/tests/soak/%.o $(BUILD)/libvmcow.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z_-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

.PHONY: clean
clean:  ## remove what was built
	rm -rf $(BUILD) build-* out

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
