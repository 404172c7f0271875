/* Net mids, the tick grid and the price of each leg: what fills.py says, in C. */

#ifndef ZERODTE_DEALING_H
#define ZERODTE_DEALING_H

#include <stdint.h>

enum { LEGS_MAX = 4, TICK_CENTS = 5, DIME_ABOVE_TICKS = 60, SPLIT_REACH_CENTS = 12 };

typedef struct {
    int32_t bid, ask;
} Quote;

/* Signed ratios, and what the legs were dealt at: in cents of price per unit, a debit positive. */
typedef struct {
    int leg_count;
    int64_t weight[LEGS_MAX];
    Quote quote[LEGS_MAX];
    int64_t price[LEGS_MAX];
    int64_t net;
    int32_t spx, vix;
} Dealing;

/* Some legs in the order in which they take what remains. */
typedef struct {
    int count;
    int64_t weight[LEGS_MAX], price[LEGS_MAX];
} Split;

static inline int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t size_of(int64_t a) { return a < 0 ? -a : a; }

static inline int64_t floor_div(int64_t numerator, int64_t denominator)
{
    const int64_t quotient = numerator / denominator;
    return quotient - (numerator % denominator && (numerator < 0) != (denominator < 0));
}

static inline int64_t ceil_div(int64_t numerator, int64_t denominator)
{
    return -floor_div(-numerator, denominator);
}

static inline int64_t round_half_up(int64_t numerator, int64_t denominator)
{
    const int64_t quotient = floor_div(numerator, denominator);
    return quotient + (2 * (numerator - quotient * denominator) >= denominator);
}

static inline int64_t modulo(int64_t value, int64_t period)
{
    return value - floor_div(value, period) * period;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b, b = rest;
    }
    return size_of(a);
}

/* What closing brings in ticks when the legs are worth this many half-ticks: a single leg above 3.00
   is sold on a grid of 0.10. */
static inline int32_t closing_ticks(int32_t half_ticks, int is_single)
{
    const int32_t ticks = half_ticks >> 1;
    return is_single && ticks > DIME_ABOVE_TICKS ? ticks - (ticks & 1) : ticks;
}

static int64_t snapped_net(const Dealing *dealing)
{
    int64_t half_ticks = 0;
    for (int i = 0; i < dealing->leg_count; i++)
        half_ticks += dealing->weight[i] * (dealing->quote[i].bid + dealing->quote[i].ask);
    if (dealing->leg_count > 1) return ceil_div(half_ticks, 2) * TICK_CENTS;
    if (half_ticks < 0) return -closing_ticks((int32_t)-half_ticks, 1) * TICK_CENTS;
    const int64_t ticks = ceil_div(half_ticks, 2);
    return (ticks > DIME_ABOVE_TICKS ? ticks + (ticks & 1) : ticks) * TICK_CENTS;
}

static int64_t net_of(const int64_t *weight, const int64_t *price, int count)
{
    int64_t net = 0;
    for (int i = 0; i < count; i++) net += weight[i] * price[i];
    return net;
}

static int64_t inverse(int64_t value, int64_t period)
{
    for (int64_t candidate = 0; candidate < period; candidate++)
        if (modulo(candidate * modulo(value, period), period) == 1 % period) return candidate;
    return 0;
}

static int split_pair(int64_t net, const int64_t *weight, int64_t wanted, int64_t *price)
{
    const int64_t sign = weight[0] < 0 ? -1 : 1;
    const int64_t first = sign * weight[0], second = sign * weight[1];
    const int64_t common = common_divisor(first, second), period = size_of(second) / common;
    net *= sign;
    if (net % common) return 0;
    const int64_t residue = modulo(net / common, period) * inverse(first / common, period);
    const int64_t lowest = second < 0 ? greater(0, ceil_div(net, first)) : 0;
    int64_t at = greater(wanted - modulo(wanted - residue, period),
                         lowest + modulo(residue - lowest, period));
    if (second > 0) {
        const int64_t highest = floor_div(net, first);
        at = lesser(at, highest - modulo(highest - residue, period));
    }
    price[0] = at;
    price[1] = floor_div(net - first * at, second);
    return at >= 0;
}

/* Prices of the legs that make the net: the first takes what it can, the last two the rest. */
static int split(int64_t net, const int64_t *weight, int64_t *price, int count)
{
    const int64_t rest = net - net_of(weight, price, count);
    const int64_t wanted = greater(0, price[0] + floor_div(rest, weight[0]));
    if (count == 2) return split_pair(net, weight, wanted, price);

    int64_t divisor = 0;
    for (int i = 1; i < count; i++) divisor = common_divisor(divisor, weight[i]);
    const int64_t reach = divisor + SPLIT_REACH_CENTS;
    for (int64_t step = 0; step <= 2 * reach; step++) {
        const int64_t at = wanted + (step % 2 ? -(step + 1) / 2 : step / 2);
        const int64_t left = net - weight[0] * at;
        int64_t tail[LEGS_MAX];
        if (at < 0 || left % divisor) continue;
        for (int i = 1; i < count; i++) tail[i] = price[i];
        if (!split(left, weight + 1, tail + 1, count - 1)) continue;
        price[0] = at;
        for (int i = 1; i < count; i++) price[i] = tail[i];
        return 1;
    }
    return 0;
}

/* Prices that come to the net or just below it. */
static void favour(int64_t rest, Split *legs)
{
    for (int i = 0; i < legs->count; i++) {
        const int64_t weight = legs->weight[i];
        const int64_t share = weight > 0 ? floor_div(rest, weight) : ceil_div(rest, weight);
        const int64_t change = greater(share, -legs->price[i]);
        rest -= change * weight;
        legs->price[i] += change;
    }
}

static void sort_widest(const Dealing *dealing, int *order)
{
    for (int i = 0; i < dealing->leg_count; i++) {
        const Quote quote = dealing->quote[i];
        int at = i;
        for (; at > 0; at--) {
            const Quote other = dealing->quote[order[at - 1]];
            if (other.bid - other.ask <= quote.bid - quote.ask) break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

/* A price a leg that adds up to the net, by way of the widest leg. */
static void price_legs(Dealing *dealing, int64_t net)
{
    const int count = dealing->leg_count;
    int order[LEGS_MAX];
    for (int i = 0; i < count; i++) {
        const int64_t sum = dealing->quote[i].bid + dealing->quote[i].ask;
        dealing->price[i] = (dealing->weight[i] > 0 ? ceil_div(sum, 2) : sum / 2) * TICK_CENTS;
    }
    sort_widest(dealing, order);
    int64_t rest = net - net_of(dealing->weight, dealing->price, count);
    for (int i = 0; i < count && rest; i++) {
        const int64_t weight = dealing->weight[order[i]];
        if (rest % weight) continue;
        const int64_t change = greater(rest / weight, -dealing->price[order[i]]);
        dealing->price[order[i]] += change;
        rest -= change * weight;
    }
    if (!rest) return;

    Split legs = {.count = count};
    for (int i = 0; i < count; i++) {
        legs.weight[i] = dealing->weight[order[i]];
        legs.price[i] = dealing->price[order[i]];
    }
    if (!split(net, legs.weight, legs.price, count)) favour(rest, &legs);
    for (int i = 0; i < count; i++) dealing->price[order[i]] = legs.price[i];
}

/* Fills the legs at their snapped net mid. */
static void deal(Dealing *dealing)
{
    const int64_t net = snapped_net(dealing);
    if (dealing->leg_count == 1) {
        dealing->price[0] = size_of(net);
        dealing->net = net;
        return;
    }
    price_legs(dealing, net);
    dealing->net = net_of(dealing->weight, dealing->price, dealing->leg_count);
}

#endif
