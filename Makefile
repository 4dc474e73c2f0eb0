# pacegate. `make help` lists the targets.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/pacegate
SHAREDIR ?= $(PREFIX)/share
MANDIR ?= $(SHAREDIR)/man
DESTDIR ?=
B ?= build

CC ?= gcc
OPT ?= -O2 -g
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
       -Wmissing-prototypes -Wold-style-definition -Wvla -Wpointer-arith \
       -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Werror
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
         -fcf-protection -fPIE -fno-plt
LINKHARDEN = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
SANITIZE =
EXTRA =

CPPFLAGS += -D_GNU_SOURCE -I. -Igate -DPACEGATE_BINDIR='"$(BINDIR)"' \
            -DPACEGATE_LIBEXECDIR='"$(LIBEXECDIR)"' \
            -DPACEGATE_MANDIR='"$(MANDIR)"'
ALLCFLAGS = -std=gnu11 $(OPT) $(WARN) $(HARDEN) $(SANITIZE) $(EXTRA) $(CFLAGS)
ALLLDFLAGS = $(LINKHARDEN) $(SANITIZE) $(LDFLAGS)

GATE_SRC := $(filter-out gate/main.c,$(wildcard gate/*.c gate/*/*.c))
RUNNER_SRC := $(filter-out runner/main.c runner/shim.c runner/canary.c, \
                $(wildcard runner/*.c))
HOOK_SRC := $(filter-out hooks/pre-receive.c hooks/post-receive.c,$(wildcard hooks/*.c))
HOOK_OBJ := $(HOOK_SRC:%.c=$(B)/%.o)
GATE_OBJ := $(GATE_SRC:%.c=$(B)/%.o)
RUNNER_OBJ := $(RUNNER_SRC:%.c=$(B)/%.o)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$(B)/tests/unit/%)

PROGRAMS := $(B)/pacegate $(B)/pacegate-runner $(B)/pacegate-shim \
            $(B)/pacegate-canary $(B)/pre-receive $(B)/post-receive $(B)/slot-users

GATE_LIBS = -lgit2 -llmdb -ljansson -lm
HOST_LIBS = -lcurl -lcrypto -lmicrohttpd
RUNNER_LIBS = -lgit2 -ljansson -lseccomp -lm

# Manual pages and completions: those that end in .in get commands and options
# from the programs.
MAN_IN := $(wildcard contrib/man/*.in)
MAN_SRC := $(wildcard contrib/man/*.[157])
MAN := $(foreach page,$(MAN_IN:.in=),$(B)/man/man1/$(notdir $(page))) \
       $(foreach page,$(MAN_SRC),$(B)/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))

COMPLETIONS := $(B)/completion/pacegate.bash $(B)/completion/pacegate.zsh \
               $(B)/completion/pacegate.fish

all: $(PROGRAMS) $(MAN) $(COMPLETIONS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALLCFLAGS) -MMD -MP -c $< -o $@


# What pages refer to is built into the program.
$(B)/gate/web/assets.o: $(wildcard gate/web/assets/*) $(B)/vendor/uplot.js
$(B)/gate/web/assets.o: CPPFLAGS += -DUPLOT_DIR='"$(B)/vendor"'
$(B)/vendor/uplot.js: contrib/uplot
	@contrib/uplot $(B)/vendor

$(B)/libgate.a: $(GATE_OBJ)
$(B)/librunner.a: $(RUNNER_OBJ)
$(B)/libhooks.a: $(HOOK_OBJ)
%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/pacegate: $(B)/gate/main.o $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(GATE_LIBS) $(HOST_LIBS)
$(B)/pre-receive $(B)/post-receive: $(B)/%: $(B)/hooks/%.o $(B)/libhooks.a $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(GATE_LIBS)
$(B)/pacegate-runner: $(B)/runner/main.o $(B)/librunner.a $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(RUNNER_LIBS)
# The shim is pid 1 of a sandbox that holds none of our libraries; the canary
# runs in one as well.
$(B)/pacegate-shim $(B)/pacegate-canary: $(B)/pacegate-%: runner/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 $(WARN) -fstack-protector-strong \
		-static -MMD -MP -o $@ $<

# Beside the programs, where `pacegate install` looks for it.
$(B)/slot-users: contrib/slot-users
	@mkdir -p $(@D)
	@cp $< $@

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libhooks.a $(B)/librunner.a $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ -lcmocka $(GATE_LIBS) $(HOST_LIBS) \
		-lseccomp -lgsl -lgslcblas -lm

# Drives gate/host/ alone, for tests/host and tests/bench.
$(B)/tests/host/post: $(B)/tests/host/post.o $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(GATE_LIBS) $(HOST_LIBS)

$(B)/tests/bench/hot $(B)/tests/bench/fill $(B)/tests/bench/store $(B)/tests/bench/sleeper: $(B)/tests/bench/%: \
		$(B)/tests/bench/%.o $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ $(GATE_LIBS)

$(B)/options: $(B)/pacegate $(B)/pacegate-runner
	@{ $(B)/pacegate --list-options; for part in "" --exec --self-test; do \
		$(B)/pacegate-runner $$part --list-options; done; } >$@.new
	@mv $@.new $@
$(B)/man/man1/%: contrib/man/%.in contrib/man/page $(B)/options
	@mkdir -p $(@D)
	@contrib/man/page $(B)/options $< >$@.new
	@mv $@.new $@
$(B)/completion/%: contrib/completion/%.in contrib/completion/fill $(B)/options
	@mkdir -p $(@D)
	@contrib/completion/fill $(B)/options $< >$@.new
	@mv $@.new $@
$(B)/man/man5/% $(B)/man/man7/%: contrib/man/%
	@mkdir -p $(@D)
	@cp $< $@

# The scheduler under a simulated clock: a test, and figures with --bench.
SIM = $(B)/tests/sim/fleet
$(SIM): $(B)/tests/sim/fleet.o $(B)/tests/sim/sim.o $(B)/libgate.a
	$(CC) $(ALLLDFLAGS) -o $@ $^ -lcmocka $(GATE_LIBS)

# Counts what hooks read, for tests/push/size.sh and tests/size.
$(B)/tests/size/count.so: tests/size/count.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 $(WARN) -fPIC -shared -MMD -MP -o $@ $< -ldl

unit: $(UNIT) $(SIM)

# Setting up: every target that needs more than a compiler asks for it itself.
deps:
	@contrib/deps build
deps-check:
	@contrib/deps check

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
		$(DESTDIR)$(MANDIR)/man7
	install -m 755 $(B)/pacegate $(B)/pacegate-runner $(DESTDIR)$(BINDIR)
	install -m 755 $(B)/pre-receive $(B)/post-receive $(B)/pacegate-shim \
		$(B)/pacegate-canary contrib/slot-users $(DESTDIR)$(LIBEXECDIR)
	install -d $(DESTDIR)$(SHAREDIR)/bash-completion/completions \
		$(DESTDIR)$(SHAREDIR)/zsh/site-functions \
		$(DESTDIR)$(SHAREDIR)/fish/vendor_completions.d \
		$(DESTDIR)$(SHAREDIR)/fish/vendor_conf.d
	install -m 644 $(B)/completion/pacegate.bash \
		$(DESTDIR)$(SHAREDIR)/bash-completion/completions/pacegate
	install -m 644 $(B)/completion/pacegate.zsh \
		$(DESTDIR)$(SHAREDIR)/zsh/site-functions/_pacegate
	install -m 644 $(B)/completion/pacegate.fish \
		$(DESTDIR)$(SHAREDIR)/fish/vendor_completions.d
	ln -sf pacegate $(DESTDIR)$(SHAREDIR)/bash-completion/completions/git-pacegate
	ln -sf _pacegate $(DESTDIR)$(SHAREDIR)/zsh/site-functions/_git-pacegate
	ln -sf pacegate.fish \
		$(DESTDIR)$(SHAREDIR)/fish/vendor_completions.d/git-pacegate.fish
	install -m 644 contrib/completion/git-pacegate.fish \
		$(DESTDIR)$(SHAREDIR)/fish/vendor_conf.d
	ln -sf pacegate $(DESTDIR)$(BINDIR)/git-pacegate
	install -d $(DESTDIR)$(SHAREDIR)/pacegate/hosts
	install -m 755 contrib/hosts/gitolite-common contrib/hosts/mirror \
		contrib/hosts/github-pre-receive \
		$(DESTDIR)$(SHAREDIR)/pacegate/hosts
	install -m 644 contrib/hosts/nginx.conf \
		$(DESTDIR)$(SHAREDIR)/pacegate/hosts
	sed 's|/usr/local/bin|$(BINDIR)|' contrib/systemd/pacegate@.service \
		>$(DESTDIR)$(SHAREDIR)/pacegate/pacegate@.service
	for page in $(MAN); do \
		install -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/ || \
			exit 1; done
	ln -sf pacegate.1 $(DESTDIR)$(MANDIR)/man1/git-pacegate.1

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/git-pacegate $(DESTDIR)$(MANDIR)/man1/git-pacegate.1
	rm -f $(DESTDIR)$(BINDIR)/pacegate $(DESTDIR)$(BINDIR)/pacegate-runner
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SHAREDIR)/pacegate
	cd $(DESTDIR)$(SHAREDIR) && rm -f \
		bash-completion/completions/pacegate \
		bash-completion/completions/git-pacegate \
		zsh/site-functions/_pacegate zsh/site-functions/_git-pacegate \
		fish/vendor_completions.d/pacegate.fish \
		fish/vendor_completions.d/git-pacegate.fish \
		fish/vendor_conf.d/git-pacegate.fish
	for page in $(MAN); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done

# The main job on real pushes; the programs are used from where they are built.
demo: deps
	@$(MAKE) -s all
	@PACEGATE_BUILD=$(CURDIR)/$(B) contrib/demo/run

# Everything that fits into some minutes. Ends with `N passed, N failed`.
ASAN = B=build/asan SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' \
       HARDEN= LINKHARDEN= EXTRA=-Wno-format-truncation
SHELL_TESTS = $(sort $(wildcard tests/style/*.sh tests/fuzz/*.sh \
                tests/push/*.sh tests/sandbox/*.sh) \
                tests/host/contract.sh tests/host/faulty.sh)

# As root, tests of the sandbox need the slots' users.
check: deps-check
	@[ "$$(id -u)" != 0 ] || contrib/slot-users 8
	@$(MAKE) -s -j2 all unit $(B)/tests/host/post $(B)/tests/bench/fill \
		$(B)/tests/size/count.so
	@$(MAKE) -s -j2 $(ASAN) unit build/asan/pacegate-shim
	@$(MAKE) -s -j2 $(FUZZ) fuzz-targets
	@PACEGATE_BUILD=$(CURDIR)/$(B) PACEGATE_ASAN=$(CURDIR)/build/asan \
		tests/run $(UNIT) $(UNIT:$(B)/%=build/asan/%) $(SIM) \
		$(SHELL_TESTS)

# Fuzzing of everything that strangers write: FUZZ_SECONDS for each target.
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_TARGETS = $(FUZZ_SRC:%.c=$(B)/%)
FUZZ = B=build/fuzz CC=clang SANITIZE=-fsanitize=address,undefined,fuzzer-no-link \
       HARDEN= LINKHARDEN=
FUZZ_SECONDS ?= 60

$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/librunner.a $(B)/libgate.a
	$(CC) -fsanitize=address,undefined,fuzzer -o $@ $^ $(GATE_LIBS) -lseccomp

fuzz-targets: $(FUZZ_TARGETS)

fuzz: deps-check
	@$(MAKE) -s -j2 $(FUZZ) fuzz-targets
	@tests/fuzz/run $(FUZZ_SECONDS)

bench: deps-check
	@contrib/deps bench
	@$(MAKE) -s all $(B)/tests/size/count.so
	@for script in tests/bench/*.sh; do PACEGATE_BUILD=$(CURDIR)/$(B) \
		$$script || exit 1; done

# The store at its full size; TESTS, COMMITS, SERIES, IMPORT, DIR and KEEP are
# those of tests/bench/store-size.
bench-store-size: deps-check
	@$(MAKE) -s all $(B)/tests/bench/store
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/bench/store-size

# The judge, on recorded series and in the real gate; JUDGE_PAIRS, JUDGE_PLANTED,
# JUDGE_SECONDS, JUDGE_DIR and JUDGE_TABLE are those of tests/bench/judge-gate.
bench-judge: deps-check
	@$(MAKE) -s all
	@mkdir -p $(B)/bench-judge
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/bench/judge-eval.sh | \
		tee $(B)/bench-judge/eval
	@PACEGATE_BUILD=$(CURDIR)/$(B) JUDGE_EVAL=$(B)/bench-judge/eval \
		tests/bench/judge-gate

# The judge's simulations as long as what they promise needs.
JUDGE_SIMULATIONS = $(patsubst tests/unit/%.c,$(B)/tests/unit/%, \
                      $(shell grep -l 'repeats(' tests/unit/test_*.c))
check-long: deps-check
	@$(MAKE) -s -j2 $(JUDGE_SIMULATIONS)
	@JUDGE_LONG=1 TEST_TIMEOUT=3600 tests/run $(JUDGE_SIMULATIONS)

# The hooks at full size: a million commits, 100,000 refs, 50 pushes at once
# (long; SIZE_IMPORT=1 pushes all of it once as well).
check-size: deps-check
	@$(MAKE) -s all $(B)/tests/size/count.so
	@PACEGATE_BUILD=$(CURDIR)/$(B) SIZE_DIR=$(CURDIR)/build/size \
		tests/size/size.sh

# cgroup v2 alone, under user-mode-linux.
check-cgroup2: deps-check
	@contrib/deps uml
	@$(MAKE) -s all
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/run tests/sandbox/cgroup2

# Hosting services, whole: the quick ones of them are in `check`.
check-hosts: deps-check
	@contrib/deps hosts
	@$(MAKE) -s -j2 all $(B)/tests/host/post
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/run $(sort $(wildcard tests/host/*.sh))

# The pool on a real Slurm of 8 nodes, which fail.
check-slurm: deps-check
	@contrib/deps slurm
	@$(MAKE) -s -j2 all
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/run $(sort $(wildcard tests/slurm/*.sh))

# A Slurm of 500 nodes on this machine; FLEET_NODES, FLEET_SECONDS.
bench-fleet: deps-check
	@contrib/deps slurm
	@$(MAKE) -s all $(B)/tests/bench/sleeper
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/bench/fleet

# The pages in a real browser.
check-web: deps-check
	@contrib/deps web
	@$(MAKE) -s -j2 all
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/run tests/web/browser.sh \
		tests/web/feed.sh tests/web/clients.sh tests/web/cgit.sh

# README's pictures, from real runs.
pictures: deps-check
	@contrib/deps web
	@$(MAKE) -s all
	@PACEGATE_BUILD=$(CURDIR)/$(B) contrib/pictures/make $(B)/pictures

# In another root file system, which debootstrap makes.
check-root: deps-check
	@contrib/deps root
	@$(MAKE) -s all
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/run tests/sandbox/root

check-racket: deps-check
	@contrib/deps racket
	@$(MAKE) -s all
	@PACEGATE_BUILD=$(CURDIR)/$(B) tests/run tests/racket/racket.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build

help:
	@echo 'all       build into $(B)/ (the default)'
	@echo 'install   to PREFIX=$(PREFIX), below DESTDIR; uninstall takes it out'
	@echo 'demo      set up, and show the main job on real pushes'
	@echo 'check     set up, and run all tests (some minutes)'
	@echo 'check-hosts   services, faulty ones too, mail, real git servers'
	@echo 'check-long  the judge'"'"'s simulations, as long as its promises need'
	@echo 'check-slurm  sessions on a real Slurm whose nodes fail'
	@echo 'check-size  the hooks on 10^6 commits, 100,000 refs, 1,000 tests (long)'
	@echo 'check-web   the pages in a real browser, Chromium'
	@echo 'pictures  those of README, from real runs, by Chromium'
	@echo 'check-racket  the founding test, in Racket, through a real push'
	@echo 'check-root   the sandbox in another root, which debootstrap makes'
	@echo 'check-cgroup2 the sandbox on cgroup v2, under user-mode-linux'
	@echo 'fuzz      every parser of strangers'"'"' text, FUZZ_SECONDS=60 each'
	@echo 'bench-judge  false alarms and slowdowns found, in the real gate (long)'
	@echo 'bench-fleet  sessions on a real Slurm of 500 nodes, all on this machine'
	@echo 'bench     figures, as ratios side by side'
	@echo 'bench-store-size  400 million points: 25 GB of disk, an hour'
	@echo 'format    clang-format over every source'

.PHONY: all unit fuzz-targets fuzz deps deps-check install uninstall demo check bench \
	check-hosts check-slurm bench-fleet check-web pictures check-racket check-root check-cgroup2 check-long check-size bench-judge bench-store-size format clean help
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
