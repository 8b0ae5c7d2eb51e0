#ifndef FORMATS_SCORE_SPLIT_H
#define FORMATS_SCORE_SPLIT_H

#include "common/base/labels.h"

/*
 * What a split is called where predictions under several of its kind are
 * pooled: "leave:workload=io" is "leave:workload",
 * "leave:workload=io,session=a" "leave:workload,session", and
 * "leave:workload=io|cpu" "leave:workload*2".  On the heap.
 */
char *score_split_pooled(const char *split);

/*
 * Of several values left out together, those that the rows of this segment do
 * not have: "cpu".  On the heap; NULL: none.
 */
char *score_split_beside(const char *split, const struct labels *meta);

#endif
