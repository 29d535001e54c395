# Twinkly's build. `make help` lists the targets; V=1 shows the commands.
#
#   MODE    release (default) | debug; SAN=address,undefined or SAN=thread adds sanitizers
#   PREFIX  where `make install` puts things (/usr/local); DESTDIR is honoured

MODE    ?= release
SAN     ?=
V       ?= 0
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
PYTHON  ?= /usr/bin/python3
# Of `make fuzz`
SECONDS ?= 10
ONLY    ?= *
FUZZ_CC ?= clang

comma   := ,
VARIANT := $(MODE)$(if $(SAN),-$(subst $(comma),-,$(SAN)))
OBJ     := build/$(VARIANT)
# The release build is what a user runs: build/bin. Others keep theirs beside their objects.
BIN     := $(if $(filter release,$(VARIANT)),build/bin,$(OBJ)/bin)

# Rooms from the ground up; each may use only those before it (docs/ARCHITECTURE.md, make lint).
ROOMS    := base wire schema diffengine report replay capture
PROGRAMS := twinkly-capture twinkly-replay twinkly-report twinkly-trace

VERSION := $(shell cat VERSION)
COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

PACKAGES := libpq openssl sqlite3 libpcre2-8 libuv libmicrohttpd libcjson libzstd
TEST_PACKAGES := cmocka

WARN := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wcast-qual -Wswitch-enum
CPPFLAGS += -I. -I$(OBJ)/gen -D_GNU_SOURCE -DTWINKLY_VERSION='"$(VERSION)"'
OPT_release := -O2 -g -D_FORTIFY_SOURCE=2
OPT_debug   := -O1 -g -fno-omit-frame-pointer
OPT_cover   := -O0 -g --coverage
OPT      := $(if $(SAN),$(OPT_debug) -fsanitize=$(SAN) -fno-sanitize-recover=undefined,$(OPT_$(MODE)))
CFLAGS_ALL = -std=c11 $(OPT) $(WARN) -fPIE -fstack-protector-strong -MMD -MP \
	$(shell pkg-config --cflags $(PACKAGES)) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) \
	$(if $(filter cover,$(MODE)),--coverage) $(LDFLAGS)
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lcsv -lpg_query -lm -lpthread

ifeq ($(V),0)
Q = @
say = @printf '  %-5s %s\n' $(1) $(2);
endif

MAINS   := $(wildcard $(ROOMS:%=%/main.c) $(ROOMS:%=%/*_main.c))
SOURCES := $(filter-out $(MAINS),$(wildcard $(ROOMS:%=%/*.c)))
HEADERS := $(wildcard $(ROOMS:%=%/*.h))
TESTS   := $(wildcard tests/unit/*/*_test.c)
objects  = $(patsubst %.c,$(OBJ)/%.o,$(filter $(1)/%,$(SOURCES)))

# What a room's unit tests link: its own archive and those below it.
libs_base       := base
libs_wire       := wire base
libs_schema     := schema base
libs_diffengine := diffengine wire base
libs_report     := report diffengine schema wire base
libs_replay     := replay diffengine schema wire base
libs_capture    := capture diffengine schema wire base
archives = $(patsubst %,$(OBJ)/lib%.a,$(libs_$(1)))

.PHONY: FORCE all help deps deb build-tests unit build-fuzzers corpus fuzz peer e2e bench check check-regress check-truth soak cover cover-tests analyze lint format demo clean install uninstall
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS:%=$(BIN)/%) ## build the programs into build/bin

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

# --- objects, archives, programs -------------------------------------------------------------

$(OBJ)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -c -o $@ $<

$(OBJ)/gen/version_commit.h: FORCE
	@mkdir -p $(@D)
	@echo '#define TWINKLY_COMMIT "$(COMMIT)"' | cmp -s - $@ || \
		echo '#define TWINKLY_COMMIT "$(COMMIT)"' > $@
$(OBJ)/base/options.o: $(OBJ)/gen/version_commit.h

# The schema is one readable SQL file; the program carries it as a string.
$(OBJ)/gen/trace_sql.h: schema/trace.sql tests/lint/embed
	@mkdir -p $(@D)
	$(call say,EMBED,$<)tests/lint/embed trace_sql < $< > $@
$(OBJ)/schema/trace_open.o: $(OBJ)/gen/trace_sql.h

$(OBJ)/gen/report_assets.h: report/report.css report/report.js tests/lint/embed
	@mkdir -p $(@D)
	$(call say,EMBED,$@)(tests/lint/embed report_css < report/report.css; \
		tests/lint/embed report_js < report/report.js) > $@
$(OBJ)/report/html.o: $(OBJ)/gen/report_assets.h

RULE_PACKS := diffengine/packs/yugabytedb.conf diffengine/packs/postgresql-major.conf
$(OBJ)/gen/rule_packs.h: $(RULE_PACKS) tests/lint/embed
	@mkdir -p $(@D)
	$(call say,EMBED,$@)(tests/lint/embed pack_yugabytedb < diffengine/packs/yugabytedb.conf; \
		tests/lint/embed pack_postgresql_major < diffengine/packs/postgresql-major.conf) > $@
