#ifndef BASE_NEAR_H
#define BASE_NEAR_H

/*
 * Names that were misspelt.  near_distance(): letters to insert, drop or
 * change to make b of a; of b the first 32 count.
 */
int near_distance(const char *a, const char *b);

/*
 * That of `known` (ends with NULL) which is nearest to a name: at most two
 * letters away, or one where it has fewer than five.  NULL if none is.
 */
const char *near_name(const char *name, const char *const *known);

#endif
