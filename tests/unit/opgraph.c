#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/nn/export.h"
#include "formats/onnx.h"
#include "tests/unit/nn.h"

/* An operator with all kinds of inputs and settings; its second output. */
static struct opgraph *small_graph(void)
{
    struct tensor w = {
        .name = "w", .n_dims = 1, .dim = {2}, .data = (float[]){1, -2}};
    struct opgraph *g = opgraph_new();
    const char *x = opgraph_input(g, "x", 300);
    const char *weight, *ints;
    struct op *o;

    snprintf(g->scope, sizeof g->scope, "s");
    weight = opgraph_tensor(g, &w);
    ints = opgraph_ints(g, 2, (int64_t[]){0, -1});
    o = opgraph_op(g, "Op", x, weight, NULL);
    op_input(o, ints);
    op_int(o, "a", -1);
    op_ints(o, "b", 2, (int64_t[]){1, 300});
    op_float(o, "c", .5f);
    o->place = 1;
    opgraph_output(g, o->out, "y", 1);
    return g;
}

static char path[] = "/tmp/opgraph.XXXXXX";

/* The file that is written; caller frees. */
static char *bytes_of(const struct opgraph *g, size_t *size)
{
    struct labels meta = {0};
    char *bytes = malloc(1 << 16);
    int fd = mkstemp(path);
    struct err e;
    FILE *f;

    assert_true(fd >= 0);
    close(fd);
    labels_set(&meta, "k", "v");
    assert_int_equal(onnx_write(g, &meta, "about", path, &e), 0);
    f = fopen(path, "rb");
    assert_non_null(f);
    *size = fread(bytes, 1, 1 << 16, f);
    fclose(f);
    unlink(path);
    labels_release(&meta);
    return bytes;
}

/* As protobuf's encoding and the schema's field numbers have it, by hand. */
static void every_field_is_encoded(void **state)
{
#define PIECE(text)               \
    {                             \
        text, sizeof(text "") - 1 \
    }
    static const struct {
        const char *text;
        size_t size;
    } pieces[] = {
        PIECE("\x08\x08\x12\x0b"
              "decode-rapl"),                /* IR version, producer */
        PIECE("\x42\x04\x0a\0\x10\x0d"),     /* operators: "", 13 */
        PIECE("\x72\x06\x0a\x01k\x12\x01v"), /* a property */
        PIECE("\x0a\x01x\x0a\x01w\x0a\x0cs/constant_1" /* inputs */
              "\x12\0\x12\x06s/Op_0\x1a\x06s/Op_0\x22\x02Op"
              "\x2a\x11\x0a\x01"
              "a\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
              "\xa0\x01\x02"
              "\x2a\x0b\x0a\x01"
              "b\x40\x01\x40\xac\x02\xa0\x01\x07"
              "\x2a\x0b\x0a\x01"
              "c\x15\0\0\0\x3f\xa0\x01\x01"),
        PIECE("\x2a\x11\x08\x02\x10\x01\x42\x01w\x4a\x08" /* w */
              "\0\0\x80\x3f\0\0\0\xc0"),
        PIECE("\x08\x02\x10\x07\x42\x0cs/constant_1\x4a\x10" /* 0, -1 */
              "\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"),
        PIECE("\x5a\x15\x0a\x01x\x12\x10\x0a\x0e\x08\x01\x12\x0a" /* (N, 300) */
              "\x0a\x03\x12\x01N\x0a\x03\x08\xac\x02"
              "\x62"),
    };
    struct opgraph *g = small_graph();
    size_t size;
    char *bytes = bytes_of(g, &size);

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        if (!memmem(bytes, size, pieces[i].text, pieces[i].size))
            fail_msg("piece %zu is not there", i);
    free(bytes);
    opgraph_free(g);
}

static void a_tensor_is_there_once(void **state)
{
    struct tensor w = {
        .name = "w", .n_dims = 1, .dim = {1}, .data = (float[]){7}};
    struct opgraph *g = small_graph();
    size_t n = g->n_constants;

    (void)state;
    assert_string_equal(opgraph_tensor(g, &w), "w");
    assert_int_equal(g->n_constants, n);
    opgraph_free(g);
    opgraph_free(NULL);
}

static void what_cannot_be_written_is_said(void **state)
{
    struct opgraph *g = small_graph();
    struct labels none = {0};
    struct err e;

    (void)state;
    assert_int_equal(onnx_write(g, &none, "", "/nowhere/x", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    g->constant[0].n = (size_t)1 << 29;
    assert_int_equal(onnx_write(g, &none, "", "/nowhere/x", &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    opgraph_free(g);
}

/* Export a model of two features and three delays, for these targets. */
static int exported(struct model *m, const char *targets, struct opgraph *g,
                    struct err *e)
{
    struct scale inputs, target;
    struct strings names = {0};
    int rc;

    scale_init(&inputs, SCALE_MINMAX, 2);
    scale_init(&target, SCALE_ZSCORE, 1);
    strings_split(&names, targets, ',');
    rc = model_export(m, &inputs, true, &target, &names, g, e);
    scale_release(&inputs);
    scale_release(&target);
    strings_release(&names);
    return rc;
}

static void a_model_is_a_row_of_operators(void **state)
{
    static const char *const types[] = {
        "Reshape", "Sub",  "Mul", "Clip", "Conv",   "Squeeze",
        "Relu",    "Gemm", "Div", "Add",  "Gather", "Identity"};
    struct err e;
    struct model *m = model_of("layers:\n- {type: conv1d, out: 4, kernel: 3, "
                               "padding: 0}\n- {type: relu}\n"
                               "- {type: dropout}\n- {type: dense, out: 1}\n",
                               2, 3, &e);
    struct opgraph *g = opgraph_new();

    (void)state;
    assert_non_null(m);
    assert_int_equal(exported(m, "package", g, &e), 0);
    assert_int_equal(g->n_ops, sizeof types / sizeof *types);
    for (size_t i = 0; i < g->n_ops; i++)
        assert_string_equal(g->op[i]->type, types[i]);
    assert_string_equal(g->op[4]->out, "0/Conv_4");
    assert_int_equal(g->in[0].width, 6);
    assert_int_equal(g->n_out, 1);
    assert_string_equal(g->out[0].name, "package");
    opgraph_free(g);
    model_free(m);
}

static void outputs_are_held_against_targets(void **state)
{
    struct err e;
    struct model *m = model_of("layers: [{type: dense, out: 2}]", 2, 3, &e);
    struct opgraph *g = opgraph_new();

    (void)state;
    assert_non_null(m);
    assert_int_equal(exported(m, "package", g, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_string_equal(e.msg, "the model gives 2 values for 1 targets");
    assert_int_equal(exported(m, "package-0,dram", g, &e), 0);
    assert_int_equal(g->n_out, 2);
    assert_string_equal(g->out[1].name, "dram");
    opgraph_free(g);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_encoded),
        cmocka_unit_test(a_tensor_is_there_once),
        cmocka_unit_test(what_cannot_be_written_is_said),
        cmocka_unit_test(a_model_is_a_row_of_operators),
        cmocka_unit_test(outputs_are_held_against_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