$(OBJ)/diffengine/rules.o: $(OBJ)/gen/rule_packs.h

define room_rules
$(OBJ)/lib$(1).a: $$(call objects,$(1))
	@rm -f $$@
	$$(call say,AR,$$@)ar rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))

define program_rules
$(BIN)/twinkly-$(1): $(OBJ)/$(2).o $$(call archives,$(patsubst %/,%,$(dir $(2))))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LIBS)
endef
$(eval $(call program_rules,capture,capture/main))
$(eval $(call program_rules,replay,replay/main))
$(eval $(call program_rules,report,report/main))
$(eval $(call program_rules,trace,replay/trace_main))

# --- tests -----------------------------------------------------------------------------------

define test_rules
$(OBJ)/$(1:%.c=%): $(OBJ)/$(1:%.c=%.o) $$(call archives,$(word 3,$(subst /, ,$(1))))
	$$(call say,LD,$$@)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LIBS) \
		$$(shell pkg-config --libs $(TEST_PACKAGES))
endef
$(foreach test,$(TESTS),$(eval $(call test_rules,$(test))))

# Its allocations fail one by one.
$(OBJ)/tests/unit/diffengine/no_memory_test: LDFLAGS += \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

build-tests: $(TESTS:%.c=$(OBJ)/%) ## build the unit tests

unit: build-tests ## run the unit tests of this build
	@tests/run-unit $(TESTS:%.c=$(OBJ)/%)

