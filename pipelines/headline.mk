# The original's headline, explained: what its method gives on real data, by
# how the test windows were held out, and where the rest went.
#
#     make headline DATA=../shared/data/jvm-powerstat
#
# Its nets, v3 and v4, on its four features and on all that these logs have of
# the set guest, 25 delays.  Each checkpoint predicts its test windows as it was
# trained, oldest first, and reversed, as the original's live loop fed them; all
# of them, and those of transients.  doc/headline.md says what the table means.
# EPOCHS are few, to keep it short: the original trained for 100.

BIN       ?= build/release/bin
DATA      ?= ../shared/data/jvm-powerstat
OUT       ?= build/headline
CPUS      ?= 24
SEED      ?= 42
RUNS      ?= 1 2
EPOCHS_v3 ?= 4
EPOCHS_v4 ?= 2
# of which rapl-stat --ceiling looks for the neighbours
ROWS      ?= 20000
TRANSIENT ?= 0.5
# idle rows are those that were measured below
IDLE      ?= 3W
NETS      := v3 v4
SETS      := seed4 guest
seed4     := seed4
guest     := user_pct,system_pct,iowait_pct,nice_pct,idle_pct,log_ctxt,log_intr,log_forks,busy_cpus,user_share,ctxt_per_busy,intr_per_busy,procs_running

LOGS      := $(wildcard $(DATA)/*/*.txt)
WORKLOADS := $(sort $(notdir $(patsubst %/,%,$(dir $(LOGS)))))
# What is held out, and the splits whose test parts are pooled for it.
HOWS      := shuffle run unseen
shuffle   := shuffle
run       := $(RUNS:%=run-%)
unseen    := $(WORKLOADS:%=unseen-%)
SPLITS    := $(foreach h,$(HOWS),$($h))
MODELS    ?= $(foreach n,$(NETS),$(SETS:%=$n-%))
net_of     = $(word 1,$(subst -, ,$1))
set_of     = $(word 2,$(subst -, ,$1))
split_of   = $(patsubst unseen-%,leave:workload=%,$(patsubst run-%,run,$1))
seed_of    = $(if $(filter run-%,$1),$(patsubst run-%,%,$1),$(SEED))

all: $(OUT)/table.md

# Streams one behind the other are a stream.
$(OUT)/samples-%.rapl:
	@mkdir -p $(OUT)
	@echo rapl-import $*
	@$(BIN)/rapl-import -q --from powerstat -l workload=@dir -l run=@name \
	    -l cpus=$(CPUS) -o $@.part $(DATA)/$*/*.txt
	@mv $@.part $@
$(OUT)/samples.rapl: $(WORKLOADS:%=$(OUT)/samples-%.rapl)
	@cat $^ >$@.part
	@mv $@.part $@

# $(call window,SET,SPLIT)
window = $(BIN)/rapl-window -q --features $($1) -d 25 \
         --seed $(call seed_of,$2) --split $(call split_of,$2)

# <set>-<split>.windows
define windows_rule
$(OUT)/$1-$2.windows: $(OUT)/samples.rapl
	$(call window,$1,$2) -o $$@.part $$<
	@mv $$@.part $$@
endef
$(foreach s,$(SETS),$(foreach p,$(SPLITS),$(eval $(call windows_rule,$s,$p))))

# <net>-<set>-<split>.ckpt
define model_rule
$(OUT)/$1-$2.ckpt: $(OUT)/$(call set_of,$1)-$2.windows
	$(BIN)/rapl-train -q -c configs/$(call net_of,$1).yaml --seed $(SEED) \
	    --epochs $(EPOCHS_$(call net_of,$1)) --threads 1 --resume --whole \
	    -o $$@.part $$<
	@mv $$@.part $$@
endef
$(foreach m,$(MODELS),$(foreach p,$(SPLITS),$(eval $(call model_rule,$m,$p))))

# $(call predict,MODEL,SPLIT): the test windows, all and those of transients,
# each as trained and reversed.  What is unseen needs no other workload's rows.
samples_of = $(OUT)/samples$(patsubst unseen%,%,$(filter unseen-%,$1)).rapl
define predict
for t in '' '--transient $(TRANSIENT)'; do \
    $(call window,$(call set_of,$1),$2) $$$$t -o $$@.win \
        $(call samples_of,$2) || exit; \
    for r in '' --reverse-windows; do \
        $(BIN)/rapl-infer -q --threads 1 --part test --name $1 $$$$r \
            $(OUT)/$1-$2.ckpt $$@.win || exit; done; done
endef

# <net>-<set>-<what is held out>.tsv
define score_rule
$(OUT)/$1-$2.tsv: $($2:%=$(OUT)/$1-%.ckpt)
	@echo rapl-score $1 $2
	@{ $(foreach p,$($2),$(call predict,$1,$p);) } >$$@.rapl
	@$(BIN)/rapl-score -q --idle '<$(IDLE)' -o $$@.part $$@.rapl
	@rm $$@.win $$@.rapl
	@mv $$@.part $$@
endef
$(foreach m,$(MODELS),$(foreach h,$(HOWS),$(eval $(call score_rule,$m,$h))))

$(OUT)/ceiling-%.tsv: $(OUT)/samples.rapl
	$(BIN)/rapl-stat -q --ceiling --rows $(ROWS) --features $($*) \
	    --format tsv -o $@.part $<
	@mv $@.part $@

# What calibration gives back is for pipelines/calibration.mk to say.
$(OUT)/calibration.tsv:
	+$(MAKE) -f pipelines/calibration.mk BIN=$(BIN) DATA=$(DATA) \
	    OUT=build/calibration CPUS=$(CPUS) >/dev/null
	$(BIN)/rapl-score -q --part all --idle '<$(IDLE)' -o $@.part $(foreach \
	    h,zero anchors meter sweep same,$(WORKLOADS:%=build/calibration/%.$h.rapl))
	@mv $@.part $@

SCORES := $(foreach m,$(MODELS),$(HOWS:%=$(OUT)/$m-%.tsv))
$(OUT)/table.md: pipelines/headline-table $(SCORES) \
                 $(SETS:%=$(OUT)/ceiling-%.tsv) $(OUT)/calibration.tsv
	@sh pipelines/headline-table $(filter %.tsv,$^) >$@.part
	@mv $@.part $@
	@cat $@

.PHONY: all
.SECONDARY:
.DELETE_ON_ERROR:
