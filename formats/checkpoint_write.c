#include "formats/checkpoint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "formats/json.h"
#include "formats/output.h"

/* ---- the head ---- */

static void put_meta(FILE *f, const struct checkpoint *c, long *hash_at)
{
    fprintf(f, "{\"" CHECKPOINT_META "\":{\"" CHECKPOINT_HASH "\":\"");
    *hash_at = ftell(f);
    fprintf(f, "%0*d\"", DIGEST_HEX, 0);
    for (size_t i = 0; i < c->meta.n; i++) {
        fputc(',', f);
        json_text(f, c->meta.at[i].key);
        fputc(':', f);
        json_text(f, c->meta.at[i].value);
    }
    fputc('}', f);
}

static size_t put_tensor(FILE *f, const struct checkpoint_tensor *t, size_t at)
{
    size_t end = at + t->n * checkpoint_dtype_size(t->dtype);

    fputc(',', f);
    json_text(f, t->name);
    fprintf(f, ":{\"dtype\":\"%s\",\"shape\":[",
            checkpoint_dtype_name(t->dtype));
    for (int i = 0; i < t->n_dims; i++)
        fprintf(f, "%s%zu", i ? "," : "", t->shape[i]);
    fprintf(f, "],\"data_offsets\":[%zu,%zu]}", at, end);
    return end;
}

/*
 * The tensors in the order of the file: those of large elements first, so
 * that each is aligned without padding.  Caller frees.
 */
static const struct checkpoint_tensor **file_order(const struct checkpoint *c)
{
    static const size_t sizes[] = {8, 4, 1};
    const struct checkpoint_tensor **order =
        xcalloc(c->n_tensors, sizeof *order);
    size_t n = 0;

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t i = 0; i < c->n_tensors; i++)
            if (checkpoint_dtype_size(c->tensor[i].dtype) == sizes[s])
                order[n++] = &c->tensor[i];
    return order;
}

/* A checkpoint as it will lie in the file. */
struct image {
    struct buf head; /* up to the data */
    size_t hash_at;  /* where in the head the digits of the hash stand */
    const struct checkpoint_tensor **order;
    size_t n;
};

static int make_head(struct image *im, const struct checkpoint *c,
                     struct err *e)
{
    char *text = NULL;
    size_t len = 0, at = 0;
    long hash_at = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return err_sys(e, "out of memory");
    put_meta(f, c, &hash_at);
    for (size_t i = 0; i < im->n; i++)
        at = put_tensor(f, im->order[i], at);
    fputc('}', f);
    while (ftell(f) % 8) /* the data begins aligned */
        fputc(' ', f);
    fclose(f);
    put_u64(&im->head, len);
    im->hash_at = im->head.len + (size_t)hash_at;
    put_bytes(&im->head, text, len);
    free(text);
    if (len > CHECKPOINT_MAX_HEAD)
        return err_set(e, ERR_DATA, "the head of the checkpoint is too large");
    return 0;
}

/* The hash of the file with zeros in its place. */
static void put_hash(struct image *im, char *sha256)
{
    struct digest *d = digest_new();

    assert(im->head.data); /* make_head() was here */
    digest_add(d, im->head.data, im->head.len);
    for (size_t i = 0; i < im->n; i++)
        digest_add(d, im->order[i]->data,
                   im->order[i]->n *
                       checkpoint_dtype_size(im->order[i]->dtype));
    digest_end(d, sha256);
    memcpy(im->head.data + im->hash_at, sha256, DIGEST_HEX);
}

/* ---- the file ---- */

static int write_all(FILE *f, const void *image, struct err *e)
{
    const struct image *im = image;
    bool good = fwrite(im->head.data, 1, im->head.len, f) == im->head.len;

    for (size_t i = 0; good && i < im->n; i++) {
        size_t size = checkpoint_dtype_size(im->order[i]->dtype);

        good = fwrite(im->order[i]->data, size, im->order[i]->n, f) ==
               im->order[i]->n;
    }
    if (!good || fflush(f) != 0)
        return err_sys(e, "cannot write");
    return 0;
}

static int write_direct(FILE *f, const struct image *im, struct err *e)
{
    int rc;

    if (!f)
        return err_sys(e, "cannot open");
    rc = write_all(f, im, e);
    if (f != stdout && fclose(f) != 0 && rc == 0)
        rc = err_sys(e, "cannot write");
    return rc;
}

static int write_to(const char *path, const struct image *im, struct err *e)
{
    struct stat st;
    int rc;

    if (output_is_stdout(path)) {
        if (isatty(STDOUT_FILENO))
            return err_set(e, ERR_USAGE,
                           "a checkpoint is not for a terminal; "
                           "give -o FILE");
        rc = write_direct(stdout, im, e);
        return rc < 0 ? err_prefix(e, "standard output") : 0;
    }
    rc = stat(path, &st) == 0 && !S_ISREG(st.st_mode)
             ? write_direct(fopen(path, "wb"), im, e)
             : output_replace(path, 0, write_all, im, e);
    return rc < 0 ? err_prefix(e, "%s", path) : 0;
}

int checkpoint_write(struct checkpoint *c, const char *path, struct err *e)
{
    struct image im = {.order = file_order(c), .n = c->n_tensors};
    int rc = make_head(&im, c, e);

    if (rc == 0) {
        put_hash(&im, c->sha256);
        rc = write_to(path, &im, e);
    }
    buf_release(&im.head);
    free(im.order);
    return rc;
}
