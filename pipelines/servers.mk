# A server that a model never saw: trained on the others of a set, predicted as
# it is, by two wattages, by 2 and by 5 minutes of labels; and CloudSuite from
# micro-benchmarks.
#
#     make -j2 servers SERVERS=../shared/data/bsc-wall
#
# SERVERS is a folder of servers, each with CSV in micro/ and validation/ that
# configs/map-bsc-wall.yaml describes: watts at the wall, every 10 s where they
# were taken more often too.  How many CPUs a server has is not told; loads are
# shares all the same, and each is taken to have 24.
#
#   zero, anchors, labels2, labels5   the server is left out.  Its wattages are
#       those of its idle rows and of its rows with four fifths of the CPUs busy;
#       its labels 12 and 30 rows of 10 s, in equal parts from each load.  These
#       rows are of the recordings that are scored, as a meter's would be.
#   adv   as zero, but by configs/adv.yaml on 25 delays of four features, which
#       may not tell the servers apart; its windows are 24 fewer a recording.
#   laptop, laptop-idle, laptop-full   another make of machine: a model of the
#       laptop whose powerstat logs DATA holds, one folder a workload, by means of
#       10 s; no server is in it.  It is stretched to the wattages of `anchors`:
#       both, or one of them.  Left out where there are no logs.
#   laptop-micro   as micro-same below, but from the laptop's model.
#   micro, micro-same   CloudSuite, from the micro-benchmarks of all servers; and
#       calibrated by those of its own server, 60 rows.  The other servers'
#       CloudSuite is not used.

BIN     ?= build/release/bin
SERVERS ?= ../shared/data/bsc-wall
DATA    ?= ../shared/data/jvm-powerstat
OUT     ?= build/servers
CPUS    := 24
BOOTSTRAP ?= 1000