# The scripted server of tests/e2e/test_peer.py stands beside the programs that it tests.
PEER_OBJECTS := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/peer/*.c))
$(BIN)/tests/scripted-peer: $(PEER_OBJECTS) $(OBJ)/libwire.a $(OBJ)/libbase.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^

# Harnesses of tests/fuzz: linked with libFuzzer where SAN says so, else with feed.c.
HARNESSES := $(filter-out tests/fuzz/feed.c,$(wildcard tests/fuzz/*.c))
FUZZERS   := $(HARNESSES:tests/fuzz/%.c=$(OBJ)/fuzz/%)
FEED      := $(if $(findstring fuzzer,$(SAN)),,$(OBJ)/tests/fuzz/feed.o)
define harness_rules
$(OBJ)/fuzz/$(1): $(OBJ)/tests/fuzz/$(1).o $(FEED) $$(call archives,$(firstword $(subst _, ,$(1))))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$$(CC) $$(LDFLAGS_ALL) $(if $(FEED),,-fsanitize=fuzzer) -o $$@ $$^ \
		$$(LIBS) $$(shell pkg-config --libs $(TEST_PACKAGES))
endef
$(foreach harness,$(HARNESSES:tests/fuzz/%.c=%),$(eval $(call harness_rules,$(harness))))

build-fuzzers: $(FUZZERS) ## build the fuzz harnesses

corpus: build-fuzzers ## play the fuzz corpora through the harnesses of this build
	@tests/run-unit $(FUZZERS)

fuzz: ## fuzz each entry for SECONDS (10), or ONLY=PATTERN; what fails joins its corpus
	@tests/deps --fuzz
	@$(MAKE) --no-print-directory CC="$(FUZZ_CC)" MODE=debug \
		SAN=fuzzer-no-link,address,undefined build-fuzzers
	@tests/fuzz/run build/debug-fuzzer-no-link-address-undefined/fuzz $(SECONDS) '$(ONLY)'

peer: $(BIN)/tests/scripted-peer ## build the scripted server of the end-to-end tests

e2e: all peer ## run the end-to-end tests on servers that they start themselves
	@$(PYTHON) tests/e2e/run.py --bin $(BIN)

soak: all ## ten times the load of the end-to-end tests: sessions, connections, exchanges
	@TWINKLY_SOAK=10 $(PYTHON) tests/e2e/run.py --bin $(BIN) --only load.

bench: all ## measure what the proxy costs, on servers that it starts itself (4 minutes)
	@mkdir -p $(OBJ)/bench
	$(call say,LD,$(OBJ)/bench/untraced)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) \
		-Wl,--wrap=record_statement,--wrap=record_part,--wrap=record_exchange \
		-o $(OBJ)/bench/untraced tests/bench/untraced.c $(OBJ)/capture/main.o \
		$(call archives,capture) $(LIBS)
	@$(PYTHON) tests/bench/run --bin $(BIN) --untraced $(OBJ)/bench/untraced

# check builds a second tree with sanitizers, so that build/bin stays what a user runs.
check: ## install what is missing, build with sanitizers, run every test
	@tests/deps --tests
	@$(MAKE) --no-print-directory all
	@tests/check

# Not part of check: it needs the network, for Debian's source package of PostgreSQL.
check-regress: all ## PostgreSQL's own regression suite through the proxy (3 minutes)
	@tests/deps --regress
	@$(PYTHON) tests/regress/run --bin $(BIN)

# The lines of these rooms that their unit tests run, all together.
COVER_ROOMS := base wire schema diffengine
COVER_TESTS := $(COVER_ROOMS:%=tests/unit/%/*_test.c)
cover: ## lines that the unit tests run, by room (build/cover)
	@rm -f $(COVER_ROOMS:%=build/cover/%/*.gcda)
	@$(MAKE) --no-print-directory MODE=cover SAN= cover-tests
	@tests/cover/table build/cover $(COVER_ROOMS)

cover-tests: $(patsubst %.c,$(OBJ)/%,$(wildcard $(COVER_TESTS)))
	@tests/run-unit $^

analyze: ## cppcheck and gcc -fanalyzer over the product
	@tests/deps --analyze
	@$(MAKE) --no-print-directory all
	@tests/analyze/run $(OBJ)/gen

# Empty: a seed by chance, which is printed, and as many changes as a run of check has.
SEED ?=
N    ?=
check-truth: all ## is the verdict true? N changed answers of random traffic (SEED=, N=)
	@$(PYTHON) tests/truth/run --bin $(BIN) $(if $(SEED),--seed $(SEED)) $(if $(N),--count $(N))

lint: ## arrows between folders, banned functions, lengths, keys, layout
	@tests/deps --tests
	@$(MAKE) --no-print-directory all
	@tests/lint/lint

deps: ## install the Debian packages that build and tests need (root or sudo)
	@tests/deps --tests

.PHONY: check-browser
# Skips, and says so, where there is no Chromium; part of e2e and check as well.
check-browser: all ## the HTML report in a headless Chromium
	@$(PYTHON) tests/e2e/run.py --bin $(BIN) --only 'browser.*'

demo: ## show what Twinkly is for, on two throw-away PostgreSQL servers
	@tests/deps --demo
	@$(MAKE) --no-print-directory all
	@tests/demo/run

format: ## lay out every source file
	clang-format -i $(SOURCES) $(MAINS) $(HEADERS) $(TESTS) $(wildcard tests/unit/*.h tests/peer/*.[ch] tests/fuzz/*.[ch])

# --- what a package holds --------------------------------------------------------------------

MAN   := $(PROGRAMS:%=$(OBJ)/man/%.1) $(OBJ)/man/twinkly.conf.5
SHARE := $(DESTDIR)$(PREFIX)/share

# The pages and the completion are made from the programs' own option tables.
$(OBJ)/man/%.1: $(BIN)/% docs/install/man-page
	@mkdir -p $(@D)
	$(call say,MAN,$@)docs/install/man-page $(BIN) $* | scdoc > $@

$(OBJ)/man/twinkly.conf.5: $(BIN)/twinkly-capture docs/install/man-page
	@mkdir -p $(@D)
	$(call say,MAN,$@)docs/install/man-page $(BIN) conf | scdoc > $@

$(OBJ)/completion: $(PROGRAMS:%=$(BIN)/%) docs/install/completion
	$(call say,GEN,$@)docs/install/completion $(BIN) > $@

install: all $(MAN) $(OBJ)/completion ## install under DESTDIR/PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/doc/twinkly $(SHARE)/twinkly/packs \
		$(SHARE)/man/man1 $(SHARE)/man/man5 $(SHARE)/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/lib/systemd/system
	install $(PROGRAMS:%=$(BIN)/%) docs/install/twinkly $(DESTDIR)$(PREFIX)/bin
	install -m 644 README.md LICENSE twinkly.conf $(wildcard docs/*.md) $(SHARE)/doc/twinkly
	install -m 644 $(RULE_PACKS) $(SHARE)/twinkly/packs
	install -m 644 $(OBJ)/man/*.1 $(SHARE)/man/man1
	install -m 644 $(OBJ)/man/*.5 $(SHARE)/man/man5
	install -m 644 $(OBJ)/completion $(SHARE)/bash-completion/completions/twinkly
	for program in $(PROGRAMS); do \
		ln -sf twinkly $(SHARE)/bash-completion/completions/$$program; done
	sed 's|@PREFIX@|$(PREFIX)|' docs/install/twinkly.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/twinkly.service

uninstall: ## take away what install put there
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(PREFIX)/bin/twinkly \
		$(PROGRAMS:%=$(SHARE)/man/man1/%.1) $(SHARE)/man/man5/twinkly.conf.5 \
		$(PROGRAMS:%=$(SHARE)/bash-completion/completions/%) \
		$(SHARE)/bash-completion/completions/twinkly \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/twinkly.service
	rm -rf $(SHARE)/doc/twinkly $(SHARE)/twinkly

DEB := build/twinkly_$(VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb
deb: ## a Debian package in build/
	@tests/deps --deb
	@rm -rf $(OBJ)/deb
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(OBJ))/deb PREFIX=/usr >/dev/null
	@docs/install/build-deb $(abspath $(OBJ))/deb $(VERSION) $(DEB)
	@echo $(DEB)

clean: ## remove build/
	rm -rf build

-include $(wildcard $(OBJ)/*/*.d $(OBJ)/tests/peer/*.d $(OBJ)/tests/fuzz/*.d $(OBJ)/tests/unit/*/*.d)
