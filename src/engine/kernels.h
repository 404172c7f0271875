/* The loops over a day's seconds. Integers only, quotes a block of seconds at a time.

   A leg count that is a constant where a loop is inlined lets the compiler unroll over the legs and
   keep them in registers: twice as fast as a loop a leg. */

#ifndef ZERODTE_KERNELS_H
#define ZERODTE_KERNELS_H

#include <stdint.h>

#include "widest.h"

enum { BLOCK_SECONDS = 1024, UNROLLED_LEGS = 4 };

/* 0.025 index points of one contract: a hundred times that in dollars. */
enum { HALF_TICK_CENTS = 250 };

/* One contract's quotes, how much of it counts, and bid + ask when it last had a quote. */
typedef struct {
    const uint16_t *bid, *ask;
    int64_t weight, carried;
} Leg;

static inline int block_length(int64_t start, int64_t until)
{
    return until - start < BLOCK_SECONDS ? (int)(until - start) : BLOCK_SECONDS;
}

static inline int32_t sum_at(const Leg *leg, int64_t second)
{
    return (int32_t)leg->bid[second] + leg->ask[second];
}

INLINED int32_t net_at(const Leg *legs, const int leg_count, int64_t second)
{
    int32_t net = 0;
    for (int leg = 0; leg < leg_count; leg++)
        net += (int32_t)legs[leg].weight * sum_at(legs + leg, second);
    return net;
}

INLINED int is_quoted(const Leg *legs, const int leg_count, int64_t second)
{
    uint16_t highest_ask = 0;
    for (int leg = 0; leg < leg_count; leg++) {
        const uint16_t ask = legs[leg].ask[second];
        highest_ask = ask > highest_ask ? ask : highest_ask;
    }
    return highest_ask != MISSING_TICKS;
}

INLINED int touches(const Leg *legs, const int leg_count, int32_t bound, int64_t second)
{
    return (net_at(legs, leg_count, second) <= bound) & is_quoted(legs, leg_count, second);
}

INLINED int64_t scan(const Leg *legs, const int leg_count, int32_t bound, int64_t from, int64_t until)
{
    for (int64_t start = from; start < until; start += BLOCK_SECONDS) {
        const int count = block_length(start, until);
        int touched = 0;
        for (int i = 0; i < count; i++) touched |= touches(legs, leg_count, bound, start + i);
        for (int i = 0; touched && i < count; i++)
            if (touches(legs, leg_count, bound, start + i)) return start + i;
    }
    return -1;
}

/* The first second in [from, until) with a quote for every leg and a net within the bound, or -1.
   The caller has made sure that the net fits in 32 bits. */
WIDEST static int64_t scan_legs(
    const Leg *legs, int leg_count, int32_t bound, int64_t from, int64_t until)
{
    switch (leg_count) {
    case 1: return scan(legs, 1, bound, from, until);
    case 2: return scan(legs, 2, bound, from, until);
    case 3: return scan(legs, 3, bound, from, until);
    case 4: return scan(legs, 4, bound, from, until);
    default: return scan(legs, leg_count, bound, from, until);
    }
}

/* The legs' nets at a block of seconds; 0 when a quote among them is missing. */
INLINED int sum_gapless(const Leg *legs, const int leg_count, int64_t start, int count, int32_t *net)
{
    int is_gapless = 1;
    for (int i = 0; i < count; i++) {
        net[i] = net_at(legs, leg_count, start + i);
        is_gapless &= is_quoted(legs, leg_count, start + i);
    }
    return is_gapless;
}

INLINED int sum_block(const Leg *legs, int leg_count, int64_t start, int count, int32_t *net)
{
    switch (leg_count) {
    case 1: return sum_gapless(legs, 1, start, count, net);
    case 2: return sum_gapless(legs, 2, start, count, net);
    case 3: return sum_gapless(legs, 3, start, count, net);
    default: return sum_gapless(legs, UNROLLED_LEGS, start, count, net);
    }
}

static void add_carrying(Leg *leg, int64_t start, int count, int64_t *into)
{
    for (int i = 0; i < count; i++) {
        if (leg->ask[start + i] != MISSING_TICKS) leg->carried = sum_at(leg, start + i);
        into[i] += HALF_TICK_CENTS * leg->weight * leg->carried;
    }
}

INLINED void add_block(
    Leg *legs, int leg_count, int is_narrow, int64_t start, int count, int64_t *into)
{
    int32_t net[BLOCK_SECONDS];
    if (!is_narrow || !sum_block(legs, leg_count, start, count, net)) {
        for (int leg = 0; leg < leg_count; leg++) add_carrying(legs + leg, start, count, into);
        return;
    }
    for (int i = 0; i < count; i++) into[i] += HALF_TICK_CENTS * (int64_t)net[i];
    for (int leg = 0; leg < leg_count; leg++)
        legs[leg].carried = sum_at(legs + leg, start + count - 1);
}

/* bid + ask at the last second up to `second` that has a quote; 0 if none has. */
static int64_t last_sum(const Leg *leg, int64_t second)
{
    while (second >= 0 && leg->ask[second] == MISSING_TICKS) second--;
    return second < 0 ? 0 : sum_at(leg, second);
}

/* Adds what the legs are worth in cents to into[0 .. until - from), at their mids and, where a leg
   has no quote, at its last one. Narrow says that the sum of the weighted mids fits in 32 bits. */
WIDEST static void add_legs(
    Leg *legs, int leg_count, int is_narrow, int64_t from, int64_t until, int64_t *into)
{
    for (int leg = 0; leg < leg_count; leg++) legs[leg].carried = last_sum(legs + leg, from);

    for (int64_t start = from; start < until; start += BLOCK_SECONDS) {
        const int count = block_length(start, until);
        for (int leg = 0; leg < leg_count; leg += UNROLLED_LEGS) {
            const int left = leg_count - leg;
            add_block(legs + leg, left < UNROLLED_LEGS ? left : UNROLLED_LEGS,
                      is_narrow, start, count, into + (start - from));
        }
    }
}

/* into = column + cents, second by second. */
WIDEST static void add_cents(const int64_t *column, int64_t cents, int64_t count, int64_t *into)
{
    for (int64_t i = 0; i < count; i++) into[i] = column[i] + cents;
}

#endif