FOUND   := $(notdir $(patsubst %/,%,$(dir $(wildcard $(SERVERS)/*/validation))))
ALL     := $(FOUND:%=$(OUT)/%.windows)
EPOCHS  ?= 10
SEED    ?= 42
THREADS ?= 1
LOGS    := $(wildcard $(DATA)/*/*.txt)
HOWS    := zero anchors labels2 labels5 adv micro micro-same \
           $(if $(LOGS),laptop laptop-idle laptop-full laptop-micro)
MADE    := $(foreach h,$(HOWS),$(FOUND:%=$(OUT)/%.$h.rapl))
WINDOW  := $(BIN)/rapl-window -q --features busy_cpus -d 1 --interval 10s
TRAIN   := $(BIN)/rapl-train -q -c configs/physical.yaml
INFER   := $(BIN)/rapl-infer -q --format stream
CALIBRATE := $(BIN)/rapl-calibrate -q

all: $(OUT)/table.md

# Beside it those of micro/ and validation/, by themselves.
$(ALL): $(OUT)/%.windows: configs/map-bsc-wall.yaml
	@mkdir -p $(OUT)
	for suite in micro validation; do \
	    $(BIN)/rapl-import -q --map $< -l machine=$* -l session=$* \
	        -l workload=@name -l run=@name -l cpus=$(CPUS) \
	        -o $(OUT)/$*.$$suite.samples $(SERVERS)/$*/$$suite/*.csv && \
	    $(WINDOW) -o $(OUT)/$*.$$suite.win $(OUT)/$*.$$suite.samples || \
	    exit; done
	cat $(OUT)/$*.micro.win $(OUT)/$*.validation.win >$@

$(FOUND:%=$(OUT)/%.ckpt): $(OUT)/%.ckpt: $(ALL)
	$(TRAIN) -o $@ $(filter-out $(OUT)/$*.windows,$(ALL))

$(OUT)/micro.ckpt: $(ALL)
	$(TRAIN) -o $@ $(FOUND:%=$(OUT)/%.micro.win)

$(OUT)/%.zero.rapl: $(OUT)/%.ckpt
	$(INFER) --name zero -o $@ $< $(OUT)/$*.windows

$(OUT)/%.anchors.rapl: $(OUT)/%.ckpt pipelines/wattages
	$(CALIBRATE) --cpus $(CPUS) $$(sh pipelines/wattages $(BIN) $(CPUS) .8 \
	    $(OUT)/$*.windows) -o $(OUT)/$*.anchors.ckpt $<
	$(INFER) --name anchors -o $@ $(OUT)/$*.anchors.ckpt $(OUT)/$*.windows

$(OUT)/laptop.ckpt: pipelines/sessions $(LOGS)
	@mkdir -p $(OUT)
	sh pipelines/sessions $(LOGS) | while read -r session file; do \
	    $(BIN)/rapl-import -q --from powerstat -l workload=@dir -l run=@name \
	        -l cpus=24 -l session="$$session" "$$file" || exit; done | \
	    $(WINDOW) | $(TRAIN) -o $@

# $2 takes what is known from a line of --idle and --full.
define laptop
$(OUT)/%.$1.rapl: $(OUT)/laptop.ckpt $(ALL) pipelines/wattages
	$(CALIBRATE) --cpus $(CPUS) $$$$(sh pipelines/wattages $(BIN) $(CPUS) .8 \
	    $(OUT)/$$*.windows | sed '$2') -o $(OUT)/$$*.$1.ckpt $$<
	$(INFER) --name $1 -o $$@ $(OUT)/$$*.$1.ckpt $(OUT)/$$*.windows
endef
$(eval $(call laptop,laptop,))
$(eval $(call laptop,laptop-idle,s/--full.*//))
$(eval $(call laptop,laptop-full,s/.*--full/--full/))

$(OUT)/%.laptop-micro.rapl: $(OUT)/laptop.ckpt $(ALL)
	$(CALIBRATE) --rows 60 -o $(OUT)/$*.laptop-micro.ckpt $< \
	    $(OUT)/$*.micro.win
	$(INFER) --name laptop-micro -o $@ $(OUT)/$*.laptop-micro.ckpt \
	    $(OUT)/$*.validation.win

$(OUT)/%.labels2.rapl: $(OUT)/%.ckpt
	$(CALIBRATE) --same-recording --rows 12 -o $(OUT)/$*.labels2.ckpt $< $(OUT)/$*.windows
	$(INFER) --name labels2 -o $@ $(OUT)/$*.labels2.ckpt $(OUT)/$*.windows

$(OUT)/%.labels5.rapl: $(OUT)/%.ckpt
	$(CALIBRATE) --same-recording --rows 30 -o $(OUT)/$*.labels5.ckpt $< $(OUT)/$*.windows
	$(INFER) --name labels5 -o $@ $(OUT)/$*.labels5.ckpt $(OUT)/$*.windows

$(FOUND:%=$(OUT)/%.adv.rapl): $(OUT)/%.adv.rapl: $(ALL)
	cat $(OUT)/*.samples | $(BIN)/rapl-window -q --features seed4 -d 25 \
	    --interval 10s --split leave:machine=$* --ratios 90,10,0 \
	    -o $(OUT)/$*.adv.win
	$(BIN)/rapl-train -q -c configs/adv.yaml --seed $(SEED) --epochs $(EPOCHS) \
	    --threads $(THREADS) --slim -o $(OUT)/$*.adv.ckpt $(OUT)/$*.adv.win
	$(INFER) --name adv -o $@ $(OUT)/$*.adv.ckpt $(OUT)/$*.adv.win

$(OUT)/%.micro.rapl: $(OUT)/micro.ckpt
	$(INFER) --name micro -o $@ $< $(OUT)/$*.validation.win

$(OUT)/%.micro-same.rapl: $(OUT)/micro.ckpt
	$(CALIBRATE) --rows 60 -o $(OUT)/$*.micro-same.ckpt $< \
	    $(OUT)/$*.micro.win
	$(INFER) --name micro-same -o $@ $(OUT)/$*.micro-same.ckpt \
	    $(OUT)/$*.validation.win

SCORE := $(BIN)/rapl-score -q --format md --columns r2,mae,bias,coverage,width

$(OUT)/table.md: $(MADE)
	{ $(SCORE) --by machine $^ && echo && \
	  $(SCORE) --bootstrap $(BOOTSTRAP) $^; } >$@.part
	@mv $@.part $@
	@cat $@

.PHONY: all
.DELETE_ON_ERROR:
.SECONDARY:
