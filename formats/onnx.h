#ifndef FORMATS_ONNX_H
#define FORMATS_ONNX_H

#include "common/base/err.h"
#include "common/base/labels.h"
#include "common/math/opgraph.h"

/*
 * A graph of operators as an ONNX file (opset 13), for other programs to run.
 * formats/onnx.proto is what we use of the published schema.
 */

/*
 * Write g to `path`, NULL or "-" for standard output, with `meta` as the
 * model's properties and `about`, one line, as its description.  Returns 0, or
 * -1 with e filled: ERR_USAGE for a terminal, ERR_DATA for a graph above
 * 1 GiB, ERR_SYSTEM for what cannot be written.
 */
int onnx_write(const struct opgraph *g, const struct labels *meta,
               const char *about, const char *path, struct err *e);

#endif
