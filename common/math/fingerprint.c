#include "common/math/fingerprint.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/vector.h"

enum { CHUNK = 1024 }; /* rows of a task */
enum role { ROLE_NONE, ROLE_TRAIN, ROLE_HELD_OUT };

/*
 * What few rows say is mixed with what is believed without them, which counts
 * as much as this many rows.
 */
static const double BELIEF_ROWS = 50;

/* S sessions, C codes of a feature, N works. */
struct check {
    const struct labelled *rows;
    const struct fingerprint_options *o;
    struct fingerprints *out;
    size_t S;
    uint8_t *role;  // (T)
    double *prior;  // (S) share of a session
    size_t *offset; // (D + 1) a feature's first code among all
    float *tell;    // (codes of all features, S) ln p(s | code) - ln p(s)
    size_t *right;  // (chunks) of the joint guess
};

/* ---- who trains, who is held out ---- */

/* Files of the same session and the same group take turns. */
static void choose_roles(struct check *c)
{
    const struct labelled *l = c->rows;
    uint32_t *files = xcalloc(c->S * l->n_groups, sizeof *files);
    uint32_t *seen = xcalloc(c->S * l->n_groups, sizeof *seen);

    for (size_t f = 0; f < l->n_files; f++)
        files[c->o->session[f] * l->n_groups + l->group[f]]++;
    for (size_t f = 0; f < l->n_files; f++) {
        size_t at = c->o->session[f] * l->n_groups + l->group[f];
        bool whole = files[at] > 1, odd = seen[at]++ % 2;
        int64_t start = l->t_ns[l->begin[f]];

        for (size_t i = l->begin[f]; i < l->begin[f + 1]; i++) {
            int64_t turn = (l->t_ns[i] - start) / c->o->block_ns % 4;

            if (whole)
                c->role[i] = odd ? ROLE_HELD_OUT : ROLE_TRAIN;
            else if (turn % 2 == 0)
                c->role[i] = turn ? ROLE_HELD_OUT : ROLE_TRAIN;
        }
    }
    free(files);
    free(seen);
}

/* ---- tables of counts ---- */

/* A row's cell in a table: of a feature, of the work, of both. */
struct key {
    const uint8_t *code;  /* of row 0; NULL: always 0 */
    const uint16_t *work; /* the same */
    size_t D, n_codes, n_works;
};

static size_t cell_of(const struct key *k, size_t row)
{
    size_t code = k->code ? k->code[row * k->D] : 0;

    return (k->work ? k->work[row] : 0u) * k->n_codes + code;
}

/* Rows of a role by cell and session. */
static double *count_rows(const struct check *c, const struct key *k,
                          enum role role)
{
    double *n = xcalloc(k->n_codes * k->n_works * c->S, sizeof *n);

    for (size_t i = 0; i < c->rows->T; i++)
        if (c->role[i] == role)
            n[cell_of(k, i) * c->S + c->o->session[c->rows->file[i]]]++;
    return n;
}

/*
 * Turn counts (n, S) into p(s | cell), leaning on belief (n / share, S) of the
 * coarser cell that each `share` of them make up.
 */
static void to_shares(double *count, size_t n, size_t S, const double *belief,
                      size_t share)
{
    for (size_t i = 0; i < n; i++) {
        const double *b = belief + i / share * S;
        double *p = count + i * S, total = BELIEF_ROWS;

        for (size_t s = 0; s < S; s++)
            total += p[s];
        for (size_t s = 0; s < S; s++)
            p[s] = (p[s] + BELIEF_ROWS * b[s]) / total;
    }
}

/* Mean of log2 p - log2 of belief over the held-out rows. */
static double mean_bits(const double *held_out, const double *p, size_t n,
                        size_t S, const double *belief, size_t share)
{
    double bits = 0, rows = 0;

    for (size_t i = 0; i < n * S; i++) {
        if (held_out[i] == 0)
            continue;
        rows += held_out[i];
        bits += held_out[i] * log2(p[i] / belief[i / (share * S) * S + i % S]);
    }
    return rows > 0 ? bits / rows : NAN;
}

static double accuracy_of(const double *held_out, const double *p, size_t n,
                          size_t S)
{
    double right = 0, rows = 0;

    for (size_t i = 0; i < n; i++) {
        size_t guess = 0;

        for (size_t s = 0; s < S; s++) {
            rows += held_out[i * S + s];
            if (p[i * S + s] > p[i * S + guess])
                guess = s;
        }
        right += held_out[i * S + guess];
    }
    return rows > 0 ? right / rows : NAN;
}

/* ---- the figures ---- */

static void find_prior(struct check *c)
{
    const struct key none = {.n_codes = 1, .n_works = 1};
    double *held_out = count_rows(c, &none, ROLE_HELD_OUT);
    double n = 0, bits = 0, belief = 0;

    c->prior = count_rows(c, &none, ROLE_TRAIN);
    for (size_t s = 0; s < c->S; s++) {
        c->out->n_trained += (size_t)c->prior[s];
        c->out->n_held_out += (size_t)held_out[s];
    }
    for (size_t s = 0; s < c->S; s++)
        belief += c->prior[s] + 1;
    for (size_t s = 0; s < c->S; s++)
        c->prior[s] = (c->prior[s] + 1) / belief;
    for (size_t s = 0; s < c->S; s++) {
        n += held_out[s];
        bits -= held_out[s] * log2(c->prior[s]);
    }
    c->out->entropy = n > 0 ? bits / n : NAN;
    c->out->chance = accuracy_of(held_out, c->prior, 1, c->S);
    free(held_out);
}

