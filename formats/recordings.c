#include "formats/recordings.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/xalloc.h"

#define SUFFIX ".rapl"

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_recording(const FTSENT *at)
{
    size_t n = strlen(at->fts_name), suffix = strlen(SUFFIX);

    return n > suffix && strcmp(at->fts_name + n - suffix, SUFFIX) == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk(FTS *tree, struct strings *files, struct err *e)
{
    FTSENT *at;

    for (errno = 0; (at = fts_read(tree)); errno = 0) {
        switch (at->fts_info) {
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
            errno = at->fts_errno;
            return err_sys(e, "%s", at->fts_path);
        case FTS_F:
        case FTS_SL:
            if (is_recording(at) && !is_folder(at->fts_path))
                strings_add(files, at->fts_path);
            break;
        default:
            break;
        }
    }
    return errno ? err_sys(e, "reading the folder") : 0;
}

static int find_below(struct strings *files, char *folder, struct err *e)
{
    char *const roots[] = {folder, NULL};
    size_t before = files->n;
    FTS *tree =
        fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    int rc = tree ? walk(tree, files, e) : err_sys(e, "%s", folder);

    if (tree)
        fts_close(tree);
    if (rc == 0 && files->n == before)
        rc = err_set(e, ERR_DATA,
                     "%s: no recording (*" SUFFIX ") in this folder; name "
                     "the files",
                     folder);
    return rc;
}

int recordings_find(struct strings *files, const char *path, struct err *e)
{
    char *runs, *folder;
    int rc;

    if (!is_folder(path)) {
        strings_add(files, path);
        return 0;
    }
    runs = xasprintf("%s/runs", path);
    folder = is_folder(runs) ? xstrdup(runs) : xstrdup(path);
    rc = find_below(files, folder, e);
    free(folder);
    free(runs);
    return rc;
}
