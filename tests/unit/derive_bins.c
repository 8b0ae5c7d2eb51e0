/* Readings summed up to a coarser interval. */
#include "tests/unit/recording.h"

#include "common/base/rng.h"

static void make_fine(struct recording *r, uint64_t **ctxt, uint64_t **user,
                      uint64_t **idle, uint64_t **energy)
{
    const uint64_t wrap = 2000000000;

    start(r, N, 16 * NS_PER_MS);
    *ctxt = add_counter(r, "ctxt", "1", 0);
    *user = add_counter(r, "cpu.user", "tick", 0);
    *idle = add_counter(r, "cpu.idle", "tick", 0);
    *energy = add_counter(r, "energy:package-0", "uJ", wrap);
    for (size_t i = 1; i < N; i++) {
        r->t_ns[i] += (int64_t)(rng_at(1, 0, i) % 100000); /* late a little */
        (*ctxt)[i] = (*ctxt)[i - 1] + rng_at(1, 1, i) % 1000;
        (*user)[i] = (*user)[i - 1] + rng_at(1, 2, i) % 4;
        (*idle)[i] = (*idle)[i - 1] + rng_at(1, 3, i) % 4;
        (*energy)[i] = ((*energy)[i - 1] + rng_at(1, 4, i) % 2000000) % wrap;
    }
}

/* Keep every k-th row, as a recorder at k times the interval would have. */
static void thin_out(struct recording *to, const struct recording *from,
                     size_t k)
{
    start(to, from->n / k, from->interval_ns * (int64_t)k);
    for (size_t c = 0; c < from->channels.n; c++) {
        const struct channel *ch = &from->channels.at[c];
        const uint64_t *v = from->column[c];
        uint64_t *thin = add_counter(to, ch->name, ch->unit, ch->wrap);

        for (size_t i = 0; i < to->n; i++) {
            thin[i] = v[i * k];
            to->t_ns[i] = from->t_ns[i * k];
        }
    }
}

static void check_bins(size_t k, size_t piece)
{
    static const char features[] = "user_pct,busy_cpus,log_ctxt";
    struct recording fine, coarse;
    struct derived a, b;
    struct derive *binned, *direct;
    uint64_t *v[4];
    size_t row = 0;

    make_fine(&fine, &v[0], &v[1], &v[2], &v[3]);
    thin_out(&coarse, &fine, k);
    direct = open_derive(&coarse, features, "package");
    derive_all(direct, &coarse, &b);
    binned = try_open(&fine, features, "package", coarse.interval_ns);
    assert_non_null(binned);
    for (size_t at = 0; at < fine.n; at += piece) {
        const void *column[4];

        for (int c = 0; c < 4; c++)
            column[c] = (const uint64_t *)fine.column[c] + at;
        derive_rows(binned, fine.n - at < piece ? fine.n - at : piece,
                    fine.t_ns + at, column, &a);
        for (size_t i = 0; i < a.n; i++, row++) {
            assert_int_equal(a.t_ns[i], b.t_ns[row]);
            assert_int_equal(a.state[i], b.state[row]);
            assert_true(a.state[i] == ROW_BAD || a.dt_s[i] == b.dt_s[row]);
            for (int j = 0; j < 3 && a.state[i] != ROW_BAD; j++)
                assert_true(a.x[j][i] == b.x[j][row]); /* to the bit */
            if (a.state[i] != ROW_BAD)
                assert_true(a.label_w[0][i] == b.label_w[0][row]);
        }
    }
    assert_int_equal(row, b.n);
    derive_free(binned);
    derive_free(direct);
    finish(&fine);
    finish(&coarse);
}

static void bins_equal_a_coarser_recording(void **state)
{
    (void)state;
    check_bins(5, N);
    check_bins(5, 1);
    check_bins(8, 333);
    check_bins(50, 77);
}

static void bins_of_gauges_are_means_over_time(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    double *run, *power;

    (void)state;
    start(&r, 7, NS_PER_S);
    run = add_gauge(&r, "procs_running", "1");
    power = add_gauge(&r, "power:wall", "W");
    for (size_t i = 0; i < 7; i++) {
        run[i] = (double)i;
        power[i] = 100 + (double)i;
    }
    r.t_ns[1] += NS_PER_S / 4; /* 1, 1.25, .75 s */
    d = try_open(&r, "procs_running", "auto", 3 * NS_PER_S);
    derive_all(d, &r, &out);
    assert_int_equal(out.n, 2); /* the seventh row fills no bin */
    assert_float_equal(out.x[0][0], (0 * 1 + 1 * 1.25 + 2 * .75) / 3, 1e-6);
    assert_float_equal(out.label_w[0][1], 104, 1e-4);
    assert_int_equal(out.state[0], ROW_FRESH);
    assert_int_equal(out.state[1], ROW_FOLLOWS);
    assert_string_equal(derive_target(d), "wall");
    derive_free(d);
    finish(&r);
}

static void a_gap_or_a_reset_inside_a_bin_drops_it(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    uint64_t *ctxt;
    size_t bad = 0;

    (void)state;
    start(&r, 100, 100 * NS_PER_MS);
    ctxt = add_counter(&r, "ctxt", "1", 0);
    for (size_t i = 0; i < 100; i++) {
        r.t_ns[i] += i >= 25 ? 300 * NS_PER_MS : 0; /* in the third bin */
        /* in the sixth or so; it grows past what it was within the bin */
        ctxt[i] = 10 * i + (i >= 60 ? 0 : 50);
    }
    ctxt[60] = 1;
    for (size_t i = 61; i < 100; i++)
        ctxt[i] = 10000 + 10 * i;
    d = try_open(&r, "log_ctxt", "auto", NS_PER_S);
    derive_all(d, &r, &out);
    for (size_t i = 0; i < out.n; i++) {
        bad += out.state[i] == ROW_BAD;
        if (out.state[i] != ROW_BAD && out.t_ns[i] < r.t_ns[60])
            assert_float_equal(out.x[0][i], log1p(100), 1e-6);
    }
    assert_int_equal(bad, 3); /* start, gap, reset */
    assert_int_equal(out.state[out.n - 1], ROW_FOLLOWS);
    derive_free(d);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_equal_a_coarser_recording),
        cmocka_unit_test(bins_of_gauges_are_means_over_time),
        cmocka_unit_test(a_gap_or_a_reset_inside_a_bin_drops_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
