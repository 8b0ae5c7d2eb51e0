# The experiment: how wrong each model is, under each way of holding data out.
#
#     make experiment DATA=../shared/data/jvm-powerstat
#
# DATA is a folder of powerstat logs, one folder a workload.  Every log is
# imported; every model is trained and scored under each split.  Holding out one
# run in ten is done for several draws, because runs differ much in length and
# one draw says little; leaving one workload out is done for each workload in
# turn; both are pooled.  A result that is there is not made again, so an
# interrupted run goes on where it stopped, and -j runs the independent parts
# side by side.

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
LEAVES    := $(WORKLOADS:%=leave-%)
SPLITS    := shuffle $(RUNS) $(LEAVES)
DELAYS    := $(sort $(foreach m,$(MODELS),$(lastword $(subst -d, ,$(m)))))

all: $(OUT)/table.md

# leave-X is --split leave:workload=X; run-S is --split run with seed S
split_of   = $(patsubst leave-%,leave:workload=%,$(patsubst run-%,run,$1))
seed_of    = $(if $(filter run-%,$1),$(patsubst run-%,%,$1),$(SEED))
family_of  = $(firstword $(subst -d, ,$1))
delays_of  = $(lastword $(subst -d, ,$1))

$(OUT)/samples.rapl:
	@mkdir -p $(OUT)
	$(BIN)/rapl-import -q --from powerstat -l workload=@dir -l run=@name \
	    -l cpus=$(CPUS) -o $@.part $(DATA)/*/*.txt
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
	$(BIN)/rapl-infer -q --threads $(THREADS) --format stream -o $$@.part $$^
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
HOWS := shuffle run leave-one-out
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,shuffle,shuffle)))
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,run,$(RUNS))))
$(foreach m,$(MODELS),$(eval $(call score_rule,$m,leave-one-out,$(LEAVES))))

SCORES := $(foreach m,$(MODELS),$(HOWS:%=$(OUT)/$m-%.tsv))
DETAIL := $(SCORES:%.tsv=%-by-workload.tsv)

$(OUT)/table.md: $(SCORES) $(DETAIL) pipelines/experiment-table
	sh pipelines/experiment-table $(SCORES) >$@.part
	@mv $@.part $@
	@cat $@

.PHONY: all
.DELETE_ON_ERROR:
