# The experiment: how wrong each model is, under each way of holding data out.
#
#     make experiment DATA=../shared/data/jvm-powerstat
#
# DATA is a folder of powerstat logs, one folder a workload.  Every log is
# imported; every model is trained and scored under each split.  Holding out one
# run in ten is done for several draws, because runs differ much in length and
# one draw says little; leaving one workload out is done for each workload in
# turn, and so is leaving out one recording session, as pipelines/sessions tells
# them by the clock; all are pooled.  A result that is there is not made again,
# so an interrupted run goes on where it stopped, and -j runs the independent
# parts side by side.
#
# table.md has every model under every split, R2 beside one another with the
# generalisation gap (shuffled less left out), and the nested choice of a model;
# ranges are 95 % intervals of a bootstrap over runs.

BIN       ?= build/release/bin
DATA      ?= ../shared/data/jvm-powerstat
OUT       ?= build/experiment
CPUS      ?= 24
FEATURES  ?= seed4
SEED      ?= 42
EPOCHS    ?= 30
THREADS   ?= 1
# A model is a file in configs/ and the number of delays it sees.
MODELS    ?= linear-d3 linear-d25 v3-d25
TRAINED   := $(addprefix $(OUT)/,$(MODELS))

WORKLOADS := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard $(DATA)/*/*.txt)))))
RUNS      := run-1 run-2 run-3 run-4 run-5
LOGS      := $(wildcard $(DATA)/*/*.txt)
SESSIONS  := $(shell sh pipelines/sessions $(LOGS) </dev/null | cut -f 1 | sort -u)
BY_WORKLOAD := $(WORKLOADS:%=leave-workload-%)
BY_SESSION  := $(SESSIONS:%=leave-session-%)
SPLITS    := shuffle $(RUNS) $(BY_WORKLOAD) $(BY_SESSION)
DELAYS    := $(sort $(foreach m,$(MODELS),$(lastword $(subst -d, ,$(m)))))

all: $(OUT)/table.md

# leave-KEY-X is --split leave:KEY=X; run-S is --split run with seed S
split_of   = $(patsubst leave-workload-%,leave:workload=%,$(patsubst \
             leave-session-%,leave:session=%,$(patsubst run-%,run,$1)))
seed_of    = $(if $(filter run-%,$1),$(patsubst run-%,%,$1),$(SEED))
family_of  = $(firstword $(subst -d, ,$1))
delays_of  = $(lastword $(subst -d, ,$1))

# Streams one behind the other are a stream.
$(OUT)/samples.rapl: pipelines/sessions
	@mkdir -p $(OUT)
	@sh pipelines/sessions $(LOGS) >$(OUT)/sessions.tsv
	for s in $(SESSIONS); do $(BIN)/rapl-import -q --from powerstat \
	    -l workload=@dir -l run=@name -l cpus=$(CPUS) -l session=$$s \
	    $$(awk -v s=$$s '$$1 == s { print $$2 }' $(OUT)/sessions.tsv) || \
	    exit; done >$@.part
	@mv $@.part $@

# d<delays>-<split>.windows
define windows_rule
$(OUT)/d$1-$2.windows: $(OUT)/samples.rapl
	$(BIN)/rapl-window -q --features $(FEATURES) -d $1 -t 1 \
	    --seed $(call seed_of,$2) --split $(call split_of,$2) -o $$@.part $$<
	@mv $$@.part $$@
endef
$(foreach d,$(DELAYS),$(foreach s,$(SPLITS),$(eval $(call windows_rule,$d,$s))))

# <model>-<split>.ckpt and .rapl, its predictions
define model_rule
$(OUT)/$1-$2.ckpt: $(OUT)/d$(call delays_of,$1)-$2.windows
	$(BIN)/rapl-train -q -c configs/$(call family_of,$1).yaml --seed $(SEED) \
	    --epochs $(EPOCHS) --threads $(THREADS) --resume --whole \
	    -o $$@.part $$<
	@mv $$@.part $$@
$(OUT)/$1-$2.rapl: $(OUT)/$1-$2.ckpt $(OUT)/d$(call delays_of,$1)-$2.windows
	$(BIN)/rapl-infer -q --threads $(THREADS) --format stream --name $1 \
	    -o $$@.part $$^
	@mv $$@.part $$@
endef
$(foreach m,$(MODELS),$(foreach s,$(SPLITS),$(eval $(call model_rule,$m,$s))))

# <model>-<how>.tsv: the pooled score of all that belongs together
define score_rule
$(OUT)/$1-$2.tsv: $(foreach s,$3,$(OUT)/$1-$s.rapl)
	$(BIN)/rapl-score -q --part test --format tsv -o $$@.part $$^
	@mv $$@.part $$@
$(OUT)/$1-$2-by-workload.tsv: $(foreach s,$3,$(OUT)/$1-$s.rapl)
	$(BIN)/rapl-score -q --part test --by workload --format tsv -o $$@.part $$^
	@mv $$@.part $$@
endef
HOWS := shuffle run leave-workload leave-session
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,shuffle,shuffle)))
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,run,$(RUNS))))
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,leave-workload,$(BY_WORKLOAD))))
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,leave-session,$(BY_SESSION))))

SCORES := $(foreach m,$(MODELS),$(HOWS:%=$(OUT)/$m-%.tsv))
DETAIL := $(SCORES:%.tsv=%-by-workload.tsv)

# $(call predictions,SPLITS) of all models
predictions = $(foreach m,$(MODELS),$(foreach s,$1,$(OUT)/$m-$s.rapl))
SCORE := $(BIN)/rapl-score -q --part test --format md --bootstrap 1000

$(OUT)/table.md: $(SCORES) $(DETAIL) $(call predictions,$(SPLITS))
	{ $(SCORE) $(call predictions,$(SPLITS)); echo; \
	  $(SCORE) --compare $(call predictions,$(SPLITS)); \
	  for by in $(if $(word 2,$(MODELS)),workload session); do echo; \
	    case $$by in workload) set -- $(call predictions,$(BY_WORKLOAD)) ;; \
	    *) set -- $(call predictions,$(BY_SESSION)) ;; esac; \
	    $(SCORE) --select nested --by $$by "$$@" || exit; done; } >$@.part
	@mv $@.part $@
	@cat $@

.PHONY: all
.DELETE_ON_ERROR:
