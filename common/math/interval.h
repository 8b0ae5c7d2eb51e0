#ifndef MATH_INTERVAL_H
#define MATH_INTERVAL_H

/*
 * The intervals around a prediction, by the share of cases that each is meant
 * to hold.  Arrays over them, narrow to wide, have INTERVALS elements.
 */
enum { INTERVAL_50, INTERVAL_80, INTERVAL_90, INTERVALS };

static inline int interval_percent(int i)
{
    static const int percent[INTERVALS] = {50, 80, 90};

    return percent[i];
}

#endif
