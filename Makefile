# evictd. One non-recursive Makefile; adding a .c file needs no edit here.
#   make                  build/evictd build/evictctl
#   make check            every test; ends with "N passed, N failed"
#   make check SAN=address,undefined     the same in its own build tree
#   make check-{static,unit,live,demo,vm,cluster,soak}   one part
#   make bench | fuzz | demo | deps | fmt | fmt-check | lint | install | uninstall | clean
# V=1 shows the commands, WERROR=1 makes warnings errors.

PREFIX         ?= /usr/local
SBINDIR        ?= $(PREFIX)/sbin
BINDIR         ?= $(PREFIX)/bin
MANDIR         ?= $(PREFIX)/share/man
SYSCONFDIR     ?= /etc
SYSTEMDUNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR    ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR    ?= $(PREFIX)/lib/tmpfiles.d

# bpftool lives in /usr/sbin, which is not in everybody's PATH.
export PATH := $(PATH):/usr/sbin:/sbin
CLANG        ?= clang
CLANG_FORMAT ?= clang-format
BPFTOOL      ?= bpftool
PKG_CONFIG   ?= pkg-config
BTF          ?= /sys/kernel/btf/vmlinux
BUILD        ?= build$(if $(SAN),/san)
FUZZ_SECONDS ?= 20
ARCH         := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
VERSION      := $(shell git describe --tags --dirty 2>/dev/null || cat VERSION)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings \
	$(if $(WERROR),-Werror)
SAN_FLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer

