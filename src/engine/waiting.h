/* Orders that wait, all held against the quotes of one second. Integers only. */

#ifndef ZERODTE_WAITING_H
#define ZERODTE_WAITING_H

#include <stdint.h>

#include "widest.h"

enum {
    LEGS_A_ORDER = 4,
    /* as many as a row of 16 bits can name: none lies outside */
    SUMS = 65536,
    /* bid + ask needs 17 bits */
    QUOTED_BITS = 0x3FFFF
};

static const uint32_t UNQUOTED = 0x80000000u;

/* bid + ask of every contract at a second, UNQUOTED where there is no quote. The quotes are
   [contract, second], `stride` seconds to a contract. */
WIDEST static void sum_quotes(
    const uint16_t *bid, const uint16_t *ask, int64_t contracts, int64_t stride, uint32_t *sums)
{
    for (int64_t row = 0; row < contracts; row++) {
        const uint32_t higher = ask[row * stride];
        sums[row] = higher == MISSING_TICKS ? UNQUOTED : bid[row * stride] + higher;
    }
}

/* Writes the places of the orders whose legs are all quoted and come to their bound or below, and
   returns how many there are. An order has LEGS_A_ORDER rows and weights; a leg that it does not have
   weighs nothing and names a row whose sum is 0. The caller has made sure that nets fit in 32 bits. */
WIDEST static int64_t reached(
    const uint32_t *sums, const uint16_t *rows, const int16_t *weights, const int32_t *bounds,
    int64_t orders, int32_t *places)
{
    int64_t found = 0;
    for (int64_t order = 0; order < orders; order++) {
        int32_t net = 0;
        uint32_t seen = 0;
        for (int leg = 0; leg < LEGS_A_ORDER; leg++) {
            const uint32_t sum = sums[rows[order * LEGS_A_ORDER + leg]];
            seen |= sum;
            net += weights[order * LEGS_A_ORDER + leg] * (int32_t)(sum & QUOTED_BITS);
        }
        places[found] = (int32_t)order;
        found += (net <= bounds[order]) & (seen < UNQUOTED);
    }
    return found;
}

#endif
