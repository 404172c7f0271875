/* A position from the second after its entry to its end, a block of seconds at a time.

   A block in which no rule can hold is only measured; others are cut smaller and at last walked second
   by second. Profits are cents of price per unit. */

#ifndef ZERODTE_HOLDING_H
#define ZERODTE_HOLDING_H

#include "tapes.h"

enum { BLOCK_SECONDS = 512, FINE_SECONDS = 32 };
enum { SETTLEMENT, STOP_LOSS, STOP_LOSS_CREDIT, TRAILING_STOP, PROFIT_TARGET, TOUCH, SHORT_DELTA, TIME };

/* The profits at which a position is left, UNKNOWN where a rule does not apply. */
typedef struct {
    int64_t stop_loss, stop_loss_credit, activate, trail, target;
} Marks;

/* Equity from 0 in money, its best and its largest fall below that. */
typedef struct {
    int64_t peak, worst;
} Drawdown;

typedef struct {
    const uint16_t *bid[LEGS_MAX], *ask[LEGS_MAX];
    int32_t weight[LEGS_MAX];
    int leg_count, narrow_max;
    int64_t net, best, lowest;
    Marks marks;
    int32_t call_barrier, put_barrier, delta_max;
    int has_barrier, short_count;
    int32_t short_row[LEGS_MAX];
    int64_t exit_second;
} Held;

/* The lowest and the highest worth of a block in half-ticks, and whether it has every quote. */
typedef struct {
    int32_t lowest, highest;
    int is_gapless;
} Extremes;

/* What the drawdown of a session with one position at a time adds to a position's profit. */
typedef struct {
    Drawdown *drawdown;
    int64_t realized, cents_a_price_cent;
} Curve;

static inline int64_t profit_of(const Held *held, int32_t half_ticks)
{
    return (int64_t)closing_ticks(half_ticks, held->leg_count == 1) * TICK_CENTS - held->net;
}

static inline int is_quoted(const Held *held, int64_t second)
{
    for (int leg = 0; leg < held->leg_count; leg++)
        if (held->ask[leg][second] == MISSING_TICKS) return 0;
    return 1;
}

/* The legs' worth at each of some seconds; 0 when a quote among them is missing. */
INLINED int read_columns(const Held *held, const int leg_count, int64_t start, int count, int32_t *worth)
{
    uint16_t highest_ask = 0;
    for (int i = 0; i < count; i++) {
        int32_t sum = 0;
        for (int leg = 0; leg < leg_count; leg++) {
            const uint16_t ask = held->ask[leg][start + i];
            sum += held->weight[leg] * ((int32_t)held->bid[leg][start + i] + ask);
            highest_ask = ask > highest_ask ? ask : highest_ask;
        }
        worth[i] = sum;
    }
    return highest_ask != MISSING_TICKS;
}

WIDEST static int read_block(const Held *held, int64_t start, int count, int32_t *worth)
{
    switch (held->leg_count) {
    case 1: return read_columns(held, 1, start, count, worth);
    case 2: return read_columns(held, 2, start, count, worth);
    case 3: return read_columns(held, 3, start, count, worth);
    default: return read_columns(held, 4, start, count, worth);
    }
}

/* Extremes in 16 bits, which are right where no quote has a bit above narrow_max; else 0. */
INLINED int measure_narrow(
    const Held *held, const int leg_count, int64_t start, int count, Extremes *extremes)
{
    int16_t lowest = INT16_MAX, highest = INT16_MIN;
    uint16_t seen = 0;
    for (int i = 0; i < count; i++) {
        uint16_t sum = 0;
        for (int leg = 0; leg < leg_count; leg++) {
            const uint16_t bid = held->bid[leg][start + i], ask = held->ask[leg][start + i];
            sum = (uint16_t)(sum + (uint32_t)(uint16_t)held->weight[leg] * (uint16_t)(bid + ask));
            seen |= bid | ask;
        }
        const int16_t worth = (int16_t)sum;
        lowest = worth < lowest ? worth : lowest;
        highest = worth > highest ? worth : highest;
    }
    *extremes = (Extremes){lowest, highest, 1};
    return seen <= held->narrow_max;
}

