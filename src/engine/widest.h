/* How the loops over quotes are compiled. On x86-64 with glibc a WIDEST entry point is compiled for
   several instruction sets and the machine's best is taken at load time. */

#ifndef ZERODTE_WIDEST_H
#define ZERODTE_WIDEST_H

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

#if defined(__GNUC__)
#define INLINED static inline __attribute__((always_inline))
#else
#define INLINED static inline
#endif

enum { MISSING_TICKS = 65535 };

#endif
