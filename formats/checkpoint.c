#include "formats/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "formats/config.h"
#include "formats/model_file.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are stored as they lie in memory");

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [CHECKPOINT_F32] = {"F32", 4},
    [CHECKPOINT_F64] = {"F64", 8},
    [CHECKPOINT_I64] = {"I64", 8},
    [CHECKPOINT_U8] = {"U8", 1},
};

enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

const char *checkpoint_dtype_name(int dtype)
{
    return dtype >= 0 && dtype < N_DTYPES ? dtypes[dtype].name : NULL;
}

size_t checkpoint_dtype_size(int dtype)
{
    return dtype >= 0 && dtype < N_DTYPES ? dtypes[dtype].size : 0;
}

static size_t tensor_bytes(const struct checkpoint_tensor *t)
{
    return t->n * dtypes[t->dtype].size;
}

void checkpoint_release(struct checkpoint *c)
{
    for (size_t i = 0; i < c->n_tensors; i++)
        free(c->tensor[i].name);
    free(c->tensor);
    free(c->bytes);
    labels_release(&c->meta);
    memset(c, 0, sizeof *c);
}

static struct checkpoint_tensor *append(struct checkpoint *c, const char *name)
{
    struct checkpoint_tensor *t;

    c->tensor = xgrow(c->tensor, c->n_tensors, &c->cap, sizeof *c->tensor);
    t = &c->tensor[c->n_tensors++];
    memset(t, 0, sizeof *t);
    t->name = xstrdup(name);
    t->n = 1;
    return t;
}

static void set_tensor(struct checkpoint_tensor *t, enum checkpoint_dtype dtype,
                       int n_dims, const size_t *shape, const void *data)
{
    t->dtype = dtype;
    t->n = 1;
    t->n_dims = n_dims;
    for (int i = 0; i < n_dims; i++) {
        t->shape[i] = shape[i];
        t->n *= shape[i];
    }
    t->data = data;
}

void checkpoint_add(struct checkpoint *c, const char *name,
                    enum checkpoint_dtype dtype, int n_dims,
                    const size_t *shape, const void *data)
{
    set_tensor(append(c, name), dtype, n_dims, shape, data);
}

void checkpoint_put(struct checkpoint *c, const char *name,
                    enum checkpoint_dtype dtype, int n_dims,
                    const size_t *shape, const void *data)
{
    for (size_t i = 0; i < c->n_tensors; i++)
        if (strcmp(c->tensor[i].name, name) == 0) {
            set_tensor(&c->tensor[i], dtype, n_dims, shape, data);
            return;
        }
    checkpoint_add(c, name, dtype, n_dims, shape, data);
}

void checkpoint_add_all(struct checkpoint *c, const struct tensors *ts,
                        const char *but)
{
    for (size_t i = 0; i < ts->n; i++) {
        const struct tensor *t = &ts->at[i];

        if (!but || strncmp(t->name, but, strlen(but)) != 0)
            checkpoint_add(c, t->name, CHECKPOINT_F32, t->n_dims, t->dim,
                           t->data);
    }
}

const struct checkpoint_tensor *checkpoint_find(const struct checkpoint *c,
                                                const char *name)
{
    for (size_t i = 0; i < c->n_tensors; i++)
        if (strcmp(c->tensor[i].name, name) == 0)
            return &c->tensor[i];
    return NULL;
}

int checkpoint_copy(const struct checkpoint *c, const char *name,
                    enum checkpoint_dtype dtype, size_t n, void *out,
                    struct err *e)
{
    const struct checkpoint_tensor *t = checkpoint_find(c, name);

    if (!t)
        return err_set(e, ERR_DATA, "no tensor '%s' in the checkpoint", name);
    if (t->dtype != dtype || t->n != n)
        return err_set(e, ERR_DATA, "tensor '%s' holds %zu %s, not %zu %s",
                       name, t->n, dtypes[t->dtype].name, n,
                       dtypes[dtype].name);
    memcpy(out, t->data, tensor_bytes(t));
    return 0;
}