INLINED void measure_wide(
    const Held *held, const int leg_count, int64_t start, int count, Extremes *extremes)
{
    int32_t worth[BLOCK_SECONDS], lowest = INT32_MAX, highest = INT32_MIN;
    extremes->is_gapless = read_columns(held, leg_count, start, count, worth);
    for (int i = 0; i < count; i++) {
        lowest = worth[i] < lowest ? worth[i] : lowest;
        highest = worth[i] > highest ? worth[i] : highest;
    }
    extremes->lowest = lowest;
    extremes->highest = highest;
}

INLINED void measure(const Held *held, const int leg_count, int64_t start, int count, Extremes *extremes)
{
    if (!measure_narrow(held, leg_count, start, count, extremes))
        measure_wide(held, leg_count, start, count, extremes);
}

WIDEST static void measure_block(const Held *held, int64_t start, int count, Extremes *extremes)
{
    switch (held->leg_count) {
    case 1: measure(held, 1, start, count, extremes); break;
    case 2: measure(held, 2, start, count, extremes); break;
    case 3: measure(held, 3, start, count, extremes); break;
    default: measure(held, 4, start, count, extremes);
    }
}

WIDEST static int may_touch(const Held *held, const int32_t *spx, int count)
{
    int touches = 0;
    for (int i = 0; i < count; i++)
        touches |= (spx[i] >= held->call_barrier) | ((spx[i] <= held->put_barrier) & (spx[i] != MISSING));
    return touches;
}

static int reaches_delta(const Held *held, const Tape *tape, int64_t second)
{
    for (int i = 0; i < held->short_count; i++)
        if (delta_at(tape, held->short_row[i], second) >= held->delta_max) return 1;
    return 0;
}

static inline int is_at_or_below(int64_t profit, int64_t mark) { return mark != UNKNOWN && profit <= mark; }

static inline int trails(const Marks *marks, int64_t best, int64_t profit)
{
    return marks->activate != UNKNOWN && best >= marks->activate && best - profit >= marks->trail;
}

static int rule_at(const Held *held, const Tape *tape, int64_t second, int64_t profit)
{
    const Marks *marks = &held->marks;
    if (is_at_or_below(profit, marks->stop_loss)) return STOP_LOSS;
    if (is_at_or_below(profit, marks->stop_loss_credit)) return STOP_LOSS_CREDIT;
    if (trails(marks, held->best, profit)) return TRAILING_STOP;
    if (marks->target != UNKNOWN && profit >= marks->target) return PROFIT_TARGET;
    if (held->has_barrier && may_touch(held, tape->spx + second, 1)) return TOUCH;
    if (held->delta_max != MISSING && reaches_delta(held, tape, second)) return SHORT_DELTA;
    return second >= held->exit_second ? TIME : SETTLEMENT;
}

/* Whether a rule could hold at some second of a block that has every quote. */
static int may_exit(const Held *held, const Tape *tape, int64_t start, int count, const Extremes *seen)
{
    const int64_t low = profit_of(held, seen->lowest), high = profit_of(held, seen->highest);
    const Marks *marks = &held->marks;
    if (is_at_or_below(low, marks->stop_loss) || is_at_or_below(low, marks->stop_loss_credit)) return 1;
    if (marks->target != UNKNOWN && high >= marks->target) return 1;
    if (trails(marks, greater(held->best, high), low)) return 1;
    if (start >= held->exit_second) return 1;
    if (held->has_barrier && may_touch(held, tape->spx + start, count)) return 1;
    for (int i = 0; held->delta_max != MISSING && i < count; i++)
        if (reaches_delta(held, tape, start + i)) return 1;
    return 0;
}

