#include "formats/csvmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

static struct csv_column *add_column(struct csv_map *map, const char *column,
                                     const char *name, const char *unit,
                                     enum channel_kind kind, uint64_t wrap)
{
    bool gauge = kind == CHANNEL_GAUGE;
    size_t c = channels_add(&map->channels, name, unit,
                            gauge ? CHANNEL_F64 : CHANNEL_U64, kind, wrap);

    map->column = xgrow(map->column, c, &map->cap, sizeof *map->column);
    map->column[c] = (struct csv_column){.column = xstrdup(column),
                                         .factor = 1,
                                         .min = -INFINITY,
                                         .max = INFINITY};
    return &map->column[c];
}

static int read_kind(const struct node *at, enum channel_kind *kind,
                     struct err *e)
{
    const char *text = "gauge";

    if (node_text(at, "kind", &text, e) < 0)
        return -1;
    *kind = strcmp(text, "counter") == 0 ? CHANNEL_COUNTER : CHANNEL_GAUGE;
    if (*kind == CHANNEL_GAUGE && strcmp(text, "gauge") != 0)
        return node_error(node_get(at, "kind"), e,
                          "kind: '%s' is neither gauge nor counter", text);
    return 0;
}

static bool is_taken(const struct csv_map *map, const char *column)
{
    for (size_t i = 0; i < map->channels.n; i++)
        if (strcmp(map->column[i].column, column) == 0)
            return true;
    return strcmp(map->time_column, column) == 0;
}

static int read_channel(struct csv_map *map, const struct node *at,
                        struct err *e)
{
    static const char *const known[] = {
        "column", "name", "unit", "kind", "wrap", "factor", "min", "max", NULL};
    const char *column = NULL, *name = NULL, *unit = NULL;
    enum channel_kind kind;
    struct csv_column *c;
    int64_t wrap = 0;

    if (node_check_keys(at, known, e) < 0 ||
        node_text(at, "column", &column, e) < 0 ||
        node_text(at, "name", &name, e) < 0 ||
        node_text(at, "unit", &unit, e) < 0 || read_kind(at, &kind, e) < 0 ||
        node_int(at, "wrap", 1, INT64_MAX, &wrap, e) < 0)
        return -1;
    if (!column || !name || !unit)
        return node_error(at, e, "a channel needs column, name and unit");
    if (channels_find(&map->channels, name) >= 0)
        return node_error(at, e, "a second channel '%s'", name);
    if (node_get(at, kind == CHANNEL_GAUGE ? "wrap" : "factor"))
        return node_error(at, e, "wrap is for counters, factor for gauges");
    if (is_taken(map, column))
        return node_error(at, e, "column '%s' is taken twice", column);
    c = add_column(map, column, name, unit, kind, (uint64_t)wrap);
    c->line = at->line;
    if (node_real(at, "factor", -1e300, 1e300, &c->factor, e) < 0 ||
        node_real(at, "min", -1e300, 1e300, &c->min, e) < 0)
        return -1;
    return node_real(at, "max", -1e300, 1e300, &c->max, e);
}

static int read_time(struct csv_map *map, const struct node *at, struct err *e)
{
    static const char *const known[] = {"column", "unit", NULL};
    static const char *const units[] = {"ns", "us", "ms", "s"};
    const char *column = NULL, *unit = NULL;

    if (node_check_keys(at, known, e) < 0 ||
        node_text(at, "column", &column, e) < 0 ||
        node_text(at, "unit", &unit, e) < 0)
        return -1;
    if (!column || !unit)
        return node_error(at, e, "time needs column and unit");
    map->time_column = xstrdup(column);
    for (int i = 0; i < 4; i++) {
        if (strcmp(unit, units[i]) != 0)
            continue;
        map->time_scale = 3 * i;
        return 0;
    }
    return node_error(node_get(at, "unit"), e,
                      "unit: '%s' is none of s ms us ns", unit);
}

static int read_delimiter(struct csv_map *map, const struct node *root,
                          struct err *e)
{
    const char *text = ",";

    if (node_text(root, "delimiter", &text, e) < 0)
        return -1;
    map->delimiter = strcmp(text, "tab") == 0 ? '\t' : *text;
    if (map->delimiter != '\t' &&
        (strlen(text) != 1 || strchr("\"\r\n", *text)))
        return node_error(node_get(root, "delimiter"), e,
                          "delimiter: one character is wanted, or 'tab'");
    return 0;
}

