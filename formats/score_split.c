#include "formats/score_split.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/split.h"

/* Does the split leave groups out?  Then s is to be released. */
static bool is_leave(const char *split, struct split *s)
{
    struct err ignored;

    if (split_parse(s, split, "1,1,1", 0, &ignored) == 0 &&
        s->kind == SPLIT_LEAVE)
        return true;
    split_release(s);
    return false;
}

char *score_split_pooled(const char *split)
{
    struct split s;
    struct strings one = {0};
    char *name, *keys;

    if (!is_leave(split, &s))
        return xstrndup(split, strcspn(split, "="));
    keys = strings_join(&s.key, ",");
    strings_split(&one, s.value.at[0], '|');
    name = one.n > 1 ? xasprintf("leave:%s*%zu", keys, one.n)
                     : xasprintf("leave:%s", keys);
    strings_release(&one);
    split_release(&s);
    free(keys);
    return name;
}

char *score_split_beside(const char *split, const struct labels *meta)
{
    struct strings one = {0}, others = {0};
    struct split s;
    const char *own;
    char *beside = NULL;

    if (!is_leave(split, &s))
        return NULL;
    own = labels_get_or(meta, s.key.at[0], "");
    strings_split(&one, s.value.at[0], '|');
    for (size_t i = 0; i < one.n && one.n > 1; i++)
        if (strcmp(one.at[i], own) != 0)
            strings_add(&others, one.at[i]);
    if (others.n)
        beside = strings_join(&others, "|");
    strings_release(&others);
    strings_release(&one);
    split_release(&s);
    return beside;
}
