#include "common/gbdt/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the header is, a function that differs from our list of them does not
 * compile; nothing else is taken from it. */
#if __has_include(<xgboost/c_api.h>)
#include <xgboost/c_api.h>
#define DECLARE(name, type, arguments) type name arguments;
XGBOOST_FUNCTIONS(DECLARE)
#undef DECLARE
#endif

#ifdef __SANITIZE_THREAD__
/* What OpenMP's threads wait for is not seen in a library that was compiled
 * without the sanitizer: only our own code is watched. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "ignore_noninstrumented_modules=1";
}
#endif

static void keep_quiet(const char *line)
{
    (void)line;
}

/* The library as Debian calls it, and as others and its own builds do. */
static void *open_library(void)
{
    static const char *const names[] = {"libxgboost.so.0", "libxgboost.so"};
    void *handle = NULL;

    /* Read once, as OpenMP loads: threads that wait sleep, or on a busy
     * machine they spin where the one they wait for could run. */
    setenv("OMP_WAIT_POLICY", "passive", 0);
    for (size_t i = 0; i < sizeof names / sizeof *names && !handle; i++)
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return handle;
}

/*
 * It is never closed: the threads of its OpenMP outlive every call, and to
 * open it again is to count one more.
 */
int xgboost_load(struct xgboost *x, struct err *e)
{
    void *handle = open_library();
    const struct {
        const char *name;
        void *to; /* a pointer to a function */
    } functions[] = {
#define ROW(name, type, arguments) {#name, &x->name},
        XGBOOST_FUNCTIONS(ROW)
#undef ROW
    };
    int major, minor, patch;

    if (!handle)
        return err_set(e, ERR_SYSTEM,
                       "training trees needs XGBoost: install libxgboost-dev");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(handle, functions[i].name);

        if (!f)
            return err_set(e, ERR_SYSTEM,
                           "XGBoost here has no %s; install 1.7 or later",
                           functions[i].name);
        memcpy(functions[i].to, &f, sizeof f);
    }
    x->XGBoostVersion(&major, &minor, &patch);
    if (major < 1 || (major == 1 && minor < 7))
        return err_set(e, ERR_SYSTEM,
                       "XGBoost %d.%d is too old; install 1.7 or later", major,
                       minor);
    snprintf(x->version, sizeof x->version, "%d.%d.%d", major, minor, patch);
    x->XGBRegisterLogCallback(keep_quiet);
    return 0;
}
