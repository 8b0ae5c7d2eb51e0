#include "formats/cpu_check.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "formats/sample.h"

bool cpu_check_knows(const char *list, const char *model)
{
    size_t n = strlen(model);

    for (const char *at = list; at; at = strstr(at, ", ")) {
        at += at == list ? 0 : 2;
        if (strcmp(at, "...") == 0 ||
            (strncmp(at, model, n) == 0 &&
             (!at[n] || strncmp(at + n, ", ", 2) == 0)))
            return true;
    }
    return false;
}

/* The processor that this run began with. */
static const char *began_with(struct cpu_check *c, const struct labels *meta,
                              const char *model)
{
    char *run = xasprintf("%s\n%s", labels_get_or(meta, META_HOST, ""),
                          labels_get_or(meta, META_RUN, ""));

    if (!c->run || strcmp(c->run, run) != 0) {
        cpu_check_release(c);
        c->run = run;
        c->model = xstrdup(model);
    } else {
        free(run);
    }
    return c->model;
}

bool cpu_check_segment(struct cpu_check *c, const struct labels *meta)
{
    const char *model = labels_get(meta, META_CPU_MODEL), *first;
    bool known, changed;

    if (!model || !*model)
        return true;
    first = began_with(c, meta, model);
    known = !c->known || cpu_check_knows(c->known, model);
    changed = strcmp(first, model) != 0;
    if (changed && !c->said)
        log_warn("the processor changed from '%s' to '%s' while running: from "
                 "there on predictions have no support and no interval; "
                 "calibrate again",
                 first, model);
    else if (!known && !c->said)
        log_warn("the model learnt from '%s', and this is '%s': its "
                 "predictions have no support and no interval here; train or "
                 "calibrate on this processor",
                 c->known, model);
    c->said |= changed || !known;
    return known && !changed;
}

void cpu_check_release(struct cpu_check *c)
{
    free(c->run);
    free(c->model);
    c->run = c->model = NULL;
}
