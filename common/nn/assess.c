#include "common/nn/assess.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/conformal.h"

static double figure(const struct metric *m, const char *name)
{
    for (size_t i = 0; i < METRIC_FIGURES; i++)
        if (strcmp(metric_figures[i].name, name) == 0)
            return metric_figures[i].value(m);
    return NAN;
}

void assess(struct assessment *a, struct predictor *p,
            const struct loss_type *loss, const struct scale *target,
            const struct window_set *set)
{
    size_t N = set->N;
    float *y = xmalloc_aligned(N, sizeof *y);
    float *residual = xmalloc_aligned(N, sizeof *residual);

    *a = (struct assessment){.n = N, .loss = NAN};
    predict_windows(p, set, y);
    embed_labels(set->label, set->end, N, residual);
    if (N)
        a->loss = loss->eval(loss, y, residual, N, 0, NULL) / (double)N;
    if (target) {
        scale_invert(target, y, N);
        scale_invert(target, residual, N);
    }
    for (size_t i = 0; i < N; i++) {
        struct metric_row row = {y[i], residual[i], NAN, NAN, NAN};

        metric_add(&a->metric, &row, ASSESS_MAPE_FLOOR_W);
        residual[i] -= y[i];
    }
    a->mae_w = figure(&a->metric, "mae");
    a->r2 = figure(&a->metric, "r2");
    conformal_interval(residual, N, ASSESS_COVERAGE, &a->low_w, &a->high_w);
    free(residual);
    free(y);
}

void assessment_scores(const struct assessment *a, const char *part,
                       struct labels *ls)
{
    char title[64], key[128];

    for (size_t i = 0; i < METRIC_FIGURES; i++) {
        double v = metric_figures[i].value(&a->metric);

        if (strcmp(metric_figures[i].unit, "j") == 0)
            continue; /* without times there is no energy */
        metric_figure_title(&metric_figures[i], title, sizeof title);
        snprintf(key, sizeof key, "score.%s.%s", part, title);
        if (isfinite(v))
            labels_setf(ls, key, "%.9g", v);
    }
}

void assessment_interval(const struct assessment *a, struct labels *ls)
{
    labels_setf(ls, "interval.low_w", "%.9g", a->low_w);
    labels_setf(ls, "interval.high_w", "%.9g", a->high_w);
}
