#include "formats/onnx.h"

#include <formats/onnx.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/version.h"
#include "common/base/xalloc.h"
#include "formats/output.h"

/*
 * The file is one message, built of small ones that point to each other and to
 * the graph, and packed as it is written: constants are not copied again.
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "constants are written as they lie in memory");

enum { IR_VERSION = 8, OPSET = 13 };
#define MAX_BYTES ((size_t)1 << 30) /* protobuf ends at 2 GiB */
#define ROWS "N"                    /* the dimension that may be any */

/* What the messages take, freed together. */
struct heap {
    void **at;
    size_t n, cap;
};

static void *take(struct heap *h, size_t n, size_t size)
{
    h->at = xgrow(h->at, h->n, &h->cap, sizeof *h->at);
    return h->at[h->n++] = xcalloc(n + !n, size);
}

static void heap_release(struct heap *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->at[i]);
    free(h->at);
}

/* ---- operators ---- */

static Onnx__AttributeProto *attribute_of(struct heap *h,
                                          const struct op_attr *a)
{
    Onnx__AttributeProto *p = take(h, 1, sizeof *p);

    onnx__attribute_proto__init(p);
    p->name = (char *)a->name;
    p->has_type = true;
    if (a->kind == OP_FLOAT) {
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        p->has_f = true;
        p->f = a->real;
    } else if (a->n) {
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        p->n_ints = a->n;
        p->ints = (int64_t *)a->ints;
    } else {
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        p->has_i = true;
        p->i = a->ints[0];
    }
    return p;
}

static Onnx__NodeProto *node_of(struct heap *h, const struct op *o)
{
    Onnx__NodeProto *p = take(h, 1, sizeof *p);

    onnx__node_proto__init(p);
    p->name = o->out;
    p->op_type = (char *)o->type;
    p->n_input = o->in.n;
    p->input = o->in.at;
    p->n_output = o->place + 1;
    p->output = take(h, p->n_output, sizeof *p->output);
    for (size_t i = 0; i < o->place; i++)
        p->output[i] = "";
    p->output[o->place] = o->out;
    p->n_attribute = o->n_attrs;
    p->attribute = take(h, o->n_attrs, sizeof *p->attribute);
    for (size_t i = 0; i < o->n_attrs; i++)
        p->attribute[i] = attribute_of(h, &o->attr[i]);
    return p;
}

/* ---- constants ---- */

static Onnx__TensorProto *tensor_of(struct heap *h, const struct op_const *c)
{
    Onnx__TensorProto *p = take(h, 1, sizeof *p);

    onnx__tensor_proto__init(p);
    p->name = c->name;
    p->n_dims = (size_t)c->n_dims;
    p->dims = take(h, p->n_dims, sizeof *p->dims);
    for (size_t i = 0; i < p->n_dims; i++)
        p->dims[i] = (int64_t)c->dim[i];
    p->has_data_type = p->has_raw_data = true;
    p->data_type = c->floats ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
                             : ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    p->raw_data.data = c->floats ? (void *)c->floats : (void *)c->ints;
    p->raw_data.len = c->n * (c->floats ? sizeof *c->floats : sizeof *c->ints);
    return p;
}

/* ---- what comes in and goes out ---- */

static Onnx__TensorShapeProto *shape_of(struct heap *h, size_t width)
{
    Onnx__TensorShapeProto *p = take(h, 1, sizeof *p);
    Onnx__TensorShapeProto__Dimension *dim = take(h, 2, sizeof *dim);

    onnx__tensor_shape_proto__init(p);
    p->n_dim = 2;
    p->dim = take(h, 2, sizeof *p->dim);
    for (size_t i = 0; i < 2; i++) {
        onnx__tensor_shape_proto__dimension__init(&dim[i]);
        p->dim[i] = &dim[i];
    }
    dim[0].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    dim[0].dim_param = ROWS;
    dim[1].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    dim[1].dim_value = (int64_t)width;
    return p;
}

static Onnx__ValueInfoProto *port_of(struct heap *h, const struct op_port *port)
{
    Onnx__ValueInfoProto *p = take(h, 1, sizeof *p);
    Onnx__TypeProto__Tensor *tensor = take(h, 1, sizeof *tensor);

    onnx__value_info_proto__init(p);
    onnx__type_proto__tensor__init(tensor);
    p->name = port->name;
    p->type = take(h, 1, sizeof *p->type);
    onnx__type_proto__init(p->type);
    p->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    p->type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape_of(h, port->width);
    return p;
}

/* ---- the whole ---- */