int checkpoint_copy_all(const struct checkpoint *c, const struct tensors *ts,
                        struct err *e)
{
    for (size_t i = 0; i < ts->n; i++)
        if (checkpoint_copy(c, ts->at[i].name, CHECKPOINT_F32,
                            tensor_count(&ts->at[i]), ts->at[i].data, e) < 0)
            return -1;
    return 0;
}

int checkpoint_real(const struct checkpoint *c, const char *key, double *out,
                    struct err *e)
{
    const char *text = labels_get(&c->meta, key);
    char *end;

    if (!text)
        return err_set(e, ERR_DATA, "no '%s' in the checkpoint", key);
    *out = strtod(text, &end);
    if (end == text || *end)
        return err_set(e, ERR_DATA, "%s: '%s' is no number", key, text);
    return 0;
}

int checkpoint_window_spec(const char *path, struct window_spec *spec,
                           struct err *e)
{
    struct checkpoint c = {0};
    int rc = checkpoint_read(&c, path, e);

    if (rc == 0) {
        rc = window_spec_from_meta(spec, &c.meta, e);
        if (rc < 0) {
            window_spec_release(spec);
            err_prefix(e, "%s", path);
        }
    }
    checkpoint_release(&c);
    return rc;
}

/* ---- the hash ---- */

/* Where in the head the 64 digits of the hash stand, or NULL. */
static char *hash_in_head(char *head, size_t len)
{
    const char key[] = "\"" CHECKPOINT_HASH "\"";
    char *at = head, *end = head + len;

    /* A text that says "sha256" is followed by no colon: look on. */
    while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1))) {
        char *p = at += sizeof key - 1;

        p += strspn(p, " ");
        if (*p++ != ':')
            continue;
        p += strspn(p, " ");
        if (*p++ == '"' && end - p > DIGEST_HEX && p[DIGEST_HEX] == '"')
            return p;
    }
    return NULL;
}

/* ---- reading ---- */

static int read_size(const struct node *n, size_t *out, struct err *e)
{
    unsigned long long v;
    char *end;

    if (n->kind != NODE_SCALAR || n->text[0] < '0' || n->text[0] > '9')
        return node_error(n, e, "a size should stand here");
    errno = 0;
    v = strtoull(n->text, &end, 10);
    if (*end || errno || v > CHECKPOINT_MAX_BYTES)
        return node_error(n, e, "'%s' is no possible size", n->text);
    *out = (size_t)v;
    return 0;
}

static int read_dtype(const struct node *map, struct checkpoint_tensor *t,
                      struct err *e)
{
    const char *name = "";

    if (node_text(map, "dtype", &name, e) < 0)
        return -1;
    for (int i = 0; i < N_DTYPES; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            t->dtype = (enum checkpoint_dtype)i;
            return 0;
        }
    }
    return node_error(map, e, "tensor '%s': type '%s' is none of ours", t->name,
                      name);
}

static int read_shape(const struct node *map, struct checkpoint_tensor *t,
                      struct err *e)
{
    const struct node *shape = node_get(map, "shape");

    if (!shape || shape->kind != NODE_LIST || shape->n > CHECKPOINT_MAX_DIMS)
        return node_error(map, e,
                          "tensor '%s': a shape of up to %d sizes is "
                          "missing",
                          t->name, CHECKPOINT_MAX_DIMS);
    t->n_dims = (int)shape->n;
    for (size_t i = 0; i < shape->n; i++) {
        if (read_size(shape->item[i], &t->shape[i], e) < 0)
            return -1;
        if (t->shape[i] && t->n > CHECKPOINT_MAX_BYTES / t->shape[i])
            return node_error(map, e, "tensor '%s' is too large", t->name);
        t->n *= t->shape[i];
    }
    return 0;
}

/* A tensor's entry in the head; `len` bytes of data follow the head. */
static int read_tensor(struct checkpoint *c, const char *name,
                       const struct node *map, size_t len, struct err *e)
{
    static const char *const known[] = {"dtype", "shape", "data_offsets", NULL};
    struct checkpoint_tensor *t;
    const struct node *at = node_get(map, "data_offsets");
    size_t begin, end;

    if (map->kind != NODE_MAP || !at || at->kind != NODE_LIST || at->n != 2)
        return node_error(map, e, "tensor '%s' has no data_offsets", name);
    if (checkpoint_find(c, name))
        return node_error(map, e, "tensor '%s' comes twice", name);
    t = append(c, name);
    if (node_check_keys(map, known, e) < 0 || read_dtype(map, t, e) < 0 ||
        read_shape(map, t, e) < 0 || read_size(at->item[0], &begin, e) < 0 ||
        read_size(at->item[1], &end, e) < 0)
        return -1;
    if (begin > end || end > len || end - begin != tensor_bytes(t))
        return node_error(map, e,
                          "tensor '%s': its offsets do not fit its "
                          "shape or the file",
                          name);
    if (begin % dtypes[t->dtype].size)
        return node_error(map, e, "tensor '%s' is not aligned", name);
    t->data = (const uint8_t *)c->bytes + begin;
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct checkpoint_tensor *const *x = a, *const *y = b;
    const uint8_t *p = (*x)->data, *q = (*y)->data;

    if (p != q)
        return p < q ? -1 : 1;
    return (*x)->n < (*y)->n ? -1 : (*x)->n > (*y)->n; /* empty ones first */
}

/* Side by side, the tensors must make up the data exactly. */
static int check_layout(const struct checkpoint *c, size_t len, struct err *e)
{
    const struct checkpoint_tensor **order =
        xcalloc(c->n_tensors, sizeof *order);
    const uint8_t *at = c->bytes;
    int rc = 0;

    for (size_t i = 0; i < c->n_tensors; i++)
        order[i] = &c->tensor[i];
    qsort(order, c->n_tensors, sizeof *order, by_place);
    for (size_t i = 0; i < c->n_tensors && rc == 0; i++) {
        if (order[i]->data != at)
            rc = err_set(e, ERR_DATA,
                         "tensor '%s' overlaps its neighbour, or "
                         "leaves a hole",
                         order[i]->name);
        at += tensor_bytes(order[i]);
    }
    if (rc == 0 && at != (const uint8_t *)c->bytes + len)
        rc = err_set(e, ERR_DATA, "%zu bytes belong to no tensor",
                     len - (size_t)(at - (const uint8_t *)c->bytes));
    free(order);
    return rc;
}

static int read_meta(struct checkpoint *c, const struct node *map,
                     struct err *e)
{
    if (map->kind != NODE_MAP || map->n > CHECKPOINT_MAX_META)
        return node_error(map, e, CHECKPOINT_META " is no map of texts");
    for (size_t i = 0; i < map->n; i++) {
        if (map->item[i]->kind != NODE_SCALAR)
            return node_error(map->item[i], e, "'%s' is no text",
                              map->key[i]->text);
        labels_set(&c->meta, map->key[i]->text, map->item[i]->text);
    }
    return 0;
}

static int read_entries(struct checkpoint *c, const struct node *root,
                        size_t len, struct err *e)
{
    if (root->kind != NODE_MAP)
        return node_error(root, e, "the head is no map");
    if (root->n > CHECKPOINT_MAX_TENSORS + 1)
        return node_error(root, e, "more than %d tensors",
                          CHECKPOINT_MAX_TENSORS);
    for (size_t i = 0; i < root->n; i++) {
        const char *key = root->key[i]->text;
        int rc = strcmp(key, CHECKPOINT_META) == 0
                     ? read_meta(c, root->item[i], e)
                     : read_tensor(c, key, root->item[i], len, e);

        if (rc < 0)
            return -1;
    }
    return 0;
}

/* What a later version of the suite wrote may mean something else. */
static int check_format(const struct checkpoint *c, struct err *e)
{
    const char *format =
        labels_get_or(&c->meta, CHECKPOINT_FORMAT, CHECKPOINT_FORMAT_1);

    if (strcmp(format, CHECKPOINT_FORMAT_1) == 0)
        return 0;
    return err_set(
        e, ERR_DATA,
        "its format is '%.60s', and this program reads " CHECKPOINT_FORMAT_1,
        format);
}

