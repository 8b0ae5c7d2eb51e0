# The experiment: how wrong each model is, under each way of holding data out.
#
#     make -j2 experiment DATA=../shared/data/jvm-powerstat
#
# DATA is a folder of powerstat logs, one folder a workload.  Every log is
# imported; every model of GRID is trained and scored under its splits.  Holding
# out one run in ten is done for several draws, because runs differ much in
# length and one draw says little; leaving one workload out is done for each
# workload in turn, and so is leaving out one recording session, as
# pipelines/sessions tells them by the clock; all are pooled.  pipelines/grid
# does the work: a result that is there is not made again, so an interrupted run
# goes on where it stopped, and -j runs the independent parts side by side.  On
# many hosts: `pipelines/grid slurm OUT` once `make ... OUT/jobs` is done.
#
# table.md has every model under every split, R2 beside one another with the
# generalisation gap (shuffled less left out), and the nested choice of a model;
# ranges are 95 % intervals of a bootstrap over runs.

BIN  ?= build/release/bin
DATA ?= ../shared/data/jvm-powerstat
OUT  ?= build/experiment
GRID ?= pipelines/experiment.grid
CPUS ?= 24

LOGS     := $(wildcard $(DATA)/*/*.txt)
SESSIONS := $(shell sh pipelines/sessions $(LOGS) </dev/null | cut -f 1 | sort -u)
export BIN

all: $(OUT)/table.md

# Streams one behind the other are a stream.
$(OUT)/samples.rapl: pipelines/sessions
	@mkdir -p $(OUT)
	@sh pipelines/sessions $(LOGS) >$(OUT)/sessions.tsv
	for s in $(SESSIONS); do $(BIN)/rapl-import -q --from powerstat \
	    -l workload=@dir -l run=@name -l cpus=$(CPUS) -l session=$$s \
	    $$(awk -v s=$$s '$$1 == s { print $$2 }' $(OUT)/sessions.tsv) || \
	    exit; done >$@.part
	@mv $@.part $@

$(OUT)/jobs: $(GRID) $(OUT)/samples.rapl
	sh pipelines/grid plan $(OUT) $^

$(OUT)/table.md: $(OUT)/jobs
	+sh pipelines/grid make $(OUT)
	sh pipelines/grid table $(OUT)

.PHONY: all
.DELETE_ON_ERROR:
