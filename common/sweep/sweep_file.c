#include "common/sweep/sweep_file.h"

#include "formats/config.h"

int sweep_file_open(struct sweep_file *f, const char *path,
                    const struct strings *set, unsigned cpus, struct err *e)
{
    *f = (struct sweep_file){0};
    if (config_read(&f->root, path, e) < 0 ||
        node_set_all(f->root, set, e) < 0 ||
        sweep_spec_read(&f->spec, f->root, cpus, e) < 0)
        return -1;
    return sweep_plan_make(&f->plan, &f->spec, e);
}

void sweep_file_close(struct sweep_file *f)
{
    sweep_plan_release(&f->plan);
    sweep_spec_release(&f->spec);
    node_free(f->root);
    *f = (struct sweep_file){0};
}
