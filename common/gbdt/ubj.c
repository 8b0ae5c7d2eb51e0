#include "common/gbdt/ubj.h"

#include <string.h>

enum { MAX_DEPTH = 32 };

/* Bytes of a number of that type; 0: no number. */
static size_t number_size(uint8_t type)
{
    switch (type) {
    case 'i':
    case 'U':
    case 'C':
        return 1;
    case 'I':
        return 2;
    case 'l':
    case 'd':
        return 4;
    case 'L':
    case 'D':
        return 8;
    default:
        return 0;
    }
}

/* A length, with its type before it: what is negative is out of range. */
static uint64_t get_length(struct cursor *c)
{
    uint8_t type = get_u8(c);
    const uint8_t *p = get_bytes(c, number_size(type));
    uint64_t n = 0;

    if (!p || type == 'd' || type == 'D' || number_size(type) == 0) {
        c->bad = true;
        return 0;
    }
    for (size_t i = 0; i < number_size(type); i++)
        n = n << 8 | p[i];
    return n;
}

/* A string without its type, as keys are: *n bytes, borrowed. */
static const uint8_t *get_chars(struct cursor *c, size_t *n)
{
    uint64_t length = get_length(c);

    if (c->bad || length > (size_t)(c->end - c->p)) {
        c->bad = true;
        return NULL;
    }
    *n = (size_t)length;
    return get_bytes(c, *n);
}

/*
 * The head of an array: a count (SIZE_MAX: none, it ends with a bracket), and
 * one type for all (0: each has its own).
 */
static void get_array(struct cursor *c, uint8_t *type, size_t *n)
{
    uint64_t count;

    *type = 0;
    *n = SIZE_MAX;
    if (c->p < c->end && *c->p == '$') {
        get_u8(c);
        *type = get_u8(c);
        c->bad |= number_size(*type) == 0 || c->p == c->end || *c->p != '#';
    }
    if (c->bad || c->p == c->end || *c->p != '#')
        return;
    get_u8(c);
    count = get_length(c);
    /* Every value takes a byte at least. */
    c->bad |= count > (size_t)(c->end - c->p);
    *n = c->bad ? 0 : (size_t)count;
}

static void skip_value(struct cursor *c, int depth);

static void skip_array(struct cursor *c, int depth)
{
    uint8_t type;
    size_t n;

    get_array(c, &type, &n);
    if (type && !c->bad) {
        c->bad |= n > (size_t)(c->end - c->p) / number_size(type);
        if (!c->bad)
            get_bytes(c, n * number_size(type));
        return;
    }
    for (size_t i = 0; !c->bad && i < n; i++) {
        if (n == SIZE_MAX && c->p < c->end && *c->p == ']') {
            get_u8(c);
            return;
        }
        skip_value(c, depth + 1);
    }
}

static void skip_object(struct cursor *c, int depth)
{
    size_t n;

    while (!c->bad && c->p < c->end && *c->p != '}') {
        get_chars(c, &n);
        skip_value(c, depth + 1);
    }
    get_u8(c);
}

/* Sets c->bad for what is no value. */
static void skip_value(struct cursor *c, int depth)
{
    uint8_t type = get_u8(c);
    size_t n;

    if (depth > MAX_DEPTH)
        c->bad = true;
    else if (number_size(type))
        get_bytes(c, number_size(type));
    else if (type == 'S' || type == 'H')
        get_chars(c, &n);
    else if (type == '[')
        skip_array(c, depth);
    else if (type == '{')
        skip_object(c, depth);
    else if (!type || !strchr("ZNTF", type))
        c->bad = true;
}

bool ubj_open(struct ubj *out, const void *bytes, size_t n)
{
    struct cursor c = {.p = bytes, .end = (const uint8_t *)bytes + n};

    skip_value(&c, 0);
    if (c.bad || c.p != c.end)
        return false;
    *out = (struct ubj){{.p = bytes, .end = c.end}};
    return true;
}

static bool get_member(struct cursor c, const char *key, size_t length,
                       struct ubj *out)
{
    const uint8_t *name;
    size_t n = 0;

    if (get_u8(&c) != '{')
        return false;
    while (!c.bad && c.p < c.end && *c.p != '}') {
        name = get_chars(&c, &n);
        if (name && n == length && memcmp(name, key, n) == 0) {
            *out = (struct ubj){c};
            return true;
        }
        skip_value(&c, 0);
    }
    return false;
}

bool ubj_get(const struct ubj *object, const char *path, struct ubj *out)
{
    struct ubj at = *object;

    for (; *path; path += strcspn(path, ".") + (strchr(path, '.') != NULL))
        if (!get_member(at.at, path, strcspn(path, "."), &at))
            return false;
    *out = at;
    return true;
}

bool ubj_text(const struct ubj *v, char *out, size_t size)
{
    struct cursor c = v->at;
    const uint8_t *chars;
    size_t n = 0;

    if (get_u8(&c) != 'S' || !(chars = get_chars(&c, &n)))
        return false;
    n = n < size ? n : size - 1;
    memcpy(out, chars, n);
    out[n] = '\0';
    return true;
}

bool ubj_array(const struct ubj *v, size_t *n, struct ubj *first)
{
    struct cursor c = v->at;
    uint8_t type;
    size_t count;

    if (get_u8(&c) != '[')
        return false;
    get_array(&c, &type, &count);
    if (c.bad || type || count == SIZE_MAX)
        return false;
    *n = count;
    *first = (struct ubj){c};
    return true;
}

bool ubj_next(struct ubj *v)
{
    struct cursor c = v->at;

    skip_value(&c, 0);
    if (c.bad)
        return false;
    v->at = c;
    return true;
}

bool ubj_numbers(const struct ubj *v, char type, size_t *n, const uint8_t **out)
{
    struct cursor c = v->at;
    size_t size = number_size((uint8_t)type), count;
    uint8_t found;

    if (get_u8(&c) != '[')
        return false;
    get_array(&c, &found, &count);
    if (c.bad || found != (uint8_t)type || count == SIZE_MAX ||
        count > (size_t)(c.end - c.p) / size)
        return false;
    *n = count;
    *out = c.p;
    return true;
}
