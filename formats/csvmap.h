#ifndef FORMATS_CSVMAP_H
#define FORMATS_CSVMAP_H

#include "common/base/channel.h"
#include "common/base/labels.h"
#include "common/base/node.h"

/*
 * Which column of a table is which channel of a sample stream.
 */

/* One column of the file and the channel it becomes. */
struct csv_column {
    char *column;
    double factor;   /* gauges: multiplied by it */
    double min, max; /* what is outside [min, max], as written, is corrupt */
    int line;        /* of the map */
};

struct csv_map {
    char *file; /* the map's name, for messages */
    char delimiter;
    char *time_column;
    int time_scale;            /* decimal digits from its unit to ns: 9 for s */
    int64_t interval_ns;       /* 0: to be found from the rows */
    struct labels labels;      /* for every segment */
    struct channels channels;  /* gauges are f64, counters u64 */
    struct csv_column *column; /* (channels.n) */
    size_t cap;                /* of column */
};

/*
 * Build a map from its YAML (configs/map-*.yaml show all there is to write).
 * An unknown key, a channel twice, a unit of time that is none is an error
 * with its line.  Release it whatever is returned.
 */
int csv_map_read(struct csv_map *map, const struct node *root, struct err *e);

/* The map of the original collector's columns. */
void csv_map_original(struct csv_map *map);
void csv_map_release(struct csv_map *map);

/*
 * The labels in the name of a run of the original collector,
 * run_I_of_TOTAL-cpuA-sysB-ioC-pipeD-vmE-cacheF: run_index, run_total,
 * load.cpu ... load.cache, and workload: the loads that are not 0, as in
 * "cpu+vm", or "idle".  False, and nothing set, where it is no such name.
 */
bool original_labels(struct labels *labels, const char *name);

/* What the original collector's files begin with. */
#define CSV_ORIGINAL_TIME "timestamp_unix"

#endif
