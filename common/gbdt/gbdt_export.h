#ifndef GBDT_GBDT_EXPORT_H
#define GBDT_GBDT_EXPORT_H

#include "common/gbdt/gbdt.h"
#include "common/math/opgraph.h"

/*
 * A forest as operators of ONNX opset 13.
 *
 * Append to g what makes the columns of `kinds` (gbdt_columns.h), in their
 * order, of raw windows: input `windows` (N, D * delays), feature by feature,
 * oldest first.  Sums are taken in double, as there, so that a value lies on
 * the same side of where a tree splits.  Returns the value, (N, columns).
 */
const char *gbdt_columns_export(unsigned kinds, size_t D, size_t delays,
                                struct opgraph *g);

/*
 * Watts (N, 1) of such columns.  All trees are walked at once, a level at a
 * time, by looking their nodes up in tables: no operator for trees is asked of
 * who runs it.
 */
const char *gbdt_export(const struct gbdt *f, const char *columns,
                        struct opgraph *g);

#endif
