#include "common/base/labels.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

static struct label *find(const struct labels *ls, const char *key)
{
    for (size_t i = 0; i < ls->n; i++)
        if (strcmp(ls->at[i].key, key) == 0)
            return &ls->at[i];
    return NULL;
}

void labels_set(struct labels *ls, const char *key, const char *value)
{
    struct label *l = find(ls, key);
    char *copy = xstrdup(value);

    if (l) {
        free(l->value);
        l->value = copy;
        return;
    }
    ls->at = xgrow(ls->at, ls->n, &ls->cap, sizeof *ls->at);
    ls->at[ls->n].key = xstrdup(key);
    ls->at[ls->n++].value = copy;
}

void labels_setf(struct labels *ls, const char *key, const char *fmt, ...)
{
    char *value;
    va_list ap;

    va_start(ap, fmt);
    value = xvasprintf(fmt, ap);
    va_end(ap);
    labels_set(ls, key, value);
    free(value);
}

const char *labels_get(const struct labels *ls, const char *key)
{
    return labels_get_or(ls, key, NULL);
}

const char *labels_get_or(const struct labels *ls, const char *key,
                          const char *otherwise)
{
    const struct label *l = find(ls, key);

    return l ? l->value : otherwise;
}

void labels_remove(struct labels *ls, const char *key)
{
    struct label *l = find(ls, key);

    if (!l)
        return;
    free(l->key);
    free(l->value);
    memmove(l, l + 1, (size_t)(ls->at + --ls->n - l) * sizeof *l);
}

void labels_merge(struct labels *to, const struct labels *from,
                  const char *prefix)
{
    size_t n = strlen(prefix);

    for (size_t i = 0; i < from->n; i++)
        if (strncmp(from->at[i].key, prefix, n) == 0)
            labels_set(to, from->at[i].key, from->at[i].value);
}

void labels_copy(struct labels *to, const struct labels *from)
{
    memset(to, 0, sizeof *to);
    labels_merge(to, from, "");
}

void labels_release(struct labels *ls)
{
    for (size_t i = 0; i < ls->n; i++) {
        free(ls->at[i].key);
        free(ls->at[i].value);
    }
    free(ls->at);
    memset(ls, 0, sizeof *ls);
}

void strings_add(struct strings *ss, const char *s)
{
    ss->at = xgrow(ss->at, ss->n, &ss->cap, sizeof *ss->at);
    ss->at[ss->n++] = xstrdup(s);
}

int strings_find(const struct strings *ss, const char *s)
{
    for (size_t i = 0; i < ss->n; i++)
        if (strcmp(ss->at[i], s) == 0)
            return (int)i;
    return -1;
}

void strings_copy(struct strings *to, const struct strings *from)
{
    memset(to, 0, sizeof *to);
    for (size_t i = 0; i < from->n; i++)
        strings_add(to, from->at[i]);
}

void strings_release(struct strings *ss)
{
    for (size_t i = 0; i < ss->n; i++)
        free(ss->at[i]);
    free(ss->at);
    memset(ss, 0, sizeof *ss);
}

char *strings_join(const struct strings *ss, const char *separator)
{
    size_t gap = strlen(separator), len = 0;
    char *text, *at;

    for (size_t i = 0; i < ss->n; i++)
        len += strlen(ss->at[i]) + gap;
    at = text = xmalloc(len + 1);
    *at = '\0';
    for (size_t i = 0; i < ss->n; i++) {
        at = stpcpy(at, i ? separator : "");
        at = stpcpy(at, ss->at[i]);
    }
    return text;
}

void strings_split(struct strings *ss, const char *text, char separator)
{
    for (;;) {
        const char *end = strchrnul(text, separator);
        char *piece = xstrndup(text, (size_t)(end - text));

        strings_add(ss, piece);
        free(piece);
        if (*end == '\0')
            return;
        text = end + 1;
    }
}
