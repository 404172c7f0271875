/* A recorded day as C reads it, and which of its contracts a leg takes: choosing.py, in C. */

#ifndef ZERODTE_TAPES_H
#define ZERODTE_TAPES_H

#include "dealing.h"
#include "widest.h"

#define UNKNOWN INT64_MIN

enum { MISSING = -1, POINT_E4 = 10000, PERCENT_E4 = 1000000 };
enum { TICK_E4 = 500, HALF_TICK_E4 = 250, PRICE_CENT_E4 = 100 };
enum { BY_DELTA, BY_PREMIUM, BY_POINTS, BY_PERCENT, AT_THE_MONEY, BY_EXPECTED_MOVE, BY_WIDTH };

/* A strike that is listed on both sides. */
typedef struct {
    int32_t strike, call_row, put_row;
} Pair;

/* bid and ask [contract][second], delta [second][contract], spx and vix [second]. Contracts ascend
   by strike. Money that is not known is UNKNOWN. */
typedef struct {
    const uint16_t *bid, *ask;
    const int16_t *delta;
    const int32_t *spx, *vix, *strike;
    const uint8_t *is_call;
    const Pair *pairs;
    int64_t row_count, contract_count, pair_count;
    int64_t close, known_from, known_until, open_clock, weekday, settlement, previous_settlement;
} Tape;

typedef struct {
    int32_t method, from_leg, is_call, quantity;
    int64_t weight, value_e4;
} ProgramLeg;

typedef struct {
    int32_t row, strike;
    int64_t off_e4;
} ChosenLeg;

static inline int is_known(const Tape *tape, int64_t second)
{
    return tape->known_from <= second && second <= tape->known_until;
}

static inline int32_t index_at(const Tape *tape, const int32_t *series, int64_t second)
{
    return is_known(tape, second) ? series[second] : MISSING;
}

static inline int32_t delta_at(const Tape *tape, int64_t row, int64_t second)
{
    return is_known(tape, second) ? tape->delta[second * tape->contract_count + row] : MISSING;
}

static int read_quote(const Tape *tape, int64_t row, int64_t second, Quote *quote)
{
    if (!is_known(tape, second)) return 0;
    quote->bid = tape->bid[row * tape->row_count + second];
    quote->ask = tape->ask[row * tape->row_count + second];
    return quote->ask != MISSING_TICKS;
}

/* The first index of the day up to a second. */
static int32_t opening_index(const Tape *tape, int64_t second)
{
    for (int64_t at = tape->known_from; at <= second && at <= tape->known_until; at++)
        if (tape->spx[at] != MISSING) return tape->spx[at];
    return MISSING;
}

static const Pair *straddle_pair(const Tape *tape, int64_t second)
{
    const int64_t spx = index_at(tape, tape->spx, second);
    const Pair *nearest = 0;
    int64_t least = INT64_MAX;
    for (int64_t i = 0; spx != MISSING && i < tape->pair_count; i++) {
        const int64_t distance = size_of((int64_t)tape->pairs[i].strike * POINT_E4 - spx);
        if (distance >= least) continue;
        least = distance;
        nearest = tape->pairs + i;
    }
    return nearest;
}

static int64_t straddle_e4(const Tape *tape, int64_t second)
{
    const Pair *pair = straddle_pair(tape, second);
    Quote call, put;
    if (!pair || !read_quote(tape, pair->call_row, second, &call)) return UNKNOWN;
    if (!read_quote(tape, pair->put_row, second, &put)) return UNKNOWN;
    return (int64_t)(call.bid + call.ask + put.bid + put.ask) * HALF_TICK_E4;
}

/* How far a contract is from what the leg asks for, or UNKNOWN; target_e10 is a strike. */
static int64_t off_of(
    const Tape *tape, const ProgramLeg *leg, int64_t row, int64_t second, int64_t target_e10)
{
    Quote quote;
    switch (leg->method) {
    case BY_DELTA: {
        const int64_t delta = delta_at(tape, row, second);
        return delta == MISSING ? UNKNOWN : delta - leg->value_e4;
    }
    case BY_PREMIUM:
        if (!read_quote(tape, row, second, &quote)) return UNKNOWN;
        return (int64_t)(leg->weight > 0 ? quote.ask : quote.bid) * TICK_E4 - leg->value_e4;
    default:
        return (int64_t)tape->strike[row] * POINT_E4 * PERCENT_E4 - target_e10;
    }
}

/* The nearest contract of the leg's right, the one further out on a tie; 0 when there is none. */
static int choose_nearest(
    const Tape *tape, const ProgramLeg *leg, int64_t second, int64_t target_e10, ChosenLeg *chosen)
{
    int64_t least = INT64_MAX;
    for (int64_t row = 0; row < tape->contract_count; row++) {
        if (tape->is_call[row] != leg->is_call) continue;
        const int64_t off = off_of(tape, leg, row, second, target_e10);
        if (off == UNKNOWN || size_of(off) > least) continue;
        if (size_of(off) == least && !leg->is_call) continue;
        least = size_of(off);
        *chosen = (ChosenLeg){(int32_t)row, tape->strike[row], off};
    }
    return least != INT64_MAX;
}

static int choose_at_the_money(
    const Tape *tape, const ProgramLeg *leg, int64_t second, ChosenLeg *chosen)
{
    const Pair *pair = straddle_pair(tape, second);
    if (!pair) return 0;
    const int64_t off = (int64_t)pair->strike * POINT_E4 - tape->spx[second];
    *chosen = (ChosenLeg){leg->is_call ? pair->call_row : pair->put_row, pair->strike, off};
    return 1;
}

/* The strike that the leg asks for in 10**-10 points, or UNKNOWN. */
static int64_t target_e10(
    const Tape *tape, const ProgramLeg *leg, int64_t second, const ChosenLeg *earlier)
{
    int64_t base_e4 = index_at(tape, tape->spx, second), distance_e10;
    if (leg->method == BY_WIDTH) base_e4 = (int64_t)earlier[leg->from_leg].strike * POINT_E4;
    else if (base_e4 == MISSING) return UNKNOWN;

    if (leg->method == BY_PERCENT) distance_e10 = leg->value_e4 * base_e4;
    else if (leg->method == BY_EXPECTED_MOVE) {
        const int64_t move_e4 = straddle_e4(tape, second);
        if (move_e4 == UNKNOWN) return UNKNOWN;
        distance_e10 = leg->value_e4 * move_e4 * (PERCENT_E4 / POINT_E4);
    } else distance_e10 = leg->value_e4 * PERCENT_E4;
    return base_e4 * PERCENT_E4 + (leg->is_call ? distance_e10 : -distance_e10);
}

/* Finds the leg's contract; 0 where what its method needs is not known at this second. */
static int choose(const Tape *tape, const ProgramLeg *legs, int place, int64_t second, ChosenLeg *chosen)
{
    const ProgramLeg *leg = legs + place;
    if (leg->method == AT_THE_MONEY) return choose_at_the_money(tape, leg, second, chosen + place);
    if (leg->method == BY_DELTA || leg->method == BY_PREMIUM)
        return choose_nearest(tape, leg, second, 0, chosen + place);

    const int64_t target = target_e10(tape, leg, second, chosen);
    if (target == UNKNOWN || !choose_nearest(tape, leg, second, target, chosen + place)) return 0;
    chosen[place].off_e4 = round_half_up(chosen[place].off_e4, PERCENT_E4);
    return 1;
}

#endif
