#ifndef MATH_LANES_H
#define MATH_LANES_H

/*
 * For kernels that keep their sums in registers: vectors of 16 floats, which
 * the compiler makes of what the processor has.
 */
#define LANES 16

typedef float vector __attribute__((vector_size(4 * LANES)));
/* One that lies anywhere in memory. */
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4)));

#define INLINE __attribute__((always_inline)) static inline

/* UNROLL before a loop of a constant few turns. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
