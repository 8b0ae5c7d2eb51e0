#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "formats/checkpoint.h"

static char dir[] = "/tmp/rapl-checkpoint.XXXXXX";
static char path[64], other[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/a.ckpt", dir);
    snprintf(other, sizeof other, "%s/b.ckpt", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    unlink(other);
    return rmdir(dir);
}

static size_t slurp(const char *from, uint8_t *to, size_t size)
{
    FILE *f = fopen(from, "rb");
    size_t n;

    assert_non_null(f);
    n = fread(to, 1, size, f);
    fclose(f);
    return n;
}

static void spill(const char *to, const void *p, size_t n)
{
    FILE *f = fopen(to, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static const float weight[6] = {1, -2.5f, 3e-30f, 4, 5, 6};
static const double moments[2] = {0.1, -1e300};
static const int64_t whole[1] = {INT64_MIN};
static const uint8_t bytes[3] = {0, 127, 255};

/* One of each type, added in an order that would not be aligned. */
static void fill(struct checkpoint *c)
{
    checkpoint_add(c, "code", CHECKPOINT_U8, 1, (size_t[]){3}, bytes);
    checkpoint_add(c, "enc.0.weight", CHECKPOINT_F32, 2, (size_t[]){2, 3},
                   weight);
    checkpoint_add(c, "nothing", CHECKPOINT_F32, 1, (size_t[]){0}, weight);
    checkpoint_add(c, "whole", CHECKPOINT_I64, 0, NULL, whole);
    checkpoint_add(c, "moments", CHECKPOINT_F64, 1, (size_t[]){2}, moments);
    labels_set(&c->meta, CHECKPOINT_FAMILY, "linear");
    labels_set(&c->meta, "best", "0x1.8p-3");
    labels_set(&c->meta, "count", "-12");
}

static void write_one(const char *to)
{
    struct checkpoint c = {0};
    struct err e = {0};

    fill(&c);
    assert_int_equal(checkpoint_write(&c, to, &e), 0);
    assert_int_equal(strlen(c.sha256), 64);
    checkpoint_release(&c);
}

static void what_is_written_is_read(void **state)
{
    struct checkpoint c;
    struct err e = {0};
    const struct checkpoint_tensor *t;
    float copy[6];
    double real = 0;

    (void)state;
    write_one(path);
    assert_int_equal(checkpoint_read(&c, path, &e), 0);
    assert_int_equal(c.n_tensors, 5);
    t = checkpoint_find(&c, "enc.0.weight");
    assert_non_null(t);
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->shape[1], 3);
    assert_memory_equal(t->data, weight, sizeof weight);
    t = checkpoint_find(&c, "moments");
    assert_memory_equal(t->data, moments, sizeof moments);
    t = checkpoint_find(&c, "whole");
    assert_int_equal(t->n_dims, 0);
    assert_memory_equal(t->data, whole, sizeof whole);
    assert_memory_equal(checkpoint_find(&c, "code")->data, bytes, 3);
    assert_int_equal(checkpoint_find(&c, "nothing")->n, 0);
    assert_null(checkpoint_find(&c, "none"));
    assert_int_equal(
        checkpoint_copy(&c, "enc.0.weight", CHECKPOINT_F32, 6, copy, &e), 0);
    assert_memory_equal(copy, weight, sizeof weight);
    assert_int_equal(checkpoint_real(&c, "best", &real, &e), 0);
    assert_true(real == 0.1875);
    assert_null(labels_get(&c.meta, CHECKPOINT_HASH));
    checkpoint_release(&c);
}

static void what_is_asked_for_must_be_there(void **state)
{
    struct checkpoint c;
    struct err e = {0};
    float copy[6];
    double real;

    (void)state;
    write_one(path);
    assert_int_equal(checkpoint_read(&c, path, &e), 0);
    assert_int_equal(checkpoint_copy(&c, "none", CHECKPOINT_F32, 6, copy, &e),
                     -1);
    assert_non_null(strstr(e.msg, "none"));
    assert_int_equal(
        checkpoint_copy(&c, "enc.0.weight", CHECKPOINT_F32, 5, copy, &e), -1);
    assert_int_equal(
        checkpoint_copy(&c, "enc.0.weight", CHECKPOINT_F64, 6, copy, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(checkpoint_real(&c, CHECKPOINT_FAMILY, &real, &e), -1);
    checkpoint_release(&c);
}

/* Any text survives but bytes that are no UTF-8, which become Latin-1. */
static void texts_survive(void **state)
{
    static const char *const texts[][2] = {
        {"", ""},
        {"a \"b\" \\ / c", "a \"b\" \\ / c"},
        {"tab\tline\nbell\a del\x7f", "tab\tline\nbell\a del\x7f"},
        {"\xe2\x80\xa8 \xef\xbb\xbf \xc2\x85",
         "\xe2\x80\xa8 \xef\xbb\xbf \xc2\x85"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e \xe6\xbc\xa2 \xf0\x9f\x94\x8c",
         "Gr\xc3\xbc\xc3\x9f"
         "e \xe6\xbc\xa2 \xf0\x9f\x94\x8c"},
        {"\xfc \xe6\xbc", "\xc3\xbc \xc3\xa6\xc2\xbc"},
        {"{\"sha256\":\"00\"}", "{\"sha256\":\"00\"}"},
        {"  spaces  # no comment: x", "  spaces  # no comment: x"},
    };
    struct checkpoint c = {0};
    struct err e = {0};
    size_t n = sizeof texts / sizeof *texts;

    (void)state;
    for (size_t i = 0; i < n; i++)
        labels_set(&c.meta, (char[]){(char)('a' + i), 0}, texts[i][0]);
    labels_set(&c.meta, "x", "sha256");
    assert_int_equal(checkpoint_write(&c, path, &e), 0);
    checkpoint_release(&c);
    assert_int_equal(checkpoint_read(&c, path, &e), 0);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(labels_get(&c.meta, (char[]){(char)('a' + i), 0}),
                            texts[i][1]);
    checkpoint_release(&c);
}

static void same_content_same_file(void **state)
{
    static uint8_t a[4096], b[4096];
    size_t n;

    (void)state;
    write_one(path);
    write_one(other);
    n = slurp(path, a, sizeof a);
    assert_int_equal(slurp(other, b, sizeof b), n);
    assert_memory_equal(a, b, n);
}

static void refused(const char *why)
{
    struct checkpoint c;
    struct err e = {0};

    assert_int_equal(checkpoint_read(&c, path, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.msg, path));
    if (!strstr(e.msg, why))
        fail_msg("'%s' does not say '%s'", e.msg, why);
    assert_null(c.tensor);
}

static void any_damage_is_found(void **state)
{
    static uint8_t a[4096];
    size_t n;

    (void)state;
    write_one(path);
    n = slurp(path, a, sizeof a);
    for (size_t i = 0; i < n; i++) {
        spill(path, a, i); /* cut */
        refused("");
    }
    for (size_t i = 0; i < n; i++) {
        a[i] ^= (uint8_t)(1 << i % 8);
        spill(path, a, n);
        refused("");
        a[i] ^= (uint8_t)(1 << i % 8);
    }
    a[n] = 0; /* one byte more */
    spill(path, a, n + 1);
    refused("damaged");
}

/* A file with this head, whose hash is right, and n bytes of data. */
static void craft(const char *entries, size_t n)
{
    struct buf b = {0};
    char *head =
        xasprintf("{\"__metadata__\":{\"sha256\": \"%064d\"}%s}", 0, entries);
    struct digest *d = digest_new();
    char sha256[DIGEST_HEX + 1];
    uint8_t *hash;

    put_u64(&b, strlen(head));
    put_bytes(&b, head, strlen(head));
    memset(buf_extend(&b, n), 0, n);
    digest_add(d, b.data, b.len);
    digest_end(d, sha256);
    hash = memmem(b.data, b.len, "\"sha256\": \"", 11);
    memcpy(hash + 11, sha256, DIGEST_HEX);
    spill(path, b.data, b.len);
    buf_release(&b);
    free(head);
}

#define T(name, dtype, shape, offsets)                         \
    ",\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape \
    "],\"data_offsets\":[" offsets "]}"

static void layouts_are_checked(void **state)
{
    struct checkpoint c;
    struct err e = {0};

    (void)state;
    craft(T("b", "F32", "1", "4,8") T("a", "F32", "1,1", "0,4"), 8);
    assert_int_equal(checkpoint_read(&c, path, &e), 0);
    checkpoint_release(&c);
    craft(T("a", "F32", "1", "0,4") T("b", "F32", "1", "0,4"), 8);
    refused("overlaps");
    craft(T("a", "F32", "1", "0,4") T("b", "F32", "1", "8,12"), 12);
    refused("hole");
    craft(T("a", "F32", "1", "0,4"), 8);
    refused("belong to no tensor");
    craft(T("a", "F32", "2", "0,8"), 4);
    refused("do not fit");
    craft(T("a", "F32", "2", "0,4"), 4);
    refused("do not fit");
    craft(T("a", "F32", "1", "4,0"), 4);
    refused("do not fit");
    craft(T("c", "U8", "1", "0,1") T("a", "F32", "1", "1,5"), 5);
    refused("not aligned");
    craft(T("a", "F32", "1", "0,4") T("a", "F32", "1", "4,8"), 8);
    refused("a");
}

static void entries_are_checked(void **state)
{
    (void)state;
    craft(T("a", "BF16", "1", "0,2"), 2);
    refused("BF16");
    craft(T("a", "F32", "-1", "0,4"), 4);
    refused("size");
    craft(T("a", "F32", "1e0", "0,4"), 4);
    refused("no possible size");
    craft(T("a", "F32", "99999999999999999999", "0,4"), 4);
    refused("no possible size");
    craft(T("a", "F32", "1000000000,1000000000", "0,4"), 4);
    refused("too large");
    craft(T("a", "F32", "1,1,1,1,1", "0,4"), 4);
    refused("shape");
    craft(T("a", "F32", "[1]", "0,4"), 4);
    refused("size");
    craft(T("a", "F32", "1", "0,4,4"), 4);
    refused("data_offsets");
    craft(",\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", 4);
    refused("shape");
    craft(",\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}", 4);
    refused("type");
    craft(",\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],"
          "\"x\":1}",
          4);
    refused("x");
    craft(",\"a\":[1,2]", 0);
    refused("data_offsets");
    craft(",\"a\":", 0);
    refused("");
}

static void other_files_are_no_checkpoints(void **state)
{
    static const char foreign[] = "\x2\0\0\0\0\0\0\0{}";
    static const char text[] = "timestamp,watts\n1,2\n3,4\n5,6\n";

    (void)state;
    spill(path, "", 0);
    refused("not a checkpoint");
    spill(path, text, sizeof text);
    refused("not a checkpoint");
    spill(path, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    refused("not a checkpoint");
    spill(path, foreign, 10);
    refused("sha256");
}

static void a_missing_file_is_the_systems(void **state)
{
    struct checkpoint c;
    struct err e = {0};

    (void)state;
    assert_int_equal(checkpoint_read(&c, "/nowhere/x.ckpt", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_int_equal(checkpoint_read(&c, dir, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
}

static void a_full_disk_keeps_the_previous(void **state)
{
    static uint8_t before[4096], after[4096];
    struct rlimit old, small;
    struct checkpoint c = {0};
    struct err e = {0};
    size_t n;
    int rc;

    (void)state;
    write_one(path);
    n = slurp(path, before, sizeof before);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){100, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    fill(&c);
    labels_set(&c.meta, "more", "words");
    rc = checkpoint_write(&c, path, &e);
    setrlimit(RLIMIT_FSIZE, &old);
    checkpoint_release(&c);
    assert_int_equal(rc, -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_int_equal(slurp(path, after, sizeof after), n);
    assert_memory_equal(before, after, n);
    /* remove_dir() fails if the temporary file is still there */
}

static void what_is_no_file_is_written_to(void **state)
{
    struct checkpoint c = {0};
    struct err e = {0};
    struct stat st;

    (void)state;
    fill(&c);
    assert_int_equal(checkpoint_write(&c, "/dev/full", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(checkpoint_write(&c, "/nowhere/x", &e), -1);
    checkpoint_release(&c);
}

static void links_are_followed(void **state)
{
    struct stat st;

    (void)state;
    write_one(path);
    unlink(other);
    assert_int_equal(symlink(path, other), 0);
    write_one(other);
    assert_int_equal(lstat(other, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void the_window_spec_is_read(void **state)
{
    struct checkpoint c = {0};
    struct window_spec spec = {.delays = 25,
                               .tau = 4,
                               .interval_ns = 16000000,
                               .target = (char[]){"package"},
                               .split = (char[]){"run"}},
                       got = {0};
    struct err e = {0};

    (void)state;
    strings_add(&spec.features, "user_pct");
    strings_add(&spec.features, "log_ctxt");
    window_spec_to_meta(&spec, &c.meta);
    assert_int_equal(checkpoint_write(&c, path, &e), 0);
    checkpoint_release(&c);
    assert_int_equal(checkpoint_window_spec(path, &got, &e), 0);
    assert_int_equal(window_spec_check(&spec, &got, &e), 0);
    assert_int_equal(got.tau, 4);
    window_spec_release(&got);
    strings_release(&spec.features);
    write_one(path);
    assert_int_equal(checkpoint_window_spec(path, &got, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
}

static void later_versions_are_refused(void **state)
{
    struct checkpoint c = {0}, got;
    struct err e = {0};

    (void)state;
    fill(&c);
    labels_set(&c.meta, CHECKPOINT_FORMAT, CHECKPOINT_FORMAT_1);
    assert_int_equal(checkpoint_write(&c, path, &e), 0);
    assert_int_equal(checkpoint_read(&got, path, &e), 0);
    checkpoint_release(&got);
    labels_set(&c.meta, CHECKPOINT_FORMAT, "decode-rapl checkpoint 2");
    assert_int_equal(checkpoint_write(&c, path, &e), 0);
    assert_int_equal(checkpoint_read(&got, path, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    checkpoint_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_asked_for_must_be_there),
        cmocka_unit_test(texts_survive),
        cmocka_unit_test(same_content_same_file),
        cmocka_unit_test(any_damage_is_found),
        cmocka_unit_test(layouts_are_checked),
        cmocka_unit_test(entries_are_checked),
        cmocka_unit_test(other_files_are_no_checkpoints),
        cmocka_unit_test(a_missing_file_is_the_systems),
        cmocka_unit_test(a_full_disk_keeps_the_previous),
        cmocka_unit_test(what_is_no_file_is_written_to),
        cmocka_unit_test(links_are_followed),
        cmocka_unit_test(the_window_spec_is_read),
        cmocka_unit_test(later_versions_are_refused),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
