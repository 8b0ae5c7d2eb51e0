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

void embed_reverse(struct window_set *s, float *x, uint32_t *end)
{
    size_t span = embed_span(s->delays, s->tau);

    for (size_t t = 0; t < s->T; t++)
        memcpy(x + t * s->D, s->x + (s->T - 1 - t) * s->D, s->D * sizeof *x);
    for (size_t i = 0; i < s->N; i++)
        end[s->N - 1 - i] = (uint32_t)(s->T - 1 - (s->end[i] - (span - 1)));
    *s = (struct window_set){.x = x,
                             .end = end,
                             .T = s->T,
                             .D = s->D,
                             .N = s->N,
                             .delays = s->delays,
                             .tau = s->tau};
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
