#ifndef PHYSICAL_PHYSICAL_H
#define PHYSICAL_PHYSICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/labels.h"
#include "common/math/opgraph.h"
#include "common/math/tensor.h"
#include "common/physical/basis.h"

/*
 * A model of package watts with few parameters, all of them with a meaning:
 *
 *   watts = curve(b) + effects(b) + noise(b),   b = busy CPUs
 *
 * The curve saturates: non-negative weights on the columns of basis.h.  The
 * effects, in watts at the four knots of basis.h, say how a session of the
 * machine (its clocks, its power limit), a workload and a single recording
 * differ from the curve.  They are drawn from Gaussians whose covariances are
 * learned from how those of the training data differ.  Of a workload nobody has
 * seen only that spread is known, and so is how wrong a prediction may be; a
 * calibration narrows it.
 *
 * N rows, K = BASIS columns, E = EFFECTS knots.
 */
struct physical {
    double n_cpus;         /* logical CPUs of the machine */
    double curve[BASIS];   /* W */
    double shift[EFFECTS]; /* W beside it at each knot, by calibration */
    double session[EFFECTS * EFFECTS];   /* covariance still open, W^2: of */
    double workload[EFFECTS * EFFECTS];  /* ... the session, the workload, */
    double recording[EFFECTS * EFFECTS]; /* ... the recording */
    double noise[EFFECTS];               /* sd of a row at each knot, W */
    double idle_gap_w; /* settled idle less the curve's, fades with load */
    double busy_min, busy_max; /* loads seen in training, CPUs */
    double share;              /* of the host's CPUs that a guest has; 1: all */
    double calibrated;         /* effective rows and anchors used so far */
};

/*
 * What is fitted to.  Labels as numbers 0, 1, ...: rows of one workload, of one
 * session (machine and boot), of one recording have the same.  The rows of a
 * recording need not be together.
 */
struct physical_rows {
    size_t n;
    const float *busy, *watts;                      /* (N) busy CPUs, W */
    const uint32_t *workload, *session, *recording; /* (N) */
};

/*
 * Fit p to the rows, none of which counts more than those of another workload
 * at another load.  Takes one or two us a row.
 *
 * n_cpus  logical CPUs of the machine that was recorded
 * Returns 0, or -1 with ERR_DATA: too few rows, a value that is not finite,
 * more than PHYSICAL_GROUPS workloads and sessions, one load only.
 */
#define PHYSICAL_GROUPS 128
int physical_fit(struct physical *p, const struct physical_rows *rows,
                 double n_cpus, struct err *e);

/*
 * Watts of the curve and of what is beside it, all but the gap of idle, and
 * the shares z (E) of the knots in this load.
 */
double physical_mean(const struct physical *p, double busy, double *z);

/*
 * Take p for a machine of another size, of the same make: a load is taken as
 * the share of CPUs that it is, and watts, but those of the first CPU, in
 * proportion to their number, as is what a calibration found.  It is twice as
 * unsure of it.
 */
void physical_resize(struct physical *p, double n_cpus);

/*
 * Labels of this machine: rows with measured watts.  `same` says that they are
 * of the very recording that will be predicted; else they are of other work in
 * the same session, a sweep, which tells nothing of the workload to come.  A
 * long sweep of one kind counts no more than a short one.  Where they are
 * beyond what the trained kind of machine draws, p is first taken for another
 * make (physical_stretch() by the full load they tell), so that what is open of
 * the work to come is in proportion.
 *
 * Returns 0, or -1 with ERR_DATA and p unchanged: no rows, a value that is not
 * finite, rows that contradict one another.
 */
int physical_calibrate(struct physical *p, const float *busy,
                       const float *watts, size_t n, bool same, struct err *e);

/*
 * The same from known wattages: `watts` is drawn at `busy` CPUs (0: settled
 * idle; n_cpus: all busy), give or take `error`, a share of it (.05).
 *
 * Returns 0, or -1 with ERR_DATA and p unchanged: a wattage that this kind of
 * machine cannot have, or idle above full.
 */
int physical_anchor(struct physical *p, double busy, double watts, double error,
                    struct err *e);

/*
 * Take p, which is not calibrated yet, for a machine of another make, which
 * draws watts that none of the trained kind does: `idle` W, `full` W, of which
 * NaN is not known.  Idle is replaced, the dynamic part scaled so that full
 * load draws what it does, and its curve taken half way to a straight line.
 * What one wattage does not tell is a guess: of idle, half way from the trained
 * share of full load to half of it; of dynamic watts, half way, in the
 * logarithm, from the trained ones to those in proportion to idle.  All of that
 * is unsure as far as machines may differ; physical_anchor() with these watts
 * then makes sure of what they tell.
 *
 * Returns 0, or -1 with ERR_DATA and p unchanged: p is calibrated, no machine
 * of n_cpus draws these watts, or idle is not below full.
 */
int physical_stretch(struct physical *p, double idle, double full,
                     struct err *e);

/*
 * Anchors out of a recording: the watts of idle that has settled, and of all
 * CPUs busy.
 *
 * busy, watts (N)  rows in order of time, about a second each
 * Returns 0 and *mean_w, or -1 with ERR_DATA: not idle, not settled (it still
 * falls); not full (fewer than nine tenths of the CPUs are busy).
 */
int physical_settled_idle(const float *busy, const float *watts, size_t n,
                          double n_cpus, double *mean_w, struct err *e);
int physical_full_load(const float *busy, const float *watts, size_t n,
                       double n_cpus, double *mean_w, struct err *e);

/* What is said of one row; all W but the last. */
struct physical_prediction {
    float watts;   /* idle + dynamic */
    float idle;    /* the share of the machine's idle */
    float dynamic; /* what the busy CPUs add */
    float sd;      /* of measured - predicted; x 1.645 either way: 90 % */
    float support; /* 1: as in training and calibrated; 0: a guess */
};

/* Cannot fail; NaN in, NaN out. */
void physical_predict(const struct physical *p, const float *busy, size_t n,
                      struct physical_prediction *out);

/* W of the whole machine at idle; and by how much idle_gap_w fades with load:
 * exp(-fade b) of it is left at b busy CPUs. */
double physical_idle(const struct physical *p);
double physical_fade(const struct physical *p);

/*
 * The same watts as operators of ONNX opset 13, out of busy CPUs (N, 1):
 * append them to g; returns the value, (N, 1).
 */
const char *physical_export(const struct physical *p, const char *busy,
                            struct opgraph *g);

/* How many sd either side of a prediction hold `coverage` (0..1) of rows. */
double physical_quantile(double coverage);

/*
 * Put p into a checkpoint and take it out.  Tensors and labels are called
 * physical.NAME.
 *
 * store (PHYSICAL_STORE)  caller's; ts points into it
 * physical_load() returns 0, or -1 with ERR_DATA: something is missing, or has
 * another shape, or is not finite.  It takes models of before knots as well
 * (physical.noise_w is a label): at each knot they say the same.
 */
#define PHYSICAL_STORE (BASIS + 2 * EFFECTS + 3 * EFFECTS * EFFECTS)
void physical_save(const struct physical *p, float *store, struct labels *ls,
                   struct tensors *ts);
int physical_load(struct physical *p, const struct labels *ls,
                  const struct tensors *ts, struct err *e);

#endif
