/* A position from the second after its entry to its end, a block of seconds at a time.

   A block in which no rule can hold is only folded into the position's extremes; the others are
   walked second by second. Profits are cents of price per unit. */

#ifndef ZERODTE_HOLDING_H
#define ZERODTE_HOLDING_H

#include "tapes.h"

enum { BLOCK_SECONDS = 512 };
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
    int leg_count;
    int64_t net, best, lowest;
    Marks marks;
    int32_t call_barrier, put_barrier, delta_max;
    int has_barrier, short_count;
    int32_t short_row[LEGS_MAX];
    int64_t exit_second;
} Held;

/* The worth of a block of seconds in half-ticks, and whether each of them has every quote. */
typedef struct {
    int32_t worth[BLOCK_SECONDS];
    int32_t lowest, highest;
    int is_gapless;
} Block;

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

INLINED void read_columns(const Held *held, const int leg_count, int64_t start, int count, Block *block)
{
    int32_t lowest = INT32_MAX, highest = INT32_MIN;
    uint16_t highest_ask = 0;
    for (int i = 0; i < count; i++) {
        int32_t worth = 0;
        for (int leg = 0; leg < leg_count; leg++) {
            const uint16_t ask = held->ask[leg][start + i];
            worth += held->weight[leg] * ((int32_t)held->bid[leg][start + i] + ask);
            highest_ask = ask > highest_ask ? ask : highest_ask;
        }
        block->worth[i] = worth;
        lowest = worth < lowest ? worth : lowest;
        highest = worth > highest ? worth : highest;
    }
    block->lowest = lowest;
    block->highest = highest;
    block->is_gapless = highest_ask != MISSING_TICKS;
}

WIDEST static void read_block(const Held *held, int64_t start, int count, Block *block)
{
    switch (held->leg_count) {
    case 1: read_columns(held, 1, start, count, block); break;
    case 2: read_columns(held, 2, start, count, block); break;
    case 3: read_columns(held, 3, start, count, block); break;
    default: read_columns(held, 4, start, count, block);
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
static int may_exit(const Held *held, const Tape *tape, int64_t start, int count, const Block *block)
{
    const int64_t low = profit_of(held, block->lowest), high = profit_of(held, block->highest);
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

/* Follows the equity through a block, unless the drawdown cannot grow in it. */
static void follow_block(const Curve *curve, const Held *held, int count, const Block *block)
{
    Drawdown *drawdown = curve->drawdown;
    const int64_t peak = greater(drawdown->peak, equity_of(curve, held, block->highest));
    if (peak - equity_of(curve, held, block->lowest) <= drawdown->worst) {
        drawdown->peak = peak;
        return;
    }
    for (int i = 0; i < count; i++) follow(drawdown, equity_of(curve, held, block->worth[i]));
}

static void fold_block(Held *held, const Curve *curve, int count, const Block *block)
{
    held->best = greater(held->best, profit_of(held, block->highest));
    held->lowest = lesser(held->lowest, profit_of(held, block->lowest));
    if (curve->drawdown) follow_block(curve, held, count, block);
}

/* The second of a block at which a rule holds, told with the rule, or -1. */
static int64_t walk_block(
    Held *held, const Tape *tape, const Curve *curve, int64_t start, int count, const Block *block, int *rule)
{
    for (int i = 0; i < count; i++) {
        if (!block->is_gapless && !is_quoted(held, start + i)) continue;
        const int64_t profit = profit_of(held, block->worth[i]);
        held->best = greater(held->best, profit);
        *rule = rule_at(held, tape, start + i, profit);
        if (*rule != SETTLEMENT) return start + i;
        held->lowest = lesser(held->lowest, profit);
        if (curve->drawdown) follow(curve->drawdown, equity_of(curve, held, block->worth[i]));
    }
    return -1;
}

/* The second and the rule at which a position that was entered at `entered` ends. */
static int64_t hold(Held *held, const Tape *tape, const Curve *curve, int64_t entered, int *rule)
{
    const int64_t until = lesser(tape->close, tape->known_until + 1);
    Block block;
    *rule = SETTLEMENT;
    int count;
    for (int64_t start = entered + 1; start < until; start += count) {
        const int64_t end = start < held->exit_second ? lesser(until, held->exit_second) : until;
        count = (int)lesser(end - start, BLOCK_SECONDS);
        read_block(held, start, count, &block);
        if (block.is_gapless && !may_exit(held, tape, start, count, &block)) {
            fold_block(held, curve, count, &block);
            continue;
        }
        const int64_t second = walk_block(held, tape, curve, start, count, &block, rule);
        if (second >= 0) return second;
    }
    return tape->close;
}

#endif