static double bits_same_work(const struct check *c, size_t d)
{
    const struct fingerprint_options *o = c->o;
    struct key work = {.work = o->work, .n_codes = 1, .n_works = o->n_works};
    struct key both = {.code = o->code + d,
                       .work = o->work,
                       .D = c->rows->D,
                       .n_codes = o->n_codes[d],
                       .n_works = o->n_works};
    double *belief = count_rows(c, &work, ROLE_TRAIN);
    double *p_work = count_rows(c, &work, ROLE_TRAIN);
    double *p = count_rows(c, &both, ROLE_TRAIN);
    double *held_out = count_rows(c, &both, ROLE_HELD_OUT), bits;
    size_t n = both.n_codes * both.n_works;

    /* Both sides lean on the same belief: a constant feature tells 0. */
    to_shares(belief, o->n_works, c->S, c->prior, o->n_works);
    to_shares(p_work, o->n_works, c->S, belief, 1);
    to_shares(p, n, c->S, belief, both.n_codes);
    bits = mean_bits(held_out, p, n, c->S, p_work, both.n_codes);
    free(belief);
    free(p_work);
    free(p);
    free(held_out);
    return bits;
}

static void check_feature(void *arg, size_t d, int thread)
{
    struct check *c = arg;
    struct fingerprint *f = &c->out->feature[d];
    size_t n = c->o->n_codes[d], S = c->S;
    struct key key = {
        .code = c->o->code + d, .D = c->rows->D, .n_codes = n, .n_works = 1};
    double *p = count_rows(c, &key, ROLE_TRAIN);
    double *held_out = count_rows(c, &key, ROLE_HELD_OUT);
    float *tell = c->tell + c->offset[d] * S;

    (void)thread;
    to_shares(p, n, S, c->prior, n);
    f->accuracy = accuracy_of(held_out, p, n, S);
    f->bits = mean_bits(held_out, p, n, S, c->prior, n);
    f->bits_same_work = c->o->work ? bits_same_work(c, d) : NAN;
    for (size_t i = 0; i < n * S; i++)
        tell[i] = (float)log(p[i] / c->prior[i % S]);
    free(p);
    free(held_out);
}

VECTOR static void add_to(float *restrict to, const float *restrict from,
                          size_t n)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* The session that all features of a row together speak for. */
static size_t guess_jointly(const struct check *c, size_t row, float *score)
{
    const uint8_t *code = c->o->code + row * c->rows->D;
    size_t guess = 0;

    for (size_t s = 0; s < c->S; s++)
        score[s] = (float)log(c->prior[s]);
    for (size_t d = 0; d < c->rows->D; d++)
        add_to(score, c->tell + (c->offset[d] + code[d]) * c->S, c->S);
    for (size_t s = 1; s < c->S; s++)
        if (score[s] > score[guess])
            guess = s;
    return guess;
}

static void guess_chunk(void *arg, size_t i, int thread)
{
    struct check *c = arg;
    size_t end = (i + 1) * CHUNK < c->rows->T ? (i + 1) * CHUNK : c->rows->T;
    float *score = xcalloc(c->S, sizeof *score);

    (void)thread;
    for (size_t row = i * CHUNK; row < end; row++)
        if (c->role[row] == ROLE_HELD_OUT)
            c->right[i] += guess_jointly(c, row, score) ==
                           c->o->session[c->rows->file[row]];
    free(score);
}

static void check_jointly(struct check *c, struct pool *pool)
{
    size_t chunks = (c->rows->T + CHUNK - 1) / CHUNK, right = 0;

    c->right = xcalloc(chunks + 1, sizeof *c->right);
    pool_run(pool, chunks, guess_chunk, c);
    for (size_t i = 0; i < chunks; i++)
        right += c->right[i];
    c->out->joint = (struct fingerprint){.accuracy = (double)right /
                                                     (double)c->out->n_held_out,
                                         .bits = NAN,
                                         .bits_same_work = NAN};
    free(c->right);
}

void fingerprint_check(const struct labelled *rows,
                       const struct fingerprint_options *o, struct pool *pool,
                       struct fingerprints *out)
{
    struct check c = {.rows = rows, .o = o, .out = out, .S = o->n_sessions};

    out->n_trained = out->n_held_out = 0;
    c.role = xcalloc(rows->T, 1);
    c.offset = xcalloc(rows->D + 1, sizeof *c.offset);
    for (size_t d = 0; d < rows->D; d++)
        c.offset[d + 1] = c.offset[d] + o->n_codes[d];
    c.tell = xcalloc(c.offset[rows->D] * c.S, sizeof *c.tell);
    choose_roles(&c);
    find_prior(&c);
    pool_run(pool, rows->D, check_feature, &c);
    check_jointly(&c, pool);
    free(c.role);
    free(c.prior);
    free(c.offset);
    free(c.tell);
}