static int read_interval(struct csv_map *map, const struct node *root,
                         struct err *e)
{
    const char *text = NULL;
    struct err why;

    if (node_text(root, "interval", &text, e) < 0)
        return -1;
    if (text && duration_parse(text, &map->interval_ns, &why) < 0)
        return node_error(node_get(root, "interval"), e, "interval: %s",
                          why.msg);
    return 0;
}

static int read_labels(struct csv_map *map, const struct node *root,
                       struct err *e)
{
    const struct node *at = node_get(root, "labels");

    if (!at)
        return 0;
    if (at->kind != NODE_MAP)
        return node_error(at, e, "labels: keys and values are wanted");
    for (size_t i = 0; i < at->n; i++) {
        const char *value;

        if (node_text(at, at->key[i]->text, &value, e) < 0)
            return -1;
        labels_set(&map->labels, at->key[i]->text, value);
    }
    return 0;
}

int csv_map_read(struct csv_map *map, const struct node *root, struct err *e)
{
    static const char *const known[] = {"delimiter", "time",     "interval",
                                        "labels",    "channels", NULL};
    const struct node *time, *list;

    *map = (struct csv_map){.file = xstrdup(root->file)};
    if (node_check_keys(root, known, e) < 0)
        return -1;
    time = node_get(root, "time");
    list = node_get(root, "channels");
    if (!time || !list)
        return node_error(root, e, "a map needs time and channels");
    if (list->kind != NODE_LIST || list->n == 0)
        return node_error(list, e, "channels: a list is wanted");
    if (read_time(map, time, e) < 0 || read_delimiter(map, root, e) < 0 ||
        read_interval(map, root, e) < 0 || read_labels(map, root, e) < 0)
        return -1;
    for (size_t i = 0; i < list->n; i++)
        if (read_channel(map, list->item[i], e) < 0)
            return -1;
    return 0;
}

void csv_map_original(struct csv_map *map)
{
    static const struct {
        const char *column, *name, *unit;
        double max;
    } columns[] = {
        {"user_percent", "cpu.user", "%", 100},
        {"system_percent", "cpu.system", "%", 100},
        {"iowait_percent", "cpu.iowait", "%", 100},
        {"ctx_switches_per_sec", "ctxt", "1/s", 1e12},
        {"package_power_watts", "power:package-0", "W", 1e5},
    };

    *map = (struct csv_map){.file = xstrdup("--from original"),
                            .delimiter = ',',
                            .time_column = xstrdup(CSV_ORIGINAL_TIME),
                            .time_scale = 9};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct csv_column *c =
            add_column(map, columns[i].column, columns[i].name, columns[i].unit,
                       CHANNEL_GAUGE, 0);

        c->min = 0;
        c->max = columns[i].max;
    }
}

bool original_labels(struct labels *labels, const char *name)
{
    static const char *const part[] = {"run_", "_of_",  "-cpu", "-sys",
                                       "-io",  "-pipe", "-vm",  "-cache"};
    enum { N = sizeof part / sizeof *part, FIRST_LOAD = 2 };
    char workload[64] = "";
    unsigned long value[N];
    char *end = (char *)name;

    for (int i = 0; i < N; i++) {
        size_t len = strlen(part[i]);

        if (strncmp(end, part[i], len) != 0 || end[len] < '0' || end[len] > '9')
            return false;
        value[i] = strtoul(end + len, &end, 10);
    }
    if (*end)
        return false;
    labels_setf(labels, "run_index", "%lu", value[0]);
    labels_setf(labels, "run_total", "%lu", value[1]);
    for (int i = FIRST_LOAD; i < N; i++) {
        char key[16];
        size_t used = strlen(workload);

        snprintf(key, sizeof key, "load.%s", part[i] + 1);
        labels_setf(labels, key, "%lu", value[i]);
        if (value[i])
            snprintf(workload + used, sizeof workload - used, "%s%s",
                     used ? "+" : "", part[i] + 1);
    }
    labels_set(labels, "workload", *workload ? workload : "idle");
    return true;
}

void csv_map_release(struct csv_map *map)
{
    for (size_t i = 0; i < map->channels.n; i++)
        free(map->column[i].column);
    free(map->column);
    free(map->time_column);
    free(map->file);
    labels_release(&map->labels);
    channels_release(&map->channels);
    *map = (struct csv_map){0};
}
