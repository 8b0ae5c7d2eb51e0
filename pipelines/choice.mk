# What choosing runs is worth: models of the runs that `stress-sweep next` chose,
# beside models of as many runs drawn at random, and of all 2,025, on a made-up
# machine whose law is known (pipelines/simulated-sweep).
#
#     make -j2 choice
#
# All are scored on the same 2,025 combinations, recorded a second time.  The
# first runs are drawn at random, DRAWS times: of all, and of those without the
# cpu stressor, as a sweep would leave them that was stopped early.  A draw that
# is there is not made again.

BIN      ?= build/release/bin
OUT      ?= build/choice
DRAWS    ?= 6
FAMILIES ?= gbdt v3
# How many runs, the first of which are any, or of no cpu stressor.
SIZES_any  ?= 24 50 100 200
SIZES_cpu0 ?= 100 110 125 150 200
STARTS     := any cpu0

SWEEP := configs/sweep-original.yaml
DRAWN  = $(foreach d,$(shell seq $(DRAWS)),$(OUT)/$1-$d.tsv)

all: $(OUT)/table.md

$(OUT)/names: $(SWEEP)
	@mkdir -p $(OUT)/runs
	@$(BIN)/stress-sweep plan --list --cpus 20 --format tsv $< | tail -n +2 | \
	    cut -f 1 >$@

# Two recordings of each run, the second for the score alone.
$(OUT)/recorded: $(OUT)/names pipelines/simulated-sweep
	@sh pipelines/simulated-sweep $(OUT)/first 1 <$<
	@sh pipelines/simulated-sweep $(OUT)/second 2 <$<
	@while read -r name; do \
	    $(BIN)/rapl-import -q -l run=@name -l cpus=20 \
	        -o $(OUT)/runs/$$name.rapl $(OUT)/first/$$name.csv || exit; done <$<
	@$(BIN)/rapl-import -q -l run=@name -l cpus=20 -o $(OUT)/again.rapl \
	    $(OUT)/second/*.csv
	@rm -r $(OUT)/first $(OUT)/second
	@touch $@

start = $(firstword $(subst -, ,$*))
draw  = $(lastword $(subst -, ,$*))

$(OUT)/%.tsv: $(OUT)/recorded pipelines/choose-runs
	sh pipelines/choose-runs $(BIN) $(OUT) $(start) $(draw) "$(SIZES_$(start))" \
	    "$(FAMILIES)"

# Means over the draws, and the standard error of the difference in MAE.
$(OUT)/table.md: $(foreach s,$(STARTS),$(call DRAWN,$s)) pipelines/choice-table
	@{ $(foreach s,$(STARTS),echo "First runs: $s." && \
	    sh pipelines/choice-table $(call DRAWN,$s) &&) :; } >$@
	@cat $@

.PHONY: all
.DELETE_ON_ERROR:
.SECONDARY:
