#ifndef BASE_LABELS_H
#define BASE_LABELS_H

#include <stddef.h>

/*
 * Keys and values in the order in which they were first set: the metadata of
 * a segment (host, run, workload, ...) and of a checkpoint.
 */
struct label {
    char *key, *value;
};

struct labels {
    struct label *at;
    size_t n, cap;
};

/* Set or replace; both strings are copied. */
void labels_set(struct labels *ls, const char *key, const char *value);
void labels_setf(struct labels *ls, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The value, borrowed until the list changes; NULL if there is none. */
const char *labels_get(const struct labels *ls, const char *key);

/* The same, or `otherwise`. */
const char *labels_get_or(const struct labels *ls, const char *key,
                          const char *otherwise);

void labels_remove(struct labels *ls, const char *key);

/* Set those whose key begins with prefix ("": all). */
void labels_merge(struct labels *to, const struct labels *from,
                  const char *prefix);
void labels_copy(struct labels *to, const struct labels *from);
void labels_release(struct labels *ls);

/* A list of strings: provenance lines, names, paths. */
struct strings {
    char **at;
    size_t n, cap;
};

void strings_add(struct strings *ss, const char *s);
int strings_find(const struct strings *ss, const char *s); /* index or -1 */
void strings_copy(struct strings *to, const struct strings *from);
void strings_release(struct strings *ss);

/* All of them in one text, on the heap. */
char *strings_join(const struct strings *ss, const char *separator);

/* Cut text at each separator; empty pieces are kept. */
void strings_split(struct strings *ss, const char *text, char separator);

#endif
