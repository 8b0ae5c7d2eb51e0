# decode-rapl: watts without a power counter.  `make help` lists the targets.

MODE    ?= release
BUILD   ?= build/$(MODE)
PREFIX  ?= /usr/local
DESTDIR ?=
DATA    ?= ../shared/data/jvm-powerstat

CFLAGS  ?= -O2 -g
OURS    := -std=gnu11 -D_GNU_SOURCE -I. -pthread -include common/base/banned.h \
           -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -fno-math-errno
ifdef DEV
OURS    += -Werror -Wconversion -Wno-sign-conversion -Wformat=2
endif
ifdef SAN
OURS    += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
MODE    := san-$(subst $(comma),-,$(SAN))
endif
comma   := ,
Q       := $(if $(V),,@)
LIBS    := -Wl,--as-needed -lzstd -lz -lcsv -lyaml -lmd -lopenblas -lm

TOOLS   := $(sort $(patsubst tools/%.c,%,$(wildcard tools/*.c)))
SRC     := $(sort $(wildcard common/*/*.c formats/*.c))
UNITS   := $(sort $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c)))
LIB     := $(BUILD)/librapl.a
BIN     := $(TOOLS:%=$(BUILD)/bin/%)

all: $(BIN)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(SRC:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

units: $(UNITS:%=$(BUILD)/unit/%)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build

.PHONY: all units format clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