CFLAGS ?= -O2 -g
CPPFLAGS += -I. -I$(BUILD) -D_GNU_SOURCE -DEVICTD_VERSION='"$(VERSION)"' \
	$(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
# -ffp-contract=off: histograms have the same bits on every architecture.
# -fvisibility=hidden: no library may call our function where it means its own of that name.
override CFLAGS += -std=gnu11 $(WARN) -MMD -MP -ffp-contract=off -fstack-protector-strong -fPIE \
	-fvisibility=hidden -ffunction-sections -fdata-sections $(if $(SAN),$(SAN_FLAGS))
LDFLAGS += -pie -Wl,-z,relro,-z,now -Wl,--gc-sections
# Expanded at link time only: `make deps` must run where nothing is installed yet. --as-needed
# leaves each binary just the libraries of the objects it took from lib.a.
PKGS = libbpf libelf zlib libsystemd libmicrohttpd libcjson yaml-0.1 libcurl smartcols ncursesw
LDLIBS = -Wl,--as-needed $(shell $(PKG_CONFIG) --libs $(PKGS)) -lm

SRC   := $(filter-out %/main.c,$(wildcard base/*.c kube/*.c daemon/*.c daemon/*/*.c tools/*.c))
OBJ   := $(SRC:%.c=$(BUILD)/%.o)
MAINS := $(BUILD)/daemon/main.o $(BUILD)/tools/main.o
SKEL  := $(patsubst bpf/%.bpf.c,$(BUILD)/%.skel.h,$(wildcard bpf/*.bpf.c))
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*_test.c))
LIVE  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/live/*.c))
BENCH := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)) \
	$(addprefix tests/live/,agent.c cg.c loads.c))
SCRIPTS := $(wildcard tests/*_test.sh)
DEMO  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/demo/*.c) \
	$(addprefix tests/live/,agent.c cg.c loads.c))
FUZZ  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
CODE  := $(filter-out bpf/vmlinux_min.h,$(wildcard $(addsuffix /*.[ch],base bpf kube daemon \
	daemon/* tools tests tests/*)))
VERSIONED := $(patsubst %.c,$(BUILD)/%.o,$(shell grep -ls EVICTD_VERSION $(filter %.c,$(CODE))))

# For a make of our own that builds: all CPUs, unless the caller said -j.
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

Q   := $(if $(V),,@)
say  = @printf '  %-5s %s\n' $(1) $(2);

all: $(BUILD)/evictd $(BUILD)/evictctl

# A stamp's time changes when its text does: what depends on it is then made again.
stamp = $(shell mkdir -p $(BUILD); echo '$(2)' | cmp -s - $(BUILD)/$(1).stamp || \
	echo '$(2)' >$(BUILD)/$(1).stamp)
ifneq ($(MAKECMDGOALS),clean)
$(call stamp,version,$(VERSION))
$(call stamp,objects,$(OBJ))
endif

$(BUILD)/evictd:   $(BUILD)/daemon/main.o $(BUILD)/lib.a
$(BUILD)/evictctl: $(BUILD)/tools/main.o  $(BUILD)/lib.a
$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/alloc_fail.o $(BUILD)/lib.a
$(TESTS): LDLIBS += $(shell $(PKG_CONFIG) --libs check)
$(TESTS): LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=strdup
$(BUILD)/evictd $(BUILD)/evictctl $(TESTS):
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/live/live: $(LIVE) $(BUILD)/lib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/demo/demo: $(DEMO) $(BUILD)/lib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/bench/bench: $(BENCH) $(BUILD)/lib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(BUILD)/tests/bench/switch.o: | $(BUILD)/tests/bench/runqlat.skel.h
$(BUILD)/tests/bench/%.bpf.o: tests/bench/%.bpf.c $(BUILD)/vmlinux.h
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -mcpu=v3 -g -O2 -Wall -D__TARGET_ARCH_$(ARCH) -I. \
		-I$(BUILD) -MMD -MP -c -o $@ $<
$(BUILD)/tests/bench/%.skel.h: $(BUILD)/tests/bench/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(BUILD)/lib.a: $(OBJ) $(BUILD)/objects.stamp
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(OBJ)

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(VERSIONED): $(BUILD)/version.stamp
# Only these may include a skeleton; afterwards the .d files know which of them do.
$(filter $(BUILD)/daemon/%,$(OBJ) $(MAINS)): | $(SKEL)

# The running kernel's types where it has BTF, else the few that we use, written by hand (CO-RE
# relocates either at load time).
$(BUILD)/vmlinux.h: $(wildcard bpf/vmlinux_min.h)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && if [ -r $(BTF) ]; then $(BPFTOOL) btf dump file $(BTF) format c >$@; \
		else cp bpf/vmlinux_min.h $@; fi
$(BUILD)/%.bpf.o: bpf/%.bpf.c $(BUILD)/vmlinux.h
	$(call say,BPF,$<)
	$(Q)$(CLANG) -target bpf -mcpu=v3 -g -O2 -Wall -D__TARGET_ARCH_$(ARCH) -I. -I$(BUILD) \
		-MMD -MP -c -o $@ $<
$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

# Tests. Each part appends "ok|not ok|skip NAME" to $(BUILD)/results.txt; tests/check.sh runs them
# all, whichever fails, and prints the total.
PARTS := static unit live demo vm cluster
RUN_CHECK = +$(Q)MAKE='$(MAKE)' BUILD='$(BUILD)' SAN='$(SAN)' tests/check.sh
export EVICTD_BUILD := $(BUILD)
export EVICTD_SAN := $(SAN)

check: deps
	$(RUN_CHECK) $(PARTS)
check-static check-unit check-live check-demo check-vm check-cluster check-soak:
	$(RUN_CHECK) $(@:check-%=%)

part-static:
	$(Q)rc=0; tests/layers.sh || rc=1; tests/style.sh || rc=1; exit $$rc
part-unit: $(TESTS) all
	$(Q)rc=0; tests/unit.sh $(TESTS) || rc=1; for t in $(SCRIPTS); do $$t || rc=1; done; exit $$rc
part-live part-vm part-soak: part-%: all $(BUILD)/tests/live/live
	$(Q)tests/run_or_skip.sh check-$* tests/$*/run
part-demo: all $(BUILD)/tests/demo/demo
	$(Q)tests/demo/check
part-cluster:
	$(Q)tests/run_or_skip.sh check-cluster tests/cluster/run "comes with the Kubernetes client"

bench: deps
	$(Q)$(MAKE) --no-print-directory all $(BUILD)/tests/bench/bench
	$(Q)tests/run_or_skip.sh bench tests/bench/run
demo:
	$(Q)tests/demo/run root
	$(Q)tests/deps.sh build
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(BUILD)/tests/demo/demo
	$(Q)tests/demo/run
deps:
	$(Q)tests/deps.sh build test

# Fuzzing: the same sources again, by clang, with coverage.
FUZZ_SAN := address,undefined
FUZZ_CFLAGS := -g -O1 -std=gnu11 -fvisibility=hidden $(WARN) -MMD -MP -fno-omit-frame-pointer \
	-fno-sanitize-recover=all
FUZZ_CPPFLAGS := -I. -I$(BUILD) -D_GNU_SOURCE -DEVICTD_VERSION='"fuzz"'

fuzz: deps
	$(Q)$(MAKE) --no-print-directory part-fuzz
part-fuzz: $(FUZZ)
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZ)
$(FUZZ): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/lib.a
	$(call say,LD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $^ $(LDLIBS)
$(BUILD)/fuzz/lib.a: $(SRC:%.c=$(BUILD)/fuzz/%.o) $(BUILD)/objects.stamp
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(BUILD)/fuzz/%.o: %.c | $(SKEL)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(FUZZ_CPPFLAGS) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link,$(FUZZ_SAN) -c -o $@ $<

fmt:
	$(CLANG_FORMAT) -i $(CODE)
fmt-check:
	$(CLANG_FORMAT) --dry-run -Werror $(CODE)
lint: $(SKEL)
	clang-tidy --quiet $(SRC) -- $(CPPFLAGS) -std=gnu11
	if command -v cppcheck >/dev/null; then cppcheck --quiet --error-exitcode=1 --std=c11 -I. \
		--enable=warning,performance,portability --suppress=memleak --inline-suppr \
		base kube daemon tools; fi

# The unit names /usr/sbin/evictd; a configuration that is already there is the administrator's.
INSTALL ?= install
UNITS   := $(wildcard systemd/*.service systemd/*.socket)
MANS    := $(wildcard man/*.[1-9])

install: all
	$(INSTALL) -D -m 0755 $(BUILD)/evictd $(DESTDIR)$(SBINDIR)/evictd
	$(INSTALL) -D -m 0755 $(BUILD)/evictctl $(DESTDIR)$(BINDIR)/evictctl
	ln -sf evictctl $(DESTDIR)$(BINDIR)/kubectl-evictd
	$(Q)set -e; for f in $(UNITS); do t=$(DESTDIR)$(SYSTEMDUNITDIR)/$${f##*/}; \
		$(INSTALL) -D -m 0644 $$f $$t; \
		sed -i 's|/usr/\(local/\)\{0,1\}sbin/evictd|$(SBINDIR)/evictd|g' $$t; done
	$(Q)set -e; for f in $(MANS); do \
		$(INSTALL) -D -m 0644 $$f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}; done
	$(if $(wildcard systemd/sysusers.conf),$(INSTALL) -D -m 0644 systemd/sysusers.conf \
		$(DESTDIR)$(SYSUSERSDIR)/evictd.conf)
	$(if $(wildcard systemd/tmpfiles.conf),$(INSTALL) -D -m 0644 systemd/tmpfiles.conf \
		$(DESTDIR)$(TMPFILESDIR)/evictd.conf)
	$(Q)if [ -e systemd/evictd.yaml ] && [ ! -e $(DESTDIR)$(SYSCONFDIR)/evictd/evictd.yaml ]; then \
		$(INSTALL) -D -m 0644 systemd/evictd.yaml \
			$(DESTDIR)$(SYSCONFDIR)/evictd/evictd.yaml; fi

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/evictd $(addprefix $(DESTDIR)$(BINDIR)/,evictctl kubectl-evictd) \
		$(UNITS:systemd/%=$(DESTDIR)$(SYSTEMDUNITDIR)/%) \
		$(foreach m,$(MANS),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
		$(DESTDIR)$(SYSUSERSDIR)/evictd.conf $(DESTDIR)$(TMPFILESDIR)/evictd.conf

clean:
	rm -rf build

.PHONY: all check check-static check-unit check-live check-demo check-vm check-cluster \
	check-soak bench demo deps fuzz fmt fmt-check lint install uninstall clean \
	part-static part-unit part-live part-demo part-vm part-cluster part-soak part-fuzz
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(BUILD) $(if $(SAN),,-path '$(BUILD)/san' -prune -o) -name '*.d' -print \
	2>/dev/null)
