#include "common/sweep/sweep_begun.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/config.h"

int sweep_begun_open(struct sweep_begun *b, const char *path, struct err *e)
{
    static const struct strings nothing;
    char *settings, *machine;
    int64_t cpus = 0;
    int rc;

    *b = (struct sweep_begun){0};
    if (sweep_dir_open(&b->dir, path, false, e) < 0)
        return -1;
    settings = sweep_dir_file(&b->dir, "settings", "json", NULL);
    machine = sweep_dir_file(&b->dir, "machine", "json", NULL);
    rc = config_read(&b->machine, machine, e);
    if (rc == 0)
        rc = node_int(b->machine, "sweep_cpus", 1, 4096, &cpus, e);
    if (rc == 0 && cpus == 0)
        rc = err_set(e, ERR_DATA, "%s: no sweep_cpus", machine);
    if (rc == 0)
        rc = sweep_file_open(&b->file, settings, &nothing, (unsigned)cpus, e);
    free(machine);
    free(settings);
    return rc;
}

void sweep_begun_close(struct sweep_begun *b)
{
    sweep_file_close(&b->file);
    node_free(b->machine);
    sweep_dir_close(&b->dir);
}

int sweep_begun_check(const struct sweep_begun *b, const struct node *root,
                      struct strings *lines, struct err *e)
{
    sweep_diff(b->file.root, root, lines);
    if (lines->n == 0)
        return 0;
    return err_set(e, ERR_USAGE,
                   "%s: was begun with other settings (-: then, +: now); "
                   "resume it as it is, or begin in another folder",
                   b->dir.path);
}

int sweep_begun_check_machine(const struct sweep_begun *b,
                              const struct labels *facts, struct strings *lines,
                              struct err *e)
{
    static const char *const must[] = {"host",       "cpu_model",  "cpus",
                                       "hypervisor", "sweep_proc", "sweep_sys",
                                       NULL};

    for (size_t i = 0; i < facts->n; i++) {
        const char *key = facts->at[i].key, *is = facts->at[i].value;
        const char *was = NULL;
        char *line;

        if (node_text(b->machine, key, &was, e) < 0)
            return -1;
        if (!was || strcmp(was, is) == 0 || strcmp(key, "sweep_cpus") == 0)
            continue;
        for (size_t k = 0; must[k]; k++)
            if (strcmp(key, must[k]) == 0)
                return err_set(e, ERR_USAGE,
                               "%s: begun on another machine: %s was '%.100s' "
                               "and is '%.100s'; begin in another folder",
                               b->dir.path, key, was, is);
        line = xasprintf("%s was '%s' and is '%s'", key, was, is);
        strings_add(lines, line);
        free(line);
    }
    return 0;
}