static Onnx__GraphProto *graph_of(struct heap *h, const struct opgraph *g)
{
    Onnx__GraphProto *p = take(h, 1, sizeof *p);

    onnx__graph_proto__init(p);
    p->name = "power";
    p->n_node = g->n_ops;
    p->node = take(h, g->n_ops, sizeof *p->node);
    for (size_t i = 0; i < g->n_ops; i++)
        p->node[i] = node_of(h, g->op[i]);
    p->n_initializer = g->n_constants;
    p->initializer = take(h, g->n_constants, sizeof *p->initializer);
    for (size_t i = 0; i < g->n_constants; i++)
        p->initializer[i] = tensor_of(h, &g->constant[i]);
    p->n_input = g->n_in;
    p->input = take(h, g->n_in, sizeof *p->input);
    for (size_t i = 0; i < g->n_in; i++)
        p->input[i] = port_of(h, &g->in[i]);
    p->n_output = g->n_out;
    p->output = take(h, g->n_out, sizeof *p->output);
    for (size_t i = 0; i < g->n_out; i++)
        p->output[i] = port_of(h, &g->out[i]);
    return p;
}

static void add_properties(struct heap *h, const struct labels *meta,
                           Onnx__ModelProto *p)
{
    Onnx__StringStringEntryProto *entry = take(h, meta->n, sizeof *entry);

    p->n_metadata_props = meta->n;
    p->metadata_props = take(h, meta->n, sizeof *p->metadata_props);
    for (size_t i = 0; i < meta->n; i++) {
        onnx__string_string_entry_proto__init(&entry[i]);
        entry[i].key = meta->at[i].key;
        entry[i].value = meta->at[i].value;
        p->metadata_props[i] = &entry[i];
    }
}

static Onnx__ModelProto *model_of(struct heap *h, const struct opgraph *g,
                                  const struct labels *meta, const char *about)
{
    Onnx__ModelProto *p = take(h, 1, sizeof *p);
    Onnx__OperatorSetIdProto *opset = take(h, 1, sizeof *opset);

    onnx__model_proto__init(p);
    onnx__operator_set_id_proto__init(opset);
    opset->domain = "";
    opset->has_version = p->has_ir_version = true;
    opset->version = OPSET;
    p->ir_version = IR_VERSION;
    p->producer_name = "decode-rapl";
    p->producer_version = RAPL_VERSION;
    p->doc_string = (char *)about;
    p->n_opset_import = 1;
    p->opset_import = take(h, 1, sizeof *p->opset_import);
    p->opset_import[0] = opset;
    p->graph = graph_of(h, g);
    add_properties(h, meta, p);
    return p;
}

static int check_size(const struct opgraph *g, struct err *e)
{
    size_t bytes = 0;

    for (size_t i = 0; i < g->n_constants; i++) {
        bytes += g->constant[i].n *
                 (g->constant[i].floats ? sizeof(float) : sizeof(int64_t));
        if (bytes > MAX_BYTES)
            return err_set(e, ERR_DATA, "the model takes more than %zu bytes",
                           MAX_BYTES);
    }
    return 0;
}

/* ---- the file ---- */

struct sink {
    ProtobufCBuffer base;
    FILE *f;
};

/* What cannot be written shows in ferror(). */
static void append(ProtobufCBuffer *base, size_t n, const uint8_t *data)
{
    fwrite(data, 1, n, ((struct sink *)base)->f);
}

static int write_file(const Onnx__ModelProto *model, const char *path,
                      struct err *e)
{
    bool to_stdout = output_is_stdout(path);
    struct sink sink = {.base.append = append,
                        .f = to_stdout ? stdout : fopen(path, "wbe")};
    int rc = 0;

    if (!sink.f)
        return err_sys(e, "%s", path);
    onnx__model_proto__pack_to_buffer(model, &sink.base);
    if (fflush(sink.f) != 0 || ferror(sink.f))
        rc = err_sys(e, "%s: cannot write", to_stdout ? "-" : path);
    if (!to_stdout && fclose(sink.f) != 0 && rc == 0)
        rc = err_sys(e, "%s: cannot write", path);
    return rc;
}

int onnx_write(const struct opgraph *g, const struct labels *meta,
               const char *about, const char *path, struct err *e)
{
    struct heap h = {0};
    int rc;

    if (output_is_stdout(path) && isatty(STDOUT_FILENO))
        return err_set(e, ERR_USAGE,
                       "an ONNX file is not for a terminal; give -o FILE");
    if (check_size(g, e) < 0)
        return -1;
    rc = write_file(model_of(&h, g, meta, about), path, e);
    heap_release(&h);
    return rc;
}
