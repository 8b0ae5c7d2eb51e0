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
        struct metric_row row = {
            .predicted_w = y[i], .measured_w = residual[i], .dt_s = NAN};

        for (int k = 0; k < INTERVALS; k++)
            row.lower_w[k] = row.upper_w[k] = NAN;
        metric_add(&a->metric, &row, ASSESS_MAPE_FLOOR_W);
        residual[i] -= y[i];
    }
    a->mae_w = figure(&a->metric, "mae");
    a->r2 = figure(&a->metric, "r2");
    for (int k = 0; k < INTERVALS; k++)
        conformal_interval(residual, N, interval_percent(k) / 100.0,
                           &a->low_w[k], &a->high_w[k]);
    free(residual);
    free(y);
}

void assessment_scores(const struct assessment *a, const char *part,
                       struct labels *ls)
{
    char title[64], key[128];

    for (size_t i = 0; i < METRIC_FIRST; i++) {
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
    labels_setf(ls, "interval.low_w", "%.9g", a->low_w[INTERVAL_90]);
    labels_setf(ls, "interval.high_w", "%.9g", a->high_w[INTERVAL_90]);
    for (int k = 0; k < INTERVAL_90; k++) {
        char key[32];

        snprintf(key, sizeof key, "interval.low%d_w", interval_percent(k));
        labels_setf(ls, key, "%.9g", a->low_w[k]);
        snprintf(key, sizeof key, "interval.high%d_w", interval_percent(k));
        labels_setf(ls, key, "%.9g", a->high_w[k]);
    }
}
