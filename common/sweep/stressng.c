#include "common/sweep/stressng.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/child.h"
#include "common/base/xalloc.h"
#include "common/sweep/load_steps.h"

enum { SAID = 8192 }; /* bytes of what it prints */

static int ask(const struct strings *words, int *status, char *said,
               struct err *e)
{
    char **argv = xcalloc(words->n + 1, sizeof *argv);
    int rc;

    memcpy(argv, words->at, words->n * sizeof *argv);
    rc = child_output(argv, said, SAID, status, e);
    free(argv);
    return rc;
}

static int ask_version(struct abilities *a, struct err *e)
{
    static const char before[] = "version ";
    struct strings words = {0};
    char said[SAID], *at;
    int status, rc;

    strings_add(&words, "stress-ng");
    strings_add(&words, "--version");
    rc = ask(&words, &status, said, e);
    strings_release(&words);
    if (rc < 0)
        return err_prefix(e, "install stress-ng, or put it into PATH");
    at = strstr(said, before);
    if (status != 0 || !at)
        return err_set(e, ERR_SYSTEM, "stress-ng --version does not say it");
    at += strlen(before);
    snprintf(a->version, sizeof a->version, "%.*s", (int)strcspn(at, " ,\n"),
             at);
    return 0;
}

/* The line that says why, without the program's name and number. */
static char *reason(char *said)
{
    static const char *const marks[] = {"must be",      "skipped", "disabled",
                                        "unrecognized", "error",   ""};

    for (size_t m = 0;; m++)
        for (char *line = said, *end; *line; line = end + (*end == '\n')) {
            char *from = line, *hit, *close;

            end = line + strcspn(line, "\n");
            hit = strstr(line, marks[m]);
            if (!hit || hit >= end)
                if (*marks[m] || line == end)
                    continue;
            close = memchr(line, ']', (size_t)(end - line));
            if (close && close + 1 < end)
                from = close + 1;
            from += strspn(from, " ");
            return xasprintf("%.*s", (int)(end - from < 100 ? end - from : 100),
                             from);
        }
}

static const struct ability *find(const struct abilities *a, const char *what)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->at[i].what, what) == 0)
            return &a->at[i];
    return NULL;
}

/* Takes both texts. */
static void add(struct abilities *a, char *what, char *why)
{
    a->at = xgrow(a->at, a->n, &a->cap, sizeof *a->at);
    a->at[a->n++] = (struct ability){what, why};
    a->n_cannot += why != NULL;
}

/* "--cpu --cpu-method float": what is asked, without the number. */
static char *name_stressor(const struct stressor *s)
{
    char *options = strings_join(&s->options, " ");
    char *name = xasprintf("--%s%s%s", s->name, *options ? " " : "", options);

    free(options);
    return name;
}

static int ask_stressor(struct abilities *a, const struct stressor *s,
                        struct err *e)
{
    char *name = name_stressor(s), said[SAID];
    struct strings words = {0};
    int status = 0, rc;

    if (find(a, name)) {
        free(name);
        return 0;
    }
    strings_add(&words, "stress-ng");
    strings_add(&words, "--dry-run");
    stressor_words(&words, s, 1);
    strings_add(&words, "--timeout");
    strings_add(&words, "1s");
    rc = ask(&words, &status, said, e);
    strings_release(&words);
    if (rc < 0) {
        free(name);
        return -1;
    }
    /* 0.15 exits 0 where it would leave out all that it was asked for */
    if (status != 0 || strstr(said, "No stress workers invoked"))
        add(a, name, *said ? reason(said) : xstrdup("it does not say why"));
    else
        add(a, name, NULL);
    return 0;
}

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");
    struct strings folders = {0};
    bool found = false;

    strings_split(&folders, path ? path : "/usr/bin:/bin", ':');
    for (size_t i = 0; i < folders.n && !found; i++) {
        char *file = xasprintf("%s/%s", folders.at[i], program);

        found = access(file, X_OK) == 0;
        free(file);
    }
    strings_release(&folders);
    return found;
}

static void look_for(struct abilities *a, const char *program)
{
    char *name = xasprintf("program %s", program);

    if (find(a, name))
        free(name);
    else
        add(a, name, in_path(program) ? NULL : xstrdup("not in PATH"));
}

int abilities_ask(struct abilities *a, const struct sweep_spec *s,
                  struct err *e)
{
    *a = (struct abilities){0};
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct sweep_part *p = &s->part[i];

        if (p->n_stressors && !*a->version && ask_version(a, e) < 0)
            return -1;
        for (unsigned k = 0; k < p->n_stressors; k++)
            if (ask_stressor(a, &p->stressor[k], e) < 0)
                return -1;
        for (size_t k = 0; k < p->needs.n; k++)
            look_for(a, p->needs.at[k]);
    }
    return 0;
}

void abilities_release(struct abilities *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->at[i].what);
        free(a->at[i].why);
    }
    free(a->at);
    *a = (struct abilities){0};
}

static bool lacks(const struct abilities *a, char *what, const char **why)
{
    const struct ability *found = find(a, what);

    free(what);
    if (!found || !found->why)
        return false;
    *why = found->why;
    return true;
}

bool part_can(const struct abilities *a, const struct sweep_part *p,
              const char **why)
{
    for (unsigned k = 0; k < p->n_stressors; k++)
        if (lacks(a, name_stressor(&p->stressor[k]), why))
            return false;
    for (size_t k = 0; k < p->needs.n; k++)
        if (lacks(a, xasprintf("program %s", p->needs.at[k]), why))
            return false;
    return true;
}
