/*
 * A sweep's YAML: its runs, what the first and the last start, and its settings
 * as they are kept, which must mean the same when it is resumed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/sweep/load_steps.h"
#include "common/sweep/run_labels.h"
#include "common/sweep/sweep_dir.h"
#include "formats/config.h"
#include "formats/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void start(const struct sweep_spec *s, const struct sweep_run *r)
{
    struct run_context c = {.spec = s, .sampler = "", .stress_ng = ""};
    struct strings words = {0};
    struct load_steps ls;
    int64_t at = 0;

    load_steps_make(&ls, r);
    for (size_t i = 0; i < ls.n; i++) {
        if (ls.at[i].from_ns != at || ls.at[i].to_ns <= at)
            abort();
        at = ls.at[i].to_ns;
    }
    if (at != r->part->times.run_ns || sweep_run_bytes(r, s) <= 0)
        abort();
    run_sampler_words(&words, &c, r, "out", 1, 1);
    strings_release(&words);
    load_steps_release(&ls);
}

static int read_sweep(const struct node *root, struct sweep_plan *p,
                      struct sweep_spec *s)
{
    struct err e;

    *p = (struct sweep_plan){0};
    return sweep_spec_read(s, root, 8, &e) < 0 ? -1 : sweep_plan_make(p, s, &e);
}

static void keep(const struct node *root, const struct sweep_plan *p)
{
    char *text = json_of(root);
    struct strings lines = {0};
    struct node *kept = NULL;
    struct sweep_spec s = {0};
    struct sweep_plan again;
    struct err e;

    if (config_parse(&kept, "kept", text, strlen(text), &e) < 0 ||
        read_sweep(kept, &again, &s) < 0 || again.n != p->n ||
        again.total_ns != p->total_ns)
        abort();
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->run[i].name, again.run[i].name) != 0 ||
            p->run[i].seed != again.run[i].seed)
            abort();
    sweep_diff(root, kept, &lines);
    if (lines.n)
        abort();
    sweep_plan_release(&again);
    sweep_spec_release(&s);
    node_free(kept);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sweep_spec s = {0};
    struct sweep_plan p;
    struct node *root;
    struct err e;

    if (config_parse(&root, "fuzz", (const char *)data, size, &e) < 0)
        return 0;
    if (read_sweep(root, &p, &s) == 0) {
        start(&s, &p.run[0]);
        start(&s, &p.run[p.n - 1]);
        keep(root, &p);
    }
    sweep_plan_release(&p);
    sweep_spec_release(&s);
    node_free(root);
    return 0;
}
