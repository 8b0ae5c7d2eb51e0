#include "common/base/channel.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

size_t channels_add(struct channels *cs, const char *name, const char *unit,
                    enum channel_type type, enum channel_kind kind,
                    uint64_t wrap)
{
    struct channel *c;

    cs->at = xgrow(cs->at, cs->n, &cs->cap, sizeof *cs->at);
    c = &cs->at[cs->n];
    c->name = xstrdup(name);
    c->unit = xstrdup(unit);
    c->type = type;
    c->kind = kind;
    c->wrap = wrap;
    return cs->n++;
}

int channels_find(const struct channels *cs, const char *name)
{
    for (size_t i = 0; i < cs->n; i++)
        if (strcmp(cs->at[i].name, name) == 0)
            return (int)i;
    return -1;
}

void channels_copy(struct channels *to, const struct channels *from)
{
    memset(to, 0, sizeof *to);
    for (size_t i = 0; i < from->n; i++)
        channels_add(to, from->at[i].name, from->at[i].unit, from->at[i].type,
                     from->at[i].kind, from->at[i].wrap);
}

void channels_release(struct channels *cs)
{
    for (size_t i = 0; i < cs->n; i++) {
        free(cs->at[i].name);
        free(cs->at[i].unit);
    }
    free(cs->at);
    memset(cs, 0, sizeof *cs);
}

size_t channel_size(enum channel_type type)
{
    switch (type) {
    case CHANNEL_U64:
    case CHANNEL_F64:
        return 8;
    case CHANNEL_F32:
        return 4;
    case CHANNEL_U8:
        return 1;
    }
    return 0;
}