static inline void follow(Drawdown *drawdown, int64_t equity)
{
    drawdown->peak = greater(drawdown->peak, equity);
    drawdown->worst = greater(drawdown->worst, drawdown->peak - equity);
}

static inline int64_t equity_of(const Curve *curve, const Held *held, int32_t worth)
{
    return curve->realized + curve->cents_a_price_cent * profit_of(held, worth);
}

/* Whether the drawdown may grow in a block; where it cannot, the block only counts for the peak. */
static int may_fall(Drawdown *drawdown, int64_t lowest, int64_t highest)
{
    const int64_t peak = greater(drawdown->peak, highest);
    if (peak - lowest > drawdown->worst) return 1;
    drawdown->peak = peak;
    return 0;
}

static int may_fall_in(const Curve *curve, const Held *held, const Extremes *seen)
{
    const int64_t lowest = equity_of(curve, held, seen->lowest), highest = equity_of(curve, held, seen->highest);
    return may_fall(curve->drawdown, lowest, highest);
}

/* Follows the equity through a block that has every quote, second by second where it may fall. */
static void follow_block(const Curve *curve, const Held *held, int64_t start, int count, const Extremes *seen)
{
    int32_t worth[FINE_SECONDS];
    Extremes fine;
    if (!may_fall_in(curve, held, seen)) return;
    for (int from = 0; from < count; from += FINE_SECONDS) {
        const int length = count - from < FINE_SECONDS ? count - from : FINE_SECONDS;
        measure_block(held, start + from, length, &fine);
        if (!may_fall_in(curve, held, &fine)) continue;
        read_block(held, start + from, length, worth);
        for (int i = 0; i < length; i++) follow(curve->drawdown, equity_of(curve, held, worth[i]));
    }
}

static void fold_block(Held *held, const Curve *curve, int64_t start, int count, const Extremes *seen)
{
    held->best = greater(held->best, profit_of(held, seen->highest));
    held->lowest = lesser(held->lowest, profit_of(held, seen->lowest));
    if (curve->drawdown) follow_block(curve, held, start, count, seen);
}

/* The second of a block at which a rule holds, told with the rule, or -1. */
static int64_t walk_block(
    Held *held, const Tape *tape, const Curve *curve, int64_t start, int count, int *rule)
{
    int32_t worth[BLOCK_SECONDS];
    const int is_gapless = read_block(held, start, count, worth);
    for (int i = 0; i < count; i++) {
        if (!is_gapless && !is_quoted(held, start + i)) continue;
        const int64_t profit = profit_of(held, worth[i]);
        held->best = greater(held->best, profit);
        *rule = rule_at(held, tape, start + i, profit);
        if (*rule != SETTLEMENT) return start + i;
        held->lowest = lesser(held->lowest, profit);
        if (curve->drawdown) follow(curve->drawdown, equity_of(curve, held, worth[i]));
    }
    return -1;
}

/* The second and the rule at which a position that was entered at `entered` ends. */
static int64_t hold(Held *held, const Tape *tape, const Curve *curve, int64_t entered, int *rule)
{
    const int64_t until = lesser(tape->close, tape->known_until + 1);
    int64_t size = BLOCK_SECONDS, start = entered + 1;
    *rule = SETTLEMENT;
    while (start < until) {
        const int64_t end = start < held->exit_second ? lesser(until, held->exit_second) : until;
        const int count = (int)lesser(end - start, size);
        Extremes seen;
        measure_block(held, start, count, &seen);
        if (seen.is_gapless && !may_exit(held, tape, start, count, &seen)) {
            fold_block(held, curve, start, count, &seen);
            start += count;
            size = lesser(2 * size, BLOCK_SECONDS);
        } else if (count > FINE_SECONDS) {
            size = FINE_SECONDS;
        } else {
            const int64_t second = walk_block(held, tape, curve, start, count, rule);
            if (second >= 0) return second;
            start += count;
        }
    }
    return tape->close;
}

#endif
