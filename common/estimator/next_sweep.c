#include "common/estimator/next_sweep.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/xalloc.h"
#include "common/estimator/next_runs.h"
#include "common/sweep/next_file.h"
#include "common/sweep/sweep_begun.h"
#include "common/sweep/sweep_state.h"
#include "formats/recordings.h"

static int write_table(const struct next_request *q, const struct next *next,
                       struct err *e)
{
    struct grid *g = next_table(next);
    int rc = grid_write(g, q->output, q->format, e);

    grid_free(g);
    return rc;
}

static int write_sweep(const struct next_request *q, const struct sweep_file *f,
                       const struct next *next, struct err *e)
{
    const struct sweep_run **runs = xcalloc(next->n + 1, sizeof *runs);
    int rc;

    for (size_t i = 0; i < next->n; i++)
        runs[i] = next->at[i].run;
    rc = next_file_write(q->output, &f->spec, runs, next->n, e);
    free(runs);
    return rc;
}

/* passed: by number, less one; NULL: none. */
static int pick(const struct next_request *q, const struct sweep_file *f,
                const struct strings *files, const bool *passed, struct err *e)
{
    const struct next_options how = {
        .n = q->n, .files = files, .passed = passed};
    struct checkpoint c = {0};
    struct estimator m = {0};
    struct next next = {0};
    struct pool *pool = pool_new(q->threads);
    int rc = checkpoint_read(&c, q->model, e);

    if (rc == 0 && estimator_load(&m, &c, q->model, pool, e) < 0)
        rc = err_prefix(e, "%s", q->model);
    if (rc == 0)
        rc = next_runs(&next, &m, f, &how, e);
    if (rc == 0 && next.n == 0)
        rc = err_set(e, ERR_DATA,
                     "%s: no run is left to pick: %zu are recorded, %zu held "
                     "out, %zu given up or left out",
                     f->spec.name, next.n_recorded, next.n_held_out,
                     next.n_passed);
    if (rc == 0)
        rc = q->yaml ? write_sweep(q, f, &next, e) : write_table(q, &next, e);
    next_release(&next);
    estimator_release(&m);
    checkpoint_release(&c);
    pool_free(pool);
    return rc;
}

/* Of a sweep that was begun: what it recorded, and what it gave up. */
static int of_begun(const struct next_request *q, struct strings *files,
                    struct err *e)
{
    struct sweep_state s = {0};
    struct sweep_begun b;
    bool *passed;
    int rc = sweep_begun_open(&b, q->sweep, e);

    if (rc == 0)
        rc = sweep_state_read(&s, &b.dir, &b.file.plan, e);
    if (rc == 0 && files->n == 0 && s.n_good > 0)
        rc = recordings_find(files, q->sweep, e);
    passed = xcalloc(s.n + 1, sizeof *passed);
    for (size_t i = 0; i < s.n; i++)
        passed[i] = s.run[i].given_up || s.run[i].left_out;
    if (rc == 0)
        rc = pick(q, &b.file, files, passed, e);
    free(passed);
    sweep_state_release(&s);
    sweep_begun_close(&b);
    return rc;
}

static int of_file(const struct next_request *q, const struct strings *files,
                   struct err *e)
{
    struct sweep_file f;
    int rc = sweep_file_open(&f, q->sweep, q->set, q->cpus, e);

    if (rc == 0)
        rc = pick(q, &f, files, NULL, e);
    sweep_file_close(&f);
    return rc;
}

int next_of_sweep(const struct next_request *q, struct err *e)
{
    struct strings files = {0};
    struct stat st;
    int rc = 0;

    for (int i = 0; i < q->n_data && rc == 0; i++)
        rc = recordings_find(&files, q->data[i], e);
    if (rc == 0 && stat(q->sweep, &st) == 0 && S_ISDIR(st.st_mode))
        rc = of_begun(q, &files, e);
    else if (rc == 0)
        rc = of_file(q, &files, e);
    strings_release(&files);
    return rc;
}
