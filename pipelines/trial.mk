# From nothing to a scored model: the twelve runs of configs/sweep-trial.yaml, on
# this machine, what they are worth, a model of them, and its score on the program
# that was held out.
#
#     make trial
#
# Needs stress-ng, and a counter of energy that may be read: `rapl-sample --list`
# says whether there is one and what would let you read it.  Goes on where it was
# interrupted.
#
#   TRIAL=FOLDER      where all of it goes; build/trial, build/trial-fed
#   TRIAL_SYS=DIR     another /sys, whose counter is read
#   TRIAL_FEED=1      for a machine without a counter: one is made up, from how
#                     busy the CPUs are, by tests/fixtures/feed (perl).  Shows that
#                     everything works here; what is learnt is of no machine.
#   TRIAL_SET='times.run=3s attempts=1'    other settings, for the first start
#   TRIAL_SWEEP=FILE  another sweep
#   TRIAL_INTERVAL    of what is learnt from; 1s
#   TRIAL_ARGS        more for stress-sweep run

BIN         ?= build/release/bin
TRIAL       ?= build/trial$(if $(TRIAL_FEED),-fed)
TRIAL_SWEEP ?= configs/sweep-trial.yaml
TRIAL_INTERVAL ?= 1s
SYS         := $(or $(TRIAL_SYS),$(if $(TRIAL_FEED),$(TRIAL)/sys))
RUN          = $(BIN)/stress-sweep run $(if $(SYS),--sys $(SYS)) \
               $(TRIAL_SET:%=--set %) $(TRIAL_ARGS) -o $(TRIAL)/data $(TRIAL_SWEEP)

all: $(TRIAL)/score.txt
	@cat $(TRIAL)/stat.txt && echo && cat $<

# The counter ends with the sweep, whatever ends that.
define feed
perl tests/fixtures/feed $(SYS) & feeder=$$!; \
trap 'kill $$feeder' EXIT; trap 'exit 1' INT TERM; \
until [ -s $(SYS)/class/powercap/intel-rapl:0/name ]; do sleep .1; done; \
echo "the watts of $(TRIAL) are made up: nothing learnt here is of any machine" >&2
endef

# A sweep that is stopped ends well, but is not done.
$(TRIAL)/done: $(TRIAL_SWEEP)
	@mkdir -p $(TRIAL)
	@$(if $(TRIAL_FEED),$(feed);) $(RUN) && \
	$(BIN)/stress-sweep status --format tsv $(TRIAL)/data | \
	    grep -q '^state.done$$'
	@touch $@

$(TRIAL)/stat.txt: $(TRIAL)/done
	@$(BIN)/rapl-stat -q -o $@ $(TRIAL)/data/runs/*.rapl

$(TRIAL)/all.win: $(TRIAL)/done
	@$(BIN)/rapl-window -q --features busy_cpus -d 1 --interval $(TRIAL_INTERVAL) \
	    --split leave:held_out=yes -o $@ $(TRIAL)/data/runs/*.rapl

$(TRIAL)/trial.ckpt: $(TRIAL)/all.win configs/physical.yaml
	@$(BIN)/rapl-train -q -c configs/physical.yaml -o $@ $<

$(TRIAL)/score.txt: $(TRIAL)/trial.ckpt $(TRIAL)/stat.txt
	@$(BIN)/rapl-infer -q $< $(TRIAL)/all.win | \
	    $(BIN)/rapl-score --by workload --format md \
	    --columns mean_w,r2,mae,bias,coverage,width -o $@

.PHONY: all
.DELETE_ON_ERROR:
