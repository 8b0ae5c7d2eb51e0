#ifndef FORMATS_CHECKPOINT_H
#define FORMATS_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "common/base/err.h"
#include "common/base/labels.h"
#include "common/math/tensor.h"
#include "formats/window.h"

/*
 * A checkpoint: tensors by name and, in its metadata, everything that is
 * needed to use them.  The file is in the safetensors layout, so that Python
 * reads it with no code of ours; doc/format-checkpoint.md lists the tensors
 * and the keys of the metadata.
 *
 * The same structure is read and written.  Start with {0}; when done,
 * checkpoint_release() it.  Little-endian machines only.
 */
enum checkpoint_dtype {
    CHECKPOINT_F32,
    CHECKPOINT_F64,
    CHECKPOINT_I64,
    CHECKPOINT_U8,
};

/* Limits, checked before memory is asked for. */
enum {
    CHECKPOINT_MAX_HEAD = 16 << 20,
    CHECKPOINT_MAX_TENSORS = 4096,
    CHECKPOINT_MAX_META = 4096,
    CHECKPOINT_MAX_DIMS = 4,
    CHECKPOINT_MAX_BYTES = 1 << 30, /* of the whole file */
};

/* "F32" and 4; NULL and 0 for what is no type. */
const char *checkpoint_dtype_name(int dtype);
size_t checkpoint_dtype_size(int dtype);

struct checkpoint_tensor {
    char *name;
    enum checkpoint_dtype dtype;
    int n_dims;
    size_t shape[CHECKPOINT_MAX_DIMS];
    size_t n;         /* elements: the product of the shape */
    const void *data; /* aligned for its type */
};

struct checkpoint {
    struct labels meta; /* "sha256" is kept apart, below */
    struct checkpoint_tensor *tensor;
    size_t n_tensors, cap;
    char sha256[DIGEST_HEX +
                1]; /* of the file, set by reading and by writing it */
    void *bytes;    /* what the tensors that were read point into */
};

#define CHECKPOINT_META "__metadata__"
#define CHECKPOINT_HASH "sha256"

/* The version, in the metadata of all that programs write. */
#define CHECKPOINT_FORMAT "format"
#define CHECKPOINT_FORMAT_1 "decode-rapl checkpoint 1"

/* Keys of the metadata; those of the window specification come on top. */
#define CHECKPOINT_FAMILY "family"
#define CHECKPOINT_MODEL "model_description"
#define CHECKPOINT_TRAINED_ON "trained_on"
#define CHECKPOINT_CPU_MODELS "data.cpu_models" /* "A, B"; cut: "A, B, ..." */

/*
 * Read the file at `path`, which may be "default" (formats/model_file.h), and
 * check all of it: sizes, types, that the tensors fill the file without gap or
 * overlap, its version and its SHA-256.  Returns 0, or -1 with e filled:
 * ERR_DATA for what is no whole checkpoint, ERR_SYSTEM for what cannot be read.
 * c holds nothing after an error.
 */
int checkpoint_read(struct checkpoint *c, const char *path, struct err *e);

/*
 * Add a tensor of n_dims dimensions.  The name is copied; the data is
 * borrowed and must stay until c is written or released.
 */
void checkpoint_add(struct checkpoint *c, const char *name,
                    enum checkpoint_dtype dtype, int n_dims,
                    const size_t *shape, const void *data);

/* The same, or in the place of the tensor that has this name. */
void checkpoint_put(struct checkpoint *c, const char *name,
                    enum checkpoint_dtype dtype, int n_dims,
                    const size_t *shape, const void *data);

/*
 * Add all tensors of a table, as F32; those whose name begins with `but` are
 * left out (NULL: none).
 */
void checkpoint_add_all(struct checkpoint *c, const struct tensors *ts,
                        const char *but);

/*
 * Write c to `path` so that at any moment either the previous file or the
 * whole new one is there: a temporary file beside it, synced, renamed.  What
 * exists and is no regular file (a pipe, a device) is written to directly; NULL
 * or "-" is standard output, refused on a terminal (ERR_USAGE).  Sets
 * c->sha256.  On error (ERR_SYSTEM) the previous file is untouched.
 */
int checkpoint_write(struct checkpoint *c, const char *path, struct err *e);

/* The tensor of that name, borrowed from c; NULL if there is none. */
const struct checkpoint_tensor *checkpoint_find(const struct checkpoint *c,
                                                const char *name);

/*
 * Copy a tensor that must exist with that type and n elements.  -1 with e
 * filled (ERR_DATA) and `out` untouched if it does not.
 */
int checkpoint_copy(const struct checkpoint *c, const char *name,
                    enum checkpoint_dtype dtype, size_t n, void *out,
                    struct err *e);

/* Fill all tensors of a table; each must exist with its number of values. */
int checkpoint_copy_all(const struct checkpoint *c, const struct tensors *ts,
                        struct err *e);

/* A number of the metadata; -1 with e filled (ERR_DATA) if there is none. */
int checkpoint_real(const struct checkpoint *c, const char *key, double *out,
                    struct err *e);

/*
 * What the model in the file at `path` must be fed; *spec is the caller's to
 * release.  For programs that want no more of a checkpoint than this.
 */
int checkpoint_window_spec(const char *path, struct window_spec *spec,
                           struct err *e);

void checkpoint_release(struct checkpoint *c);

#endif
