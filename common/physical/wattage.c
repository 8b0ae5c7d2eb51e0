#include "common/physical/wattage.h"

#include <math.h>
#include <string.h>

#include "common/math/decimal.h"

int wattage_parse(struct wattage *w, double error, double of_file,
                  struct err *e)
{
    const char *end = w->text ? w->text + strlen(w->text) : NULL;
    double bare;

    w->watts = NAN;
    w->error = of_file;
    if (!w->text)
        return 0;
    if (decimal_parse(w->text, end, &bare))
        return err_set(e, ERR_USAGE, "--%s: %s of what? write %sW", w->name,
                       w->text, w->text);
    if (end > w->text && end[-1] == 'W' &&
        decimal_parse(w->text, end - 1, &w->watts)) {
        w->error = error;
        if (!(w->watts > 0))
            return err_set(e, ERR_USAGE, "--%s: %s is no wattage", w->name,
                           w->text);
    }
    return 0;
}

static int anchor_all(struct physical *p, const struct wattage *w,
                      struct err *e)
{
    for (int a = 0; a < WATTAGES; a++)
        if (w[a].text && physical_anchor(p, a == WATTAGE_IDLE ? 0 : p->n_cpus,
                                         w[a].watts, w[a].error, e))
            return err_prefix(e, "--%s %s", w[a].name, w[a].text);
    return 0;
}

int wattages_use(struct physical *p, const struct wattage *w, bool *stretched,
                 struct err *e)
{
    const struct wattage *idle = &w[WATTAGE_IDLE], *full = &w[WATTAGE_FULL];
    struct physical new = *p;

    *stretched = false;
    if (idle->text && full->text && idle->watts >= full->watts)
        return err_set(e, ERR_DATA,
                       "--idle %s is not below --full %s: one of them is wrong",
                       idle->text, full->text);
    if (anchor_all(&new, w, e)) {
        if (p->calibrated > 0)
            return -1;
        new = *p;
        if (physical_stretch(&new, idle->watts, full->watts, e) ||
            anchor_all(&new, w, e))
            return -1;
        *stretched = true;
    }
    *p = new;
    return 0;
}