/* The hash is of the file as it was before the hash was put in: zeros. */
static int check_hash(struct checkpoint *c, char *head, size_t head_len,
                      size_t len, struct err *e)
{
    uint8_t size[8];
    char *field = hash_in_head(head, head_len), stated[DIGEST_HEX + 1] = "";
    struct digest *d;

    if (!field)
        return err_set(e, ERR_DATA,
                       "no " CHECKPOINT_HASH " in the metadata: not written "
                       "by rapl-train or rapl-calibrate");
    memcpy(stated, field, DIGEST_HEX);
    memset(field, '0', DIGEST_HEX);
    store_u64(size, head_len);
    d = digest_new();
    digest_add(d, size, sizeof size);
    digest_add(d, head, head_len);
    digest_add(d, c->bytes, len);
    digest_end(d, c->sha256);
    if (strcmp(stated, c->sha256) != 0)
        return err_set(e, ERR_DATA,
                       "the file is damaged: its SHA-256 is not "
                       "what its head says; restore it or train again");
    return 0;
}

static int read_whole(FILE *f, void *to, size_t n, struct err *e)
{
    if (fread(to, 1, n, f) == n)
        return 0;
    if (ferror(f))
        return err_sys(e, "cannot read");
    return err_set(e, ERR_DATA, "the file was cut short");
}

/* Length of the head and of the data, from the file's first 8 bytes. */
static int read_lengths(FILE *f, size_t *head_len, size_t *len, struct err *e)
{
    uint8_t size[8];
    struct stat st;
    uint64_t n;

    if (fstat(fileno(f), &st) < 0)
        return err_sys(e, "cannot read");
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_DATA, "not a regular file");
    if (st.st_size < 10 || st.st_size > CHECKPOINT_MAX_BYTES)
        return err_set(e, ERR_DATA, "not a checkpoint (%lld bytes)",
                       (long long)st.st_size);
    if (read_whole(f, size, sizeof size, e) < 0)
        return -1;
    n = load_u64(size);
    if (n < 2 || n > CHECKPOINT_MAX_HEAD || n > (uint64_t)st.st_size - 8)
        return err_set(e, ERR_DATA, "not a checkpoint (safetensors file)");
    *head_len = (size_t)n;
    *len = (size_t)st.st_size - 8 - *head_len;
    return 0;
}

static int read_file(struct checkpoint *c, FILE *f, const char *path,
                     struct err *e)
{
    struct node *root = NULL;
    char *head = NULL;
    size_t head_len = 0, len = 0;
    int rc = -1;

    if (read_lengths(f, &head_len, &len, e) < 0)
        return err_prefix(e, "%s", path);
    head = xcalloc(head_len + 1, 1);
    c->bytes = xmalloc_aligned(len ? len : 1, 1);
    if (read_whole(f, head, head_len, e) < 0 ||
        read_whole(f, c->bytes, len, e) < 0) {
        err_prefix(e, "%s", path);
        goto out;
    }
    if (head[0] != '{') {
        err_set(e, ERR_DATA, "%s: not a checkpoint (safetensors file)", path);
        goto out;
    }
    if (config_parse(&root, path, head, head_len, e) < 0)
        goto out;
    if (check_hash(c, head, head_len, len, e) < 0) {
        err_prefix(e, "%s", path);
        goto out;
    }
    if (read_entries(c, root, len, e) < 0)
        goto out;
    if (check_format(c, e) == 0)
        rc = check_layout(c, len, e);
    if (rc < 0)
        err_prefix(e, "%s", path);
    labels_remove(&c->meta, CHECKPOINT_HASH);
out:
    node_free(root);
    free(head);
    return rc;
}

int checkpoint_read(struct checkpoint *c, const char *path, struct err *e)
{
    char *file = model_file(path);
    FILE *f = fopen(file, "rb");
    int rc;

    memset(c, 0, sizeof *c);
    if (f)
        rc = read_file(c, f, file, e);
    else if (model_is_default(path))
        rc = err_set(e, ERR_SYSTEM,
                     "default: no model is installed; name a checkpoint");
    else
        rc = err_sys(e, "%s", path);
    if (f)
        fclose(f);
    if (rc < 0)
        checkpoint_release(c);
    free(file);
    return rc;
}
