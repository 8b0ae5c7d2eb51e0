#ifndef MATH_VECTOR_H
#define MATH_VECTOR_H

/*
 * VECTOR before a function with plain loops over arrays: they are compiled to
 * vector instructions, on x86-64 for several widths of which the processor
 * takes its best.  Sanitizers cannot start with such functions, and clang
 * wants them static, no two of one name.
 */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define VECTOR_PLAIN
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer) ||                                     \
    __has_feature(undefined_behavior_sanitizer)
#define VECTOR_PLAIN
#endif
#endif

#if defined __x86_64__ && defined __gnu_linux__ && !defined VECTOR_PLAIN
#define VECTOR_WIDTHS \
    __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTOR_WIDTHS
#endif

#if defined __GNUC__ && !defined __clang__
#define VECTOR VECTOR_WIDTHS __attribute__((optimize("O3")))
#else
#define VECTOR VECTOR_WIDTHS
#endif

/*
 * VECTOR_LOOP before such a loop: no turn of it reads what another writes.
 * It may still work in place.
 */
#if defined VECTOR_PLAIN || !defined __OPTIMIZE__
#define VECTOR_LOOP
#elif defined __clang__
#define VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define VECTOR_LOOP _Pragma("GCC ivdep")
#endif

#endif
