#ifndef NN_EXPORT_H
#define NN_EXPORT_H

#include "common/math/opgraph.h"
#include "common/math/scale.h"
#include "common/nn/model.h"

/*
 * A model as a graph of operators, those of ONNX opset 13, from raw windows to
 * watts.
 *
 * Between layers a value of shape (channels, length) is (N, channels, length),
 * or (N, channels) where the length is 1, so that dense layers follow each
 * other without anything between.  A layer whose operator wants the one or the
 * other form asks for it.
 */

/* x of that shape as (N, channels, length), even where the length is 1. */
const char *export_steps(struct opgraph *g, struct shape shape, const char *x);

/* x of that shape as (N, channels * length). */
const char *export_flat(struct opgraph *g, struct shape shape, const char *x);

/* x, which is (N, channels, length), in the form that the shape asks for. */
const char *export_done(struct opgraph *g, struct shape shape, const char *x);

/*
 * weight (O, C) times each step of x, plus bias (O): (N, C, T) to (N, O, T).
 */
const char *export_each_step(struct opgraph *g, const char *x,
                             const struct tensor *weight,
                             const struct tensor *bias);

/* The hook of layers that do nothing in prediction: x. */
const char *export_nothing(const struct layer *l, struct opgraph *g,
                           const char *const *x);

/*
 * Append a whole model: input `windows` (N, D * d), feature by feature, oldest
 * first; each feature scaled as `inputs`, and cut to 0..1 where `clip`; the
 * layers; what comes out brought back to watts by `target`; an output (N, 1)
 * for each name of `targets`, in the order of the model's outputs.
 *
 * Returns 0, or -1 with ERR_DATA where the model does not have one output for
 * each target, or a layer cannot be exported.
 */
int model_export(const struct model *m, const struct scale *inputs, bool clip,
                 const struct scale *target, const struct strings *targets,
                 struct opgraph *g, struct err *e);

#endif
