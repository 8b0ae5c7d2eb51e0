# decode-rapl: watts without a power counter.  `make help` lists the targets.

comma   := ,
MODE    ?= $(if $(SAN),san-$(subst $(comma),-,$(SAN)),$(if $(DEV),dev,release))
BUILD   ?= build/$(MODE)
PREFIX  ?= /usr/local
DESTDIR ?=
DATA    ?= ../shared/data/jvm-powerstat
FUZZ_TIME ?= 60
JOBS    ?= $(shell nproc)
Q       := $(if $(V),,@)

# CFLAGS, CPPFLAGS and LDFLAGS are the user's; what the code needs is in OURS.
CFLAGS  ?= -O2 -g
OURS    := -std=gnu11 -D_GNU_SOURCE -I. -pthread -include common/base/banned.h \
           -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -fno-math-errno -I$(BUILD)
LIBS    := -Wl,--as-needed -lzstd -lz -lcsv -lyaml -lmd -lprotobuf-c -lopenblas -lncursesw -ltinfo -lm
ifneq ($(wildcard /usr/include/openblas/cblas.h),)
OURS    += -isystem /usr/include/openblas
endif
ifdef DEV
OURS    += -Werror -Wconversion -Wno-sign-conversion -Wformat=2
endif
ifdef SAN
OURS    += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif
FUZZER  := $(findstring fuzzer,$(SAN))

TOOLS   := $(sort $(patsubst tools/%.c,%,$(wildcard tools/*.c)))
SRC     := $(sort $(wildcard common/*/*.c formats/*.c)) formats/onnx.pb-c.c
UNITS   := $(sort $(patsubst tests/%.c,%,$(wildcard tests/unit/*.c)))
FUZZES  := $(sort $(patsubst tests/%.c,%,$(wildcard tests/fuzz/fuzz-*.c)))
BENCHES := $(sort $(patsubst tests/%.c,%,$(wildcard tests/bench/bench-*.c)))
HELPERS := $(addprefix $(BUILD)/bench/,make-samples cost recompress)
TESTS   ?= $(sort $(wildcard tests/cli/*/*.t tests/pipe/*.t tests/lint/*.t \
           tests/bad/*.t tests/fault/*.t tests/fuzz/*.t)) $(UNITS:%=$(BUILD)/%)
STATIC  := rapl-sample rapl-window rapl-infer rapl-dump
HAS_A   := $(filter /%,$(shell $(CC) -print-file-name=libzstd.a))
LIB     := $(BUILD)/librapl.a
BIN     := $(TOOLS:%=$(BUILD)/bin/%)
LINK     = mkdir -p $(@D) && $(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^

all: $(BIN) $(BUILD)/share/decode-rapl ## the programs, in $(BUILD)/bin

# So that they find the default model as if they were installed.
$(BUILD)/share/decode-rapl:
	@mkdir -p $@ && ln -sfn $(abspath checkpoints) $@/checkpoints

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(OURS) $(CFLAGS) $(CPPFLAGS)' | cmp -s - $@ || \
	echo '$(CC) $(OURS) $(CFLAGS) $(CPPFLAGS)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

vpath %.pb-c.c $(BUILD)
$(BUILD)/formats/onnx.o: $(BUILD)/formats/onnx.pb-c.c
$(BUILD)/formats/onnx.pb-c.c: formats/onnx.proto
	@mkdir -p $(@D)
	$(Q)protoc-c --c_out=$(BUILD) $<

$(LIB): $(SRC:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(LIB)
	$(Q)$(LINK) $(LIBS)

$(BUILD)/%: $(BUILD)/tests/%.o $(LIB)
	$(Q)$(LINK) $(LIBS) $(if $(filter $(BUILD)/unit/%,$@),-lcmocka)

# A fuzz target is linked with libFuzzer, or with a main that replays files.
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIB) \
                 $(if $(FUZZER),,$(BUILD)/tests/fuzz/replay.o)
	$(Q)$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) $(LIBS)

$(BUILD)/bin/rapl-export: LIBS += -lmicrohttpd

static: $(STATIC:%=$(BUILD)/static/%) ## sampling to predicting without shared libraries
$(BUILD)/static/%: $(BUILD)/tools/%.o $(LIB)
	$(Q)$(LINK) -static $(LIBS)

$(BUILD)/fault.so: tests/fault/fault.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -fPIC -shared -o $@ $<

units: $(UNITS:%=$(BUILD)/%)    ## the unit tests, in $(BUILD)/unit
replays: $(FUZZES:%=$(BUILD)/%)
tests: all units replays $(BUILD)/bench/make-samples $(if $(SAN),,\
       $(BUILD)/fault.so $(if $(HAS_A),$(BUILD)/static/rapl-sample))

check: tests                    ## every test; TESTS="tests/cli/..." for some
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP BUILD="$(abspath $(BUILD))" CC="$(CC)" \
	prove -e '' -j $(JOBS) $(PROVE_FLAGS) $(TESTS)

check-long: check               ## and under both sanitizers, and fuzzing
	$(Q)LONG=1 $(MAKE) check SAN=address,undefined
	$(Q)LONG=1 $(MAKE) check SAN=thread
	$(Q)$(MAKE) fuzz check-packages

check-layers check-headers check-format check-style check-man: ## one lint
	$(Q)CC="$(CC)" prove -v -e '' tests/lint/$(@:check-%=%).t

check-fresh:                    ## both commands in a bare Debian (as root)
	$(Q)sh tests/fresh
check-vm: all static            ## a real kernel with energy, in an emulated machine
	$(Q)BUILD="$(abspath $(BUILD))" prove -v -e '' tests/vm/vm.t
check-golden:                   ## are the recordings what PyTorch does?
	$(Q)$${PYTHON:-/usr/bin/python3} tests/golden/make_golden.py --check

analyze:                        ## clang's static analyzer
	$(Q)scan-build --use-cc=clang --status-bugs -o build/analyze \
	$(MAKE) -B BUILD=build/analyze/objects all

fuzz:                           ## each fuzz target for FUZZ_TIME seconds
	$(Q)$(MAKE) CC=clang SAN=fuzzer-no-link,address,undefined replays
	$(Q)sh tests/fuzz/run build/san-fuzzer-no-link-address-undefined/fuzz \
	$(FUZZ_TIME)

bench bench-models bench-sample: all $(BENCHES:%=$(BUILD)/%) $(HELPERS) ## figures
	$(Q)BUILD="$(abspath $(BUILD))" sh tests/bench/run \
	$(if $(filter %models,$@),bench-nn bench-memory) \
	$(if $(filter %sample,$@),$@ $(addprefix $@-,floor signals levels))

experiment report default-model calibration servers headline trial choice: all ## from DATA: pipelines/NAME.mk
	$(Q)+$(MAKE) -f pipelines/$@.mk BIN=$(BUILD)/bin DATA=$(DATA)

include pipelines/place.mk      # install, uninstall

format:                         ## clang-format every C file in place
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:                          ## remove build/
	rm -rf build

help:                           ## this list
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## /{printf "%-14s %s\n",$$1,$$2}' Makefile pipelines/place.mk
	@echo; echo 'DEV=1 warnings are errors   SAN=address,undefined or thread'
	@echo 'V=1 shows the commands      CC=clang, CFLAGS, PREFIX, DESTDIR: yours'

.PHONY: all static units replays tests check check-long check-layers check-headers \
        check-format check-style check-man check-fresh check-vm check-golden analyze fuzz \
        bench bench-models bench-sample experiment report default-model calibration servers headline trial choice format clean help FORCE
.SECONDARY .DELETE_ON_ERROR:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
