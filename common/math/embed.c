#include "common/math/embed.h"

#include <string.h>

size_t embed_span(size_t delays, size_t tau)
{
    return (delays - 1) * tau + 1;
}

void embed(const float *x, size_t D, size_t delays, size_t tau,
           const uint32_t *end, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++, out += D * delays) {
        const float *row = x + (end[i] - (embed_span(delays, tau) - 1)) * D;

        for (size_t k = 0; k < delays; k++, row += tau * D)
            for (size_t j = 0; j < D; j++)
                out[j * delays + k] = row[j];
    }
}

void embed_reverse(float *x, size_t n, size_t delays)
{
    for (size_t i = 0; i < n; i++, x += delays) {
        for (size_t a = 0, b = delays - 1; a < b; a++, b--) {
            float t = x[a];

            x[a] = x[b];
            x[b] = t;
        }
    }
}

void embed_labels(const struct window_set *s, const uint32_t *end, size_t n,
                  float *out)
{
    size_t K = window_set_targets(s);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < K; k++)
            out[i * K + k] = s->label[end[i] * K + k];
}

const float *embed_weights(const struct window_set *s, const uint32_t *end,
                           size_t n, float *out)
{
    if (!s->class_weight)
        return NULL;
    for (size_t i = 0; i < n; i++)
        out[i] = s->class_weight[s->class[end[i]]];
    return out;
}

void embed_mark(const struct window_set *set, uint8_t *use)
{
    for (size_t i = 0; i < set->N; i++) {
        size_t t = set->end[i];

        for (size_t k = 0; k < set->delays; k++, t -= set->tau)
            use[t] = 1;
    }
}
