#include "common/math/nested.h"

#include <math.h>

bool metric_figure_better(const struct metric_figure *by, double x, double y)
{
    if (isnan(x) || isnan(y))
        return !isnan(x) && isnan(y);
    return by->better > 0 ? x > y : x < y;
}

/* Of a model over all groups but one; score (G). */
static double figure_without(const struct metric *const *score, size_t G,
                             size_t but, const struct metric_figure *by)
{
    struct metric m = {0};

    for (size_t h = 0; h < G; h++)
        if (h != but)
            metric_merge(&m, score[h]);
    return by->value(&m);
}

void nested_choose(const struct metric *const *score, size_t M, size_t G,
                   const struct metric_figure *by, size_t *choice)
{
    for (size_t g = 0; g < G; g++) {
        double best = NAN;

        choice[g] = 0;
        for (size_t m = 0; m < M; m++) {
            double v = figure_without(score + (m * G + g) * G, G, g, by);

            if (!metric_figure_better(by, v, best))
                continue;
            best = v;
            choice[g] = m;
        }
    }
}
