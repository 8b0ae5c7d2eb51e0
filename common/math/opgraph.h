#ifndef MATH_OPGRAPH_H
#define MATH_OPGRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/labels.h"
#include "common/math/tensor.h"

/*
 * A computation as plain data: operators that read named values and give named
 * ones.  What an operator does is not known here; the names and attributes are
 * those of ONNX, and formats/onnx.h writes such a graph as a file.
 *
 * The operators stand in an order in which they can be run.  Names that
 * functions return are the graph's, until opgraph_free().
 */
enum op_kind { OP_INTS, OP_FLOAT };

/* What a Cast makes: its attribute `to`. */
enum { OP_TO_FLOAT = 1, OP_TO_INT = 7, OP_TO_DOUBLE = 11 };

enum { OP_ATTRS = 8, OP_INTS_MAX = 8 };

/* A setting of an operator. */
struct op_attr {
    const char *name; /* static */
    enum op_kind kind;
    size_t n; /* OP_INTS: how many; 0: one, which is no list */
    int64_t ints[OP_INTS_MAX];
    float real; /* OP_FLOAT */
};

struct op {
    const char *type;  /* "Gemm"; static */
    struct strings in; /* values it reads; "": one that is not given */
    char *out;         /* the value it gives */
    size_t place;      /* of out among its outputs, from 0 */
    size_t n_attrs;
    struct op_attr attr[OP_ATTRS];
};

/* A constant: one of the two is NULL. */
struct op_const {
    char *name;
    int n_dims;
    size_t dim[TENSOR_DIMS], n; /* n: their product */
    float *floats;
    int64_t *ints;
};

/* What comes in and goes out: float32 (N, width), for any N. */
struct op_port {
    char *name;
    size_t width;
};

struct opgraph {
    char scope[TENSOR_NAME]; /* put before the names of values: "enc.0" */
    struct op **op;
    size_t n_ops, cap_ops;
    struct op_const *constant;
    size_t n_constants, cap_constants;
    struct op_port *in, *out;
    size_t n_in, cap_in, n_out, cap_out;
};

struct opgraph *opgraph_new(void);
void opgraph_free(struct opgraph *g);

/* An input; returns its name. */
const char *opgraph_input(struct opgraph *g, const char *name, size_t width);

/* Give a value to the outside, by that name. */
void opgraph_output(struct opgraph *g, const char *value, const char *name,
                    size_t width);

/*
 * Append an operator that reads these values; NULL ends the list.  Returns it,
 * borrowed; its value is op->out, a name made of the scope and the type.
 */
struct op *opgraph_op(struct opgraph *g, const char *type, const char *in, ...)
    __attribute__((sentinel));

/* One more value to read, behind the others. */
void op_input(struct op *o, const char *value);

/* Settings; their names are static. */
void op_int(struct op *o, const char *name, int64_t value);
void op_ints(struct op *o, const char *name, size_t n, const int64_t *value);
void op_float(struct op *o, const char *name, float value);

/*
 * Constants; what they hold is copied.  A tensor keeps its name, which must be
 * unique, and is there once however often it is asked for; numbers get a name,
 * and whole numbers stand in a row.  Return the name of the value.
 */
const char *opgraph_tensor(struct opgraph *g, const struct tensor *t);
const char *opgraph_floats(struct opgraph *g, int n_dims, const size_t *dim,
                           const float *data);
const char *opgraph_ints(struct opgraph *g, size_t n, const int64_t *value);

#endif
