#include "common/export/state.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/digest.h"
#include "common/base/xalloc.h"
#include "formats/config.h"
#include "formats/json.h"
#include "formats/output.h"
#include "formats/text.h"

#define KEY_FORMAT "decode_rapl_export_state"
#define KEY_CHECK "sha256: "

enum { VERSION = 1, CHECK_LINE = sizeof KEY_CHECK - 1 + DIGEST_HEX + 1 };

/* ---- writing ---- */

static void put_number(FILE *f, const char *key, double v)
{
    char text[TEXT_NUMBER];

    text_format_f64(text, v);
    fprintf(f, ", %s: %s", key, text);
}

static void put_meter(FILE *f, const struct meter *m)
{
    fputs("  - {zone: ", f);
    json_text(f, m->zone);
    fprintf(f, ", source: %s, model: ", meter_source_name(m->source));
    json_text(f, m->model);
    put_number(f, "joules", m->sums.joules);
    put_number(f, "idle_joules", m->sums.idle_joules);
    put_number(f, "dynamic_joules", m->sums.dynamic_joules);
    put_number(f, "seconds", m->sums.seconds);
    fputs("}\n", f);
}

static void put_meters(FILE *f, const struct meters *ms)
{
    fprintf(f, KEY_FORMAT ": %d\nrows: %" PRIu64 "\n", VERSION, ms->n_rows);
    fputs(ms->n ? "meters:\n" : "meters: []\n", f);
    for (size_t i = 0; i < ms->n; i++)
        put_meter(f, &ms->at[i]);
}

static void digest_of(const char *text, size_t len, char hex[DIGEST_HEX + 1])
{
    struct digest *d = digest_new();

    digest_add(d, text, len);
    digest_end(d, hex);
}

static int print(FILE *f, const void *arg, struct err *e)
{
    const struct meters *ms = arg;
    char *text = NULL, hex[DIGEST_HEX + 1];
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);

    if (!memory)
        return err_sys(e, "no memory");
    put_meters(memory, ms);
    if (fclose(memory) != 0) {
        free(text);
        return err_sys(e, "no memory");
    }
    digest_of(text, len, hex);
    fwrite(text, 1, len, f);
    fprintf(f, KEY_CHECK "%s\n", hex);
    free(text);
    return 0;
}

int state_write(const struct meters *ms, const char *path, struct err *e)
{
    if (output_replace(path, 0, print, ms, e) == 0)
        return 0;
    return err_prefix(e, "%s", path);
}

/* ---- reading ---- */

static int read_sums(struct meter_sums *s, const struct node *map,
                     struct err *e)
{
    if (node_real(map, "joules", 0, DBL_MAX, &s->joules, e) < 0 ||
        node_real(map, "idle_joules", 0, DBL_MAX, &s->idle_joules, e) < 0 ||
        node_real(map, "dynamic_joules", 0, DBL_MAX, &s->dynamic_joules, e) <
            0 ||
        node_real(map, "seconds", 0, DBL_MAX, &s->seconds, e) < 0)
        return -1;
    return 0;
}

static int read_meter(struct meters *ms, const struct node *map, struct err *e)
{
    static const char *const known[] = {
        "zone",        "source",         "model",   "joules",
        "idle_joules", "dynamic_joules", "seconds", NULL};
    const char *zone = "", *source = "", *model = "";
    enum meter_source from = METER_PREDICTED;
    size_t before = ms->n;
    struct meter *m;

    if (node_check_keys(map, known, e) < 0 ||
        node_text(map, "zone", &zone, e) < 0 ||
        node_text(map, "source", &source, e) < 0 ||
        node_text(map, "model", &model, e) < 0)
        return -1;
    if (strcmp(source, meter_source_name(METER_MEASURED)) == 0)
        from = METER_MEASURED;
    else if (strcmp(source, meter_source_name(from)) != 0)
        return node_error(map, e,
                          "source '%.20s' is neither measured nor "
                          "predicted",
                          source);
    if (!*zone || strlen(zone) > METER_MAX_ZONE || strlen(model) > METER_DIGITS)
        return node_error(map, e, "a zone or model of a wrong length");
    meters_use(ms, zone, from, model);
    if (ms->n == before)
        return node_error(map, e, "a meter that stands there twice");
    m = &ms->at[ms->n - 1];
    return read_sums(&m->sums, map, e);
}

static int read_tree(struct meters *ms, const struct node *root, struct err *e)
{
    static const char *const known[] = {KEY_FORMAT, "rows", "meters", NULL};
    const struct node *list = node_get(root, "meters");
    int64_t version = 0, rows = 0;

    if (node_check_keys(root, known, e) < 0 ||
        node_int(root, KEY_FORMAT, 0, INT64_MAX, &version, e) < 0 ||
        node_int(root, "rows", 0, INT64_MAX, &rows, e) < 0)
        return -1;
    if (version != VERSION)
        return node_error(root, e,
                          "version %" PRId64 " of the state, and this program "
                          "reads %d",
                          version, VERSION);
    if (!list || list->kind != NODE_LIST)
        return node_error(root, e, "no list of meters");
    if (list->n > METERS_MAX)
        return node_error(root, e, "%zu meters (at most %d)", list->n,
                          METERS_MAX);
    ms->n_rows = (uint64_t)rows;
    for (size_t i = 0; i < list->n; i++)
        if (read_meter(ms, list->item[i], e) < 0)
            return -1;
    return 0;
}

/* Is the last line the check of what is before it? */
static bool is_whole(const char *text, size_t len)
{
    char hex[DIGEST_HEX + 1];
    const char *line = text + len - CHECK_LINE;

    if (len < CHECK_LINE || text[len - 1] != '\n' ||
        memcmp(line, KEY_CHECK, sizeof KEY_CHECK - 1) != 0)
        return false;
    digest_of(text, len - CHECK_LINE, hex);
    return memcmp(line + sizeof KEY_CHECK - 1, hex, DIGEST_HEX) == 0;
}

int state_parse(struct meters *ms, const char *name, const char *text,
                size_t len, struct err *e)
{
    struct node *root = NULL;
    int rc;

    if (!is_whole(text, len))
        return err_set(e, ERR_DATA,
                       "%s: damaged, or no state of this program: bring a "
                       "copy back, or take it away to count from zero",
                       name);
    rc = config_parse(&root, name, text, len - CHECK_LINE, e);
    if (rc == 0)
        rc = read_tree(ms, root, e);
    node_free(root);
    return rc;
}

int state_read(struct meters *ms, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    char *text;
    size_t n;
    int rc;

    if (!f)
        return errno == ENOENT ? 0 : err_sys(e, "%s", path);
    text = xmalloc(STATE_MAX_FILE + 1);
    n = fread(text, 1, STATE_MAX_FILE + 1, f);
    if (ferror(f))
        rc = err_sys(e, "%s", path);
    else if (n > STATE_MAX_FILE)
        rc = err_set(e, ERR_DATA, "%s: over %d bytes: no state of this program",
                     path, STATE_MAX_FILE);
    else
        rc = state_parse(ms, path, text, n, e) < 0 ? -1 : 1;
    fclose(f);
    free(text);
    return rc;
}
