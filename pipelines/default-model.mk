# The model that is shipped: trained on powerstat logs at 1 s, from what every
# guest can see, with a card that says how wrong it is.
#
#     make default-model DATA=../shared/data/jvm-powerstat
#
# One feature, the number of busy CPUs: it crosses machine sizes, and of the
# feature sets tried it lost least on workloads held out (doc/default-model.md).

BIN   ?= build/release/bin
DATA  ?= ../shared/data/jvm-powerstat
OUT   ?= build/default-model
SEED  ?= 42
MODEL := checkpoints/default.ckpt
CARD  := checkpoints/default.md
EXPERIMENT := GRID=$(OUT)/busy_cpus.grid OUT=$(OUT) BIN=$(BIN) DATA=$(DATA)

all: $(CARD)

# What the card says of held-out data comes from models trained without them.
$(OUT)/table.md: $(OUT)/busy_cpus.grid $(wildcard $(DATA)/*/*.txt)
	+$(MAKE) -f pipelines/experiment.mk $(EXPERIMENT)

# A straight line over one sample of those features, under every split.
$(OUT)/%.grid:
	@mkdir -p $(@D)
	@printf 'linear-d1 linear $* 1 1 %s - -\n' 'run 1,2,3,4,5' \
	    'shuffle,leave:workload,leave:session $(SEED)' >$@

# The model itself learns from nine runs in ten of every workload.
$(OUT)/final.windows: $(OUT)/table.md
	$(BIN)/rapl-window -q --features busy_cpus -d 1 -t 1 --seed $(SEED) \
	    --split run --ratios 90,10,0 -o $@ $(OUT)/samples.rapl

$(MODEL): $(OUT)/final.windows
	$(BIN)/rapl-train -q -c configs/linear.yaml --seed $(SEED) -o $@ $<

$(CARD): $(MODEL) pipelines/model-card
	sh pipelines/model-card $(BIN) $(MODEL) $(OUT) >$@.part
	@mv $@.part $@

# How its features were chosen: the same experiment for each candidate.
CANDIDATES := busy_cpus seed4 portable
choice: $(CANDIDATES:%=$(OUT)/choice-%/table.md)
	@for f in $(CANDIDATES); do echo "$$f"; cat $(OUT)/choice-$$f/table.md; done

$(OUT)/choice-%/table.md: $(OUT)/%.grid
	+@$(MAKE) -s -f pipelines/experiment.mk GRID=$< OUT=$(OUT)/choice-$* \
	    BIN=$(BIN) DATA=$(DATA) >/dev/null

.PHONY: all choice
.DELETE_ON_ERROR:
