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

/* Column k of y and w (N, K), where the label is known. */
static void assess_target(struct assessment *a, const float *y, const float *w,
                          size_t N, size_t K, size_t k)
{
    float *residual = xmalloc_aligned(N, sizeof *residual);

    for (size_t i = k; i < N * K; i += K) {
        struct metric_row row = {
            .predicted_w = y[i],
            .measured_w = w[i],
            .dt_s = NAN,
            .support = NAN,
        };

        if (isnan(w[i]))
            continue;
        for (int j = 0; j < INTERVALS; j++)
            row.lower_w[j] = row.upper_w[j] = NAN;
        metric_add(&a->metric, &row, ASSESS_MAPE_FLOOR_W);
        residual[a->n++] = w[i] - y[i];
    }
    a->mae_w = figure(&a->metric, "mae");
    a->r2 = figure(&a->metric, "r2");
    for (int j = 0; j < INTERVALS; j++)
        conformal_interval(residual, a->n, interval_percent(j) / 100.0,
                           &a->low_w[j], &a->high_w[j]);
    free(residual);
}

void assess_predictions(struct assessment *a, float *y,
                        const struct loss_type *loss,
                        const struct scale *target,
                        const struct window_set *set)
{
    size_t N = set->N, K = window_set_targets(set);
    float *w = xmalloc_aligned(N * K, sizeof *w);
    double sum;

    embed_labels(set, set->end, N, w);
    sum = loss_rows(loss, y, w, NULL, N, K, 0, NULL);
    if (target) {
        scale_invert(target, y, N);
        scale_invert(target, w, N);
    }
    for (size_t k = 0; k < K; k++) {
        a[k] = (struct assessment){.loss = N ? sum / (double)N : NAN};
        assess_target(&a[k], y, w, N, K, k);
    }
    free(w);
}

void assess(struct assessment *a, struct predictor *p,
            const struct loss_type *loss, const struct scale *target,
            const struct window_set *set)
{
    float *y = xmalloc_aligned(set->N * window_set_targets(set), sizeof *y);

    predict_windows(p, set, y);
    assess_predictions(a, y, loss, target, set);
    free(y);
}

/* "KEY", or "KEY.TARGET" of one after the first. */
static void set_figure(struct labels *ls, const char *key,
                       const struct strings *targets, size_t k, double value)
{
    char *name =
        xasprintf("%s%s%s", key, k ? "." : "", k ? targets->at[k] : "");

    labels_setf(ls, name, "%.9g", value);
    free(name);
}

void assessment_scores(const struct assessment *a,
                       const struct strings *targets, const char *part,
                       struct labels *ls)
{
    char title[64], key[128];

    for (size_t i = 0; i < targets->n * METRIC_FIRST; i++) {
        const struct metric_figure *f = &metric_figures[i % METRIC_FIRST];
        size_t k = i / METRIC_FIRST;
        double v = f->value(&a[k].metric);

        if (strcmp(f->unit, "j") == 0)
            continue; /* without times there is no energy */
        metric_figure_title(f, title, sizeof title);
        snprintf(key, sizeof key, "score.%s.%s", part, title);
        if (isfinite(v))
            set_figure(ls, key, targets, k, v);
    }
}

void assessment_interval(const struct assessment *a,
                         const struct strings *targets, struct labels *ls)
{
    for (size_t k = 0; k < targets->n; k++) {
        set_figure(ls, "interval.low_w", targets, k, a[k].low_w[INTERVAL_90]);
        set_figure(ls, "interval.high_w", targets, k, a[k].high_w[INTERVAL_90]);
        for (int i = 0; i < INTERVAL_90; i++) {
            char key[32];

            snprintf(key, sizeof key, "interval.low%d_w", interval_percent(i));
            set_figure(ls, key, targets, k, a[k].low_w[i]);
            snprintf(key, sizeof key, "interval.high%d_w", interval_percent(i));
            set_figure(ls, key, targets, k, a[k].high_w[i]);
        }
    }
}
