# What calibration gives: workloads that a model never saw, predicted without
# any knowledge of the session, by two wattages, by a minute of other work, and by
# five minutes of the very recording.
#
#     make -j2 calibration DATA=../shared/data/jvm-powerstat
#
# DATA is a folder of powerstat logs, one folder a workload.  For each workload
# in turn a physical model is trained on all others and calibrated once for each
# session (pipelines/sessions) that the workload was recorded in; what it is
# calibrated by is drawn from recordings that are not scored
# (pipelines/calibrate-left-out says how).  A result that is there is not made
# again, and -j runs the workloads side by side.

BIN       ?= build/release/bin
DATA      ?= ../shared/data/jvm-powerstat
OUT       ?= build/calibration
CPUS      ?= 24
DRAWS     ?= 6
BOOTSTRAP ?= 1000

LOGS      := $(wildcard $(DATA)/*/*.txt)
WORKLOADS := $(sort $(notdir $(patsubst %/,%,$(dir $(LOGS)))))
HOWS      := zero anchors meter sweep mixed same

all: $(OUT)/table.md

$(OUT)/sessions.tsv: pipelines/sessions $(LOGS)
	@mkdir -p $(OUT)
	@sh pipelines/sessions $(LOGS) >$@.part
	@mv $@.part $@

# The logs of a workload, each a stream; logs without a reading have no session.
$(OUT)/%.imported: $(OUT)/sessions.tsv
	@mkdir -p $(OUT)/$*
	@awk -F '\t' '$$2 ~ "/$*/[^/]*$$"' $< | while read -r session file; do \
	    name=$$(basename "$$file" .txt); \
	    $(BIN)/rapl-import -q --from powerstat -l workload=@dir -l run=@name \
	        -l cpus=$(CPUS) -l session="$$session" \
	        -o "$(OUT)/$*/$$session.$$name.rapl" "$$file" && \
	    $(BIN)/rapl-window -q --features busy_cpus -d 1 \
	        -o "$(OUT)/$*/$$session.$$name.win" \
	        "$(OUT)/$*/$$session.$$name.rapl" || exit; done
	@touch $@

IMPORTED := $(WORKLOADS:%=$(OUT)/%.imported)

$(OUT)/%.ckpt: $(IMPORTED)
	cat $(OUT)/*/*.rapl | $(BIN)/rapl-window -q --features busy_cpus -d 1 \
	    --split leave:workload=$* --ratios 100,0,0 | \
	    $(BIN)/rapl-train -q -c configs/physical.yaml -o $@.part
	@mv $@.part $@

# Beside it <workload>.<how>.rapl, predictions of each way of calibrating.
$(OUT)/%.predicted: $(OUT)/%.ckpt pipelines/calibrate-left-out
	sh pipelines/calibrate-left-out $(BIN) $(OUT) $* $(DRAWS)
	@touch $@

$(OUT)/ceiling.txt: $(IMPORTED) pipelines/session-ceiling
	sh pipelines/session-ceiling $(BIN) $(OUT) >$@.part
	@mv $@.part $@

SCORED := $(foreach h,$(HOWS),$(WORKLOADS:%=$(OUT)/%.$h.rapl))
SCORE  := $(BIN)/rapl-score -q --part all --format md

$(OUT)/table.md: $(WORKLOADS:%=$(OUT)/%.predicted) $(OUT)/ceiling.txt
	{ sh pipelines/calibrate-left-out --sizes $(OUT) && \
	  cat $(OUT)/ceiling.txt && echo && \
	  $(SCORE) --bootstrap $(BOOTSTRAP) --columns \
	      r2,mae,bias,coverage,width $(SCORED) && echo && \
	  $(SCORE) --by workload --columns \
	      r2,mae,bias,coverage,width,idle_bias \
	      $(SCORED); } >$@.part
	@mv $@.part $@
	@cat $@

.PHONY: all
.DELETE_ON_ERROR:
.SECONDARY:
