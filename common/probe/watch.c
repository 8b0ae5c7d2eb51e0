#include "common/probe/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined __x86_64__
#include <cpuid.h>
#endif

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/probe/machine.h"

#define SUSPENDED_NS NS_PER_MS /* less is no suspension */

#define BRAND 0x80000002u /* leaves of CPUID that spell it */
#define BRAND_END 0x80000004u

enum { FIRST_READINGS = 8 };

/* ---- eyes ---- */

static int64_t boot_here(void *arg)
{
    struct timespec ts;

    (void)arg;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t mono_here(void *arg)
{
    (void)arg;
    return clock_monotonic_ns();
}

/* The brand string, 48 letters, less blanks around it as the kernel does. */
static void model_here(void *arg, char text[WATCH_TEXT])
{
    (void)arg;
    text[0] = '\0';
#if defined __x86_64__
    unsigned r[12] = {0};
    char brand[sizeof r + 1] = "";
    size_t n;

    if ((unsigned)__get_cpuid_max(0x80000000, NULL) < BRAND_END)
        return;
    for (unsigned leaf = BRAND; leaf <= BRAND_END; leaf++) {
        unsigned *at = &r[4 * (leaf - BRAND)];

        __cpuid(leaf, at[0], at[1], at[2], at[3]);
    }
    memcpy(brand, r, sizeof r);
    n = strspn(brand, " ");
    memmove(text, brand + n, sizeof brand - n);
    for (n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
        text[n - 1] = '\0';
#endif
}

const struct watch_eyes watch_eyes_here = {boot_here, mono_here, model_here,
                                           NULL};

/* ---- files that are looked at again ---- */

static int open_below(const char *root, const char *name)
{
    char *path = xasprintf("%s/%s", root, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    free(path);
    return fd;
}

/*
 * What the first CPU's entry of /proc/cpuinfo calls its model, "" if it does
 * not.  Only the beginning is read: the kernel makes no more than is asked for.
 */
static void read_cpuinfo(int fd, char out[WATCH_TEXT])
{
    static const char *const keys[] = {"\nmodel name", "\nCPU part"};
    char text[1024];
    ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);

    out[0] = '\0';
    if (n <= 0)
        return;
    text[n] = '\0';
    for (size_t i = 0; i < 2; i++) {
        const char *at = strstr(text, keys[i]);
        size_t len;

        if (!at)
            continue;
        at += 1 + strcspn(at + 1, ":\n");
        at += strspn(at, ": ");
        len = strcspn(at, "\n");
        len = len < WATCH_TEXT ? len : WATCH_TEXT - 1;
        memcpy(out, at, len);
        out[len] = '\0';
        return;
    }
}

static void read_line(int fd, char out[WATCH_TEXT])
{
    ssize_t n = fd < 0 ? -1 : pread(fd, out, WATCH_TEXT - 1, 0);

    out[n > 0 ? n : 0] = '\0';
}

/* Take over what is new; one that cannot be read now is no news. */
static bool replace(char known[WATCH_TEXT], const char now[WATCH_TEXT])
{
    if (!*now || strcmp(known, now) == 0)
        return false;
    memcpy(known, now, WATCH_TEXT);
    return true;
}

static bool look_at_machine(struct watch *w)
{
    char now[WATCH_TEXT];
    bool changed;

    w->eyes.model(w->eyes.arg, now);
    changed = replace(w->model, now);
    w->model_changed |= changed;
    read_cpuinfo(w->cpuinfo_fd, now);
    changed |= replace(w->cpuinfo, now);
    read_line(w->online_fd, now);
    return replace(w->online, now) || changed;
}

/* ---- steal ---- */

static void add_up(const struct watch *w, const uint64_t *cells,
                   uint64_t *stolen, uint64_t *all)
{
    *stolen = cells[w->steal];
    *all = 0;
    for (int c = w->first; c <= w->last; c++)
        *all += cells[c];
}

/* What share was stolen since the last look, and whether that is news. */
static void look_at_steal(struct watch *w, const uint64_t *cells,
                          struct news *news)
{
    uint64_t stolen, all, step;
    int most = w->stolen ? WATCH_STEAL_OVER_PCT : WATCH_STEAL_PCT;

    if (w->steal < 0)
        return;
    add_up(w, cells, &stolen, &all);
    step = all - w->all_ticks;
    if (all > w->all_ticks && stolen >= w->stolen_ticks &&
        stolen - w->stolen_ticks <= step && w->all_ticks > 0)
        news->steal_pct = (int)((stolen - w->stolen_ticks) * 100 / step);
    news->steal_changed = (news->steal_pct >= most) != w->stolen;
    w->stolen ^= news->steal_changed;
    w->stolen_ticks = stolen;
    w->all_ticks = all;
}

/* cpu.user to cpu.steal, which lie one behind the other. */
static void find_times(struct watch *w, const struct channels *cs)
{
    w->steal = channels_find(cs, "cpu.steal");
    w->first = channels_find(cs, "cpu.user");
    w->last = w->steal;
    if (w->first < 0 || w->first > w->last)
        w->steal = -1;
}

/* ---- suspension ---- */

/*
 * Between two readings time may pass, and the second is the clock that stands
 * still: what is computed is at most the time that was slept.
 */
static int64_t slept(const struct watch *w)
{
    int64_t boot_ns = w->eyes.boot_ns(w->eyes.arg);

    return boot_ns - w->eyes.mono_ns(w->eyes.arg);
}

static int64_t look_for_sleep(struct watch *w)
{
    int64_t now = slept(w), more = now - w->slept_ns;

    if (more > 0)
        w->slept_ns = now;
    return more > SUSPENDED_NS ? more : 0;
}

/* ---- the whole ---- */

void watch_open(struct watch *w, const struct watch_eyes *eyes,
                const struct roots *roots, const struct channels *cs)
{
    *w = (struct watch){.eyes = *eyes, .roots = roots};
    w->cpuinfo_fd = open_below(roots->proc, "cpuinfo");
    w->online_fd = open_below(roots->sys, "devices/system/cpu/online");
    look_at_machine(w);
    w->model_changed = false;
    find_times(w, cs);
    w->slept_ns = slept(w);
    for (int i = 1; i < FIRST_READINGS; i++)
        look_for_sleep(w);
}

void watch_row(struct watch *w, int64_t mono_ns, const uint64_t *cells,
               struct news *news)
{
    *news = (struct news){.suspended_ns = look_for_sleep(w)};
    if (mono_ns < w->look_ns)
        return;
    w->look_ns = mono_ns + NS_PER_S;
    look_at_steal(w, cells, news);
    news->machine_changed = look_at_machine(w);
}

void watch_describe(const struct watch *w, struct labels *meta)
{
    static const char *const stale[] = {"cpu_family", "cpu_model_number",
                                        "cpu_stepping", "microcode"};

    machine_describe(w->roots, meta);
    if (!w->model_changed)
        return;
    labels_set(meta, "cpu_model", w->model);
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        labels_remove(meta, stale[i]);
}

void watch_close(struct watch *w)
{
    if (w->cpuinfo_fd >= 0)
        close(w->cpuinfo_fd);
    if (w->online_fd >= 0)
        close(w->online_fd);
    w->cpuinfo_fd = w->online_fd = -1;
}
