#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/math/spd.h"
#include "common/physical/effects.h"

enum { E = EFFECTS, SESSIONS = 12, WORKLOADS = 12, RUNS = 2, ROWS = 30 };
enum { RECORDINGS = SESSIONS * WORKLOADS * RUNS };

/* Nearly Gaussian, of variance 1. */
static double gauss(struct rng *r)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += rng_uniform(r, 0, 1);
    return sum;
}

static void draw_effects(struct rng *r, const double *sd, double (*out)[E],
                         size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < E; k++)
            out[i][k] = sd[k] * gauss(r);
}

static const double session_sd[E] = {.5, 2, 1, 3},
                    workload_sd[E] = {.2, 1, 2, 1},
                    recording_sd[E] = {.1, 1, .5, .5};
static const double noise_sd = .7, mean[E] = {1, -2, 0, 3};

static void draw_recordings(struct effects_recording *at)
{
    double u[SESSIONS][E], v[WORKLOADS][E], f[RECORDINGS][E];
    struct rng r;

    rng_init(&r, 1, 1);
    draw_effects(&r, session_sd, u, SESSIONS);
    draw_effects(&r, workload_sd, v, WORKLOADS);
    draw_effects(&r, recording_sd, f, RECORDINGS);
    memset(at, 0, RECORDINGS * sizeof *at);
    for (size_t i = 0; i < RECORDINGS; i++) {
        size_t s = i % SESSIONS, w = i / SESSIONS % WORKLOADS;

        at[i].session = s;
        at[i].workload = w;
        for (int row = 0; row < ROWS; row++) {
            double z[E], y = noise_sd * gauss(&r);

            basis_effects(rng_uniform(&r, 0, 24), 24, z);
            for (int k = 0; k < E; k++)
                y += z[k] * (mean[k] + u[s][k] + v[w][k] + f[i][k]);
            for (int k = 0; k < E; k++) {
                for (int j = 0; j < E; j++)
                    at[i].gram[k * E + j] += z[k] * z[j];
                at[i].cross[k] += z[k] * y;
            }
            at[i].square += y * y;
            at[i].n++;
        }
    }
}

static const struct effects guess = {
    .session = {[0] = 1, [5] = 1, [10] = 1, [15] = 1},
    .workload = {[0] = 1, [5] = 1, [10] = 1, [15] = 1},
    .recording = {[0] = 1, [5] = 1, [10] = 1, [15] = 1},
    .noise = 1,
};
#define BELIEF                                         \
    {                                                  \
        {[0] = .1, [5] = .1, [10] = .1, [15] = .1}, .1 \
    }
static const struct effects_prior prior = {BELIEF, BELIEF, BELIEF};

static void likelihood_never_falls(void **state)
{
    static struct effects_recording at[RECORDINGS];
    struct effects x = guess;
    double before = -HUGE_VAL, first = 0;

    (void)state;
    draw_recordings(at);
    for (int step = 0; step < 60; step++) {
        double now =
            effects_step(&x, &prior, at, RECORDINGS, SESSIONS, WORKLOADS);

        assert_true(now >= before - 1e-7 * fabs(now));
        first = step ? first : now;
        before = now;
    }
    assert_true(before > first + 10); /* and did rise */
}

/* sd of effects at a load, which is what predictions are made of */
static double sd_at(const double *c, double busy)
{
    double z[E];

    basis_effects(busy, 24, z);
    return sqrt(basis_variance(z, c));
}

static void diagonal(const double *sd, double *c)
{
    memset(c, 0, E * E * sizeof *c);
    for (int k = 0; k < E; k++)
        c[k * E + k] = sd[k] * sd[k];
}

static void what_drew_the_data_is_found(void **state)
{
    static struct effects_recording at[RECORDINGS];
    static const double load[] = {1, 4, 20};
    struct effects x = guess;
    double s[E * E], w[E * E], f[E * E];

    (void)state;
    draw_recordings(at);
    for (int step = 0; step < 100; step++)
        effects_step(&x, &prior, at, RECORDINGS, SESSIONS, WORKLOADS);
    diagonal(session_sd, s);
    diagonal(workload_sd, w);
    diagonal(recording_sd, f);
    assert_true(fabs(sqrt(x.noise) - noise_sd) < .03);
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(log(sd_at(x.session, load[i]) / sd_at(s, load[i]))) <
                    .5);
        assert_true(fabs(log(sd_at(x.workload, load[i]) / sd_at(w, load[i]))) <
                    .5);
        assert_true(fabs(log(sd_at(x.recording, load[i]) / sd_at(f, load[i]))) <
                    .2);
    }
}

/*
 * The posterior against brute force: the joint Gaussian of the effect and of
 * every row, conditioned on the rows.
 */
enum { N = 9 };

static void brute_force(double z[N][E], const double *y, const double *s,
                        const double *nuisance, double noise, double *m,
                        double *v)
{
    double k[N * N], cross[E][N];

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            k[i * N + j] = i == j ? noise : 0;
            for (int a = 0; a < E; a++)
                for (int b = 0; b < E; b++)
                    k[i * N + j] += z[i][a] * z[j][b] *
                                    (s[a * E + b] + nuisance[a * E + b]);
        }
        for (int a = 0; a < E; a++)
            cross[a][i] = basis_dot(s + a * E, z[i], E);
    }
    assert_int_equal(spd_factor(N, k), 0);
    for (int a = 0; a < E; a++) {
        double t[N];

        memcpy(t, cross[a], sizeof t);
        spd_solve(N, k, t);
        m[a] = basis_dot(t, y, N);
        for (int b = 0; b < E; b++)
            v[a * E + b] = s[a * E + b] - basis_dot(t, cross[b], N);
    }
}

static void posterior_is_that_of_the_joint_gaussian(void **state)
{
    double z[N][E], y[N], s[E * E], nuisance[E * E], gram[E * E] = {0};
    double cross[E] = {0}, m[E], v[E * E], m2[E], v2[E * E], noise = .3;
    struct rng r;

    (void)state;
    rng_init(&r, 5, 1);
    diagonal(session_sd, s);
    s[1] = s[4] = .4; /* not only a diagonal */
    diagonal(workload_sd, nuisance);
    nuisance[11] = nuisance[14] = -.6;
    for (int i = 0; i < N; i++) {
        y[i] = gauss(&r);
        for (int a = 0; a < E; a++)
            z[i][a] = rng_uniform(&r, 0, 1);
        for (int a = 0; a < E; a++) {
            for (int b = 0; b < E; b++)
                gram[a * E + b] += z[i][a] * z[i][b] / noise;
            cross[a] += z[i][a] * y[i] / noise;
        }
    }
    effects_posterior(s, nuisance, gram, cross, m, v);
    brute_force(z, y, s, nuisance, noise, m2, v2);
    for (int a = 0; a < E; a++)
        assert_true(fabs(m[a] - m2[a]) < 1e-9);
    for (int a = 0; a < E * E; a++)
        assert_true(fabs(v[a] - v2[a]) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihood_never_falls),
        cmocka_unit_test(what_drew_the_data_is_found),
        cmocka_unit_test(posterior_is_that_of_the_joint_gaussian),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
