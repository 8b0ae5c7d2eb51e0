# One page about an experiment: tables, pictures, cards of the models, and how to
# make each of them again.
#
#     make report DATA=../shared/data/jvm-powerstat
#
# does the experiment first (pipelines/experiment.mk), unless OUT has its results:
# what is there is not made again.  OUT/report.html is whole in itself: it loads
# nothing and runs nothing.

BIN ?= build/release/bin
OUT ?= build/experiment
export BIN

all: $(OUT)/report.html

$(OUT)/table.md:
	+$(MAKE) -f pipelines/experiment.mk

$(OUT)/report.html: $(OUT)/table.md pipelines/report pipelines/gap-table \
                    $(BIN)/rapl-plot
	sh pipelines/report $(OUT) >$@.part
	@mv $@.part $@

.PHONY: all
.DELETE_ON_ERROR:
