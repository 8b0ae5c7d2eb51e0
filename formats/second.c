#include "formats/second.h"

#include "common/base/clock.h"

/* A tick that comes this early still counts: at 1 s each is its own second. */
#define EARLY_NS (NS_PER_S / 10)

static void add_up(struct second *s, const struct prediction *p)
{
    s->t_ns = p->t_ns;
    s->n++;
    s->power += p->power_w;
    s->lower += p->lower_w[INTERVAL_90];
    s->upper += p->upper_w[INTERVAL_90];
    s->support += p->support;
    s->idle += p->idle_w;
    s->dt += p->dt_s;
    if (isfinite(p->measured_w)) {
        s->n_measured++;
        s->measured += p->measured_w;
        s->error += p->power_w - p->measured_w;
    }
    for (int d = 0; d < PREDICTION_MAX_DOMAINS; d++) {
        s->domain[d].power += p->domain[d].power_w;
        s->domain[d].lower += p->domain[d].lower_w;
        s->domain[d].upper += p->domain[d].upper_w;
        s->domain[d].measured += p->domain[d].measured_w;
    }
}

/* What was added up, as means; the next second starts with nothing. */
static void take_mean(struct second *s, struct second_mean *m)
{
    double n = (double)s->n;
    double n_measured = s->n_measured ? (double)s->n_measured : (double)NAN;

    *m = (struct second_mean){
        .t_ns = s->t_ns,
        .power_w = s->power / n,
        .lower_w = s->lower / n,
        .upper_w = s->upper / n,
        .support = s->support / n,
        .idle_w = s->idle / n,
        .measured_w = s->measured / n_measured,
        .error_w = s->error / n_measured,
        .dt_s = s->dt,
    };
    for (int d = 0; d < PREDICTION_MAX_DOMAINS; d++)
        m->domain[d] = (struct second_domain){
            .power = s->domain[d].power / n,
            .lower = s->domain[d].lower / n,
            .upper = s->domain[d].upper / n,
            .measured = s->domain[d].measured / n,
        };
    *s = (struct second){.next_ns = s->next_ns, .t_ns = s->t_ns};
}

bool second_add(struct second *s, const struct prediction *p,
                struct second_mean *mean)
{
    if (p->t_ns < s->next_ns - 2 * NS_PER_S)
        s->next_ns = 0; /* another run, recorded earlier */
    add_up(s, p);
    if (p->t_ns < s->next_ns - EARLY_NS)
        return false;
    take_mean(s, mean);
    /* Step by whole seconds, unless the recording did not. */
    s->next_ns += NS_PER_S;
    if (s->next_ns < s->t_ns)
        s->next_ns = s->t_ns + NS_PER_S;
    return true;
}

bool second_end(struct second *s, struct second_mean *mean)
{
    if (s->n == 0)
        return false;
    take_mean(s, mean);
    return true;
}
