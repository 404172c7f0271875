/* One session of a program: entering.py and stepping.py in C, from event to event.

   A position's end depends on nothing but its own quotes, so it is looked for as soon as the
   position is entered; what was decided is then told in the order of the seconds. */

#ifndef ZERODTE_BACKTESTS_H
#define ZERODTE_BACKTESTS_H

#include <stdlib.h>
#include <string.h>

#include "holding.h"

enum { TIMES_MAX = 60, POSITIONS_MAX = 20 };
enum { CAPITAL_CENTS = 10000000, MULTIPLIER = 100, POINT_CENTS = 100 };
enum { COMPLETED, SKIPPED, FAILED, HALTED };
enum { AFTER_WIN, AFTER_LOSS, AFTER_ANY };
enum { WORD_SKIPPED = 1, WORD_TAKEN, WORD_CLOSED, WORD_SETTLED };
enum {
    NOT_SKIPPED, BEFORE_OPEN, AFTER_CLOSE, WEEKDAY, VIX, EXPECTED_MOVE, GAP, MOVE, MAX_OPEN, STRIKE,
    SAME_CONTRACT, MISSING_QUOTE, NO_PROFIT, CAPITAL
};

/* UNKNOWN on a side does not bound. */
typedef struct {
    int64_t least, most;
} Range;

/* A strategy in integers. Percentages are in 0.0001, UNKNOWN where a rule is not asked for. */
typedef struct {
    int leg_count, time_count;
    ProgramLeg legs[LEGS_MAX];
    int64_t times[TIMES_MAX];
    int64_t weekdays, max_open, units;
    Range vix, expected_move, gap, move;
    int64_t reentry_count, reentry_seconds, reentry_after;
    int64_t target, stop_loss, stop_loss_credit, activate, trail, touch, delta_max, exit_time;
} Program;

typedef struct {
    int32_t day, cell, entry, reentry, entry_second, exit_second, rule, leg_count;
    int32_t strike[LEGS_MAX], entry_price[LEGS_MAX], exit_price[LEGS_MAX];
    int32_t entry_spx, exit_spx, entry_vix, exit_vix;
    int64_t entry_net, exit_net, gross, max_profit, max_loss, adverse, favourable;
} Trade;

typedef struct {
    int32_t status, trade_count, skipped, first_skip;
    int64_t first_trade, word_count, gross, drawdown;
    uint64_t decisions_hash;
} SessionRow;

/* What grows while sessions run: trades, and the words of their decisions where they are wanted. */
typedef struct {
    Trade *trades;
    int64_t *words;
    int64_t trade_count, trade_room, word_count, word_room;
    int wants_words, is_full;
} Sink;

typedef struct {
    int64_t second, entry, reentry;
} Attempt;

/* An open position, whose end is known already. `mark` is its profit at its latest worth. */
typedef struct {
    int64_t number, exit_second, mark;
    int rule;
    int32_t row[LEGS_MAX];
    Attempt attempt;
    Held held;
    Dealing closing;
} Position;

typedef struct {
    const Program *program;
    const Tape *tape;
    Sink *sink;
    SessionRow *row;
    int32_t day, cell;
    int64_t realized, followed;
    Drawdown drawdown;
    int due_count, open_count;
    Attempt due[TIMES_MAX];
    Position open[POSITIONS_MAX];
} Session;

/* Every list that grows doubles; one that cannot says so, and nothing is added to it. */
static void *with_room(void *items, int64_t count, int64_t *room, size_t size)
{
    if (count < *room) return items;
    void *grown = realloc(items, (size_t)(2 * count + 64) * size);
    if (grown) *room = 2 * count + 64;
    return grown;
}

static void tell(Session *session, int64_t word)
{
    Sink *sink = session->sink;
    uint64_t hash = (session->row->decisions_hash ^ (uint64_t)word) * 0x9E3779B97F4A7C15u;
    session->row->decisions_hash = hash ^ (hash >> 32);
    if (!sink->wants_words) return;

    int64_t *words = with_room(sink->words, sink->word_count, &sink->word_room, sizeof *words);
    sink->is_full |= !words;
    if (!words) return;
    sink->words = words;
    sink->words[sink->word_count++] = word;
    session->row->word_count++;
}

static Trade *trade_of(const Session *session, int64_t number)
{
    return session->sink->trades + session->row->first_trade + number;
}

static Trade *add_trade(Session *session)
{
    Sink *sink = session->sink;
    Trade *trades = with_room(sink->trades, sink->trade_count, &sink->trade_room, sizeof *trades);
    sink->is_full |= !trades;
    if (!trades) return 0;
    sink->trades = trades;
    session->row->trade_count++;
    return sink->trades + sink->trade_count++;
}

static void tell_index(Session *session, int32_t value)
{
    tell(session, value == MISSING ? UNKNOWN : value);
}

static void tell_dealing(Session *session, const Dealing *dealing)
{
    tell_index(session, dealing->spx);
    tell_index(session, dealing->vix);
    tell(session, dealing->net);
    for (int i = 0; i < dealing->leg_count; i++) {
        tell(session, dealing->quote[i].bid);
        tell(session, dealing->quote[i].ask);
        tell(session, dealing->price[i]);
    }
}

static void tell_attempt(Session *session, int kind, const Attempt *attempt)
{
    tell(session, kind);
    tell(session, attempt->second);
    tell(session, attempt->entry);
    tell(session, attempt->reentry);
}

static void tell_chosen(Session *session, const ChosenLeg *chosen, int count)
{
    for (int i = 0; i < count; i++) {
        tell(session, chosen[i].strike);
        tell(session, chosen[i].off_e4);
    }
}

/* Why an entry was not taken: what failed, at which leg, and the legs that were chosen by then. */
typedef struct {
    int reason;
    int64_t value, leg;
    int chosen_count;
} Skip;

static void tell_skip(Session *session, const Attempt *attempt, const Skip *skip, const ChosenLeg *chosen)
{
    if (!session->row->skipped++) session->row->first_skip = skip->reason;
    tell_attempt(session, WORD_SKIPPED, attempt);
    tell(session, skip->reason);
    tell(session, skip->value);
    tell(session, skip->leg);
    tell(session, skip->chosen_count);
    tell_chosen(session, chosen, skip->chosen_count);
}

static inline int is_bounded(const Range *range)
{
    return range->least != UNKNOWN || range->most != UNKNOWN;
}

/* Whether scale times a fraction lies within the range, without rounding; `value` is told rounded. */
static int is_outside(const Range *range, int64_t numerator, int64_t denominator, int64_t scale, int64_t *value)
{
    *value = UNKNOWN;
    if (!is_bounded(range)) return 0;
    if (numerator == UNKNOWN || denominator <= 0) return 1;
    *value = round_half_up(numerator * scale, denominator);
    if (range->least != UNKNOWN && numerator * scale < range->least * denominator) return 1;
    return range->most != UNKNOWN && numerator * scale > range->most * denominator;
}

static inline int64_t change_of(int64_t now, int64_t before)
{
    return now < 0 || before < 0 ? UNKNOWN : now - before;
}

/* The first filter that does not hold at a second, or NOT_SKIPPED. */
static int failed_filter(const Program *program, const Tape *tape, int64_t second, int64_t *value)
{
    const int64_t spx = index_at(tape, tape->spx, second), vix = index_at(tape, tape->vix, second);
    const int64_t before =
        tape->previous_settlement == UNKNOWN ? MISSING : tape->previous_settlement * PRICE_CENT_E4;
    const int is_relative = is_bounded(&program->gap) || is_bounded(&program->move);
    const int64_t open = is_relative ? opening_index(tape, second) : MISSING;
    const int64_t straddle =
        is_bounded(&program->expected_move) ? straddle_e4(tape, second) : UNKNOWN;

    if (is_outside(&program->vix, vix == MISSING ? UNKNOWN : vix, 1, 1, value)) return VIX;
    if (is_outside(&program->expected_move, straddle, spx, PERCENT_E4, value)) return EXPECTED_MOVE;
    if (is_outside(&program->gap, change_of(open, before), before, PERCENT_E4, value)) return GAP;
    if (is_outside(&program->move, change_of(spx, open), open, PERCENT_E4, value)) return MOVE;
    return NOT_SKIPPED;
}

/* What bars the strategy at this time whatever its legs are. */
static int barred(const Session *session, const Attempt *attempt, int64_t *value)
{
    const Program *program = session->program;
    const Tape *tape = session->tape;
    *value = UNKNOWN;
    if (attempt->second < 0) return BEFORE_OPEN;
    if (attempt->second >= tape->close) return AFTER_CLOSE;
    *value = tape->weekday;
    if (!(program->weekdays >> tape->weekday & 1)) return WEEKDAY;
    const int filter = failed_filter(program, tape, attempt->second, value);
    if (filter) return filter;
    *value = session->open_count;
    return session->open_count >= program->max_open ? MAX_OPEN : NOT_SKIPPED;
}

/* Chooses the legs' contracts, all of them different. */
static Skip choose_legs(const Session *session, int64_t second, ChosenLeg *chosen)
{
    const Program *program = session->program;
    for (int leg = 0; leg < program->leg_count; leg++) {
        if (!choose(session->tape, program->legs, leg, second, chosen))
            return (Skip){STRIKE, UNKNOWN, leg, leg};
        for (int other = 0; other < leg; other++)
            if (chosen[other].row == chosen[leg].row)
                return (Skip){SAME_CONTRACT, chosen[leg].strike, leg, leg + 1};
    }
    return (Skip){.reason = NOT_SKIPPED};
}

/* Reads the legs' quotes and deals them; the first leg without a quote, or -1. */
static int deal_at(const Session *session, const int32_t *row, int sign, int64_t second, Dealing *dealing)
{
    const Program *program = session->program;
    const Tape *tape = session->tape;
    dealing->leg_count = program->leg_count;
    for (int leg = 0; leg < program->leg_count; leg++) {
        dealing->weight[leg] = sign * program->legs[leg].weight;
        if (!read_quote(tape, row[leg], second, dealing->quote + leg)) return leg;
    }
    dealing->spx = index_at(tape, tape->spx, second);
    dealing->vix = index_at(tape, tape->vix, second);
    deal(dealing);
    return -1;
}

/* What one unit of the chosen legs is worth in price cents at a level. */
static int64_t worth_at(const Program *program, const ChosenLeg *chosen, int64_t level_cents)
{
    int64_t worth = 0;
    for (int leg = 0; leg < program->leg_count; leg++) {
        const int64_t above = level_cents - (int64_t)chosen[leg].strike * POINT_CENTS;
        worth += program->legs[leg].weight * greater(program->legs[leg].is_call ? above : -above, 0);
    }
    return worth;
}

/* The most and the least profit at expiry per unit; the most is UNKNOWN where longs outnumber. */
typedef struct {
    int64_t net, max_profit, max_loss;
} Stakes;

static Stakes stakes_of(const Program *program, const ChosenLeg *chosen, int64_t net)
{
    int64_t highest = worth_at(program, chosen, 0), lowest = highest, calls = 0, puts = 0;
    for (int leg = 0; leg < program->leg_count; leg++) {
        const int64_t worth = worth_at(program, chosen, (int64_t)chosen[leg].strike * POINT_CENTS);
        highest = greater(highest, worth);
        lowest = lesser(lowest, worth);
        *(program->legs[leg].is_call ? &calls : &puts) += program->legs[leg].weight;
    }
    return (Stakes){net, calls > 0 || puts > 0 ? UNKNOWN : highest - net, greater(net - lowest, 0)};
}

static int64_t share_of(int64_t percent, int64_t base)
{
    return percent == UNKNOWN || base <= 0 ? UNKNOWN : ceil_div(percent * base, PERCENT_E4);
}

static inline int64_t negated(int64_t value) { return value == UNKNOWN ? UNKNOWN : -value; }

static Marks marks_of(const Program *program, const Stakes *stakes)
{
    const int64_t paid = stakes->net > 0 ? stakes->net : stakes->max_loss;
    const int64_t aim = stakes->max_profit == UNKNOWN ? paid : stakes->max_profit;
    return (Marks){
        .stop_loss = negated(share_of(program->stop_loss, stakes->max_loss)),
        .stop_loss_credit = negated(share_of(program->stop_loss_credit, -stakes->net)),
        .activate = share_of(program->activate, aim),
        .trail = share_of(program->trail, aim),
        .target = share_of(program->target, aim),
    };
}

/* Arms the short strikes that the index has not reached. */
static void arm(Held *held, const Program *program, const ChosenLeg *chosen, int32_t spx)
{
    held->call_barrier = INT32_MAX;
    held->put_barrier = INT32_MIN;
    for (int leg = 0; leg < program->leg_count; leg++) {
        const int32_t strike = chosen[leg].strike * POINT_E4;
        if (program->legs[leg].weight > 0) continue;
        held->short_row[held->short_count++] = chosen[leg].row;
        if (!program->touch || spx == MISSING) continue;
        if (program->legs[leg].is_call && spx < strike)
            held->call_barrier = (int32_t)lesser(held->call_barrier, strike);
        if (!program->legs[leg].is_call && spx > strike)
            held->put_barrier = (int32_t)greater(held->put_barrier, strike);
    }
    held->has_barrier = held->call_barrier != INT32_MAX || held->put_barrier != INT32_MIN;
}

static Held held_of(const Session *session, const ChosenLeg *chosen, const Dealing *dealing, const Stakes *stakes)
{
    const Program *program = session->program;
    const Tape *tape = session->tape;
    Held held = {.leg_count = program->leg_count, .net = dealing->net};
    int gross_weight = 0;
    for (int leg = 0; leg < program->leg_count; leg++) {
        held.bid[leg] = tape->bid + chosen[leg].row * tape->row_count;
        held.ask[leg] = tape->ask + chosen[leg].row * tape->row_count;
        held.weight[leg] = (int32_t)program->legs[leg].weight;
        gross_weight += (int)size_of(held.weight[leg]);
    }
    held.narrow_max = INT16_MAX / (2 * gross_weight);
    held.marks = marks_of(program, stakes);
    held.delta_max = program->delta_max == UNKNOWN ? MISSING : (int32_t)program->delta_max;
    held.exit_second = program->exit_time == UNKNOWN ? INT64_MAX : program->exit_time - tape->open_clock;
    arm(&held, program, chosen, dealing->spx);
    return held;
}

static inline int64_t money_of(const Program *program, int64_t price_cents)
{
    return price_cents * MULTIPLIER * program->units;
}

static void settle_trade(const Session *session, const ChosenLeg *chosen, Trade *trade)
{
    const Tape *tape = session->tape;
    const Program *program = session->program;
    for (int leg = 0; leg < program->leg_count; leg++) {
        const int64_t above = tape->settlement - (int64_t)chosen[leg].strike * POINT_CENTS;
        trade->exit_price[leg] = (int32_t)greater(program->legs[leg].is_call ? above : -above, 0);
    }
    trade->exit_net = -worth_at(program, chosen, tape->settlement);
    trade->exit_spx = (int32_t)(tape->settlement * PRICE_CENT_E4);
    trade->exit_vix = index_at(tape, tape->vix, tape->close);
}

static void close_trade(Trade *trade, const Dealing *closing)
{
    for (int leg = 0; leg < closing->leg_count; leg++)
        trade->exit_price[leg] = (int32_t)closing->price[leg];
    trade->exit_net = closing->net;
    trade->exit_spx = closing->spx;
    trade->exit_vix = closing->vix;
}

/* Finds how a position that was just entered ends, and writes its trade. */
static void run_position(Session *session, Position *position, const ChosenLeg *chosen, Trade *trade)
{
    const Program *program = session->program;
    Held *held = &position->held;
    const int is_alone = program->max_open == 1;
    const Curve curve = {is_alone ? &session->drawdown : 0, session->realized, money_of(program, 1)};
    position->exit_second = hold(held, session->tape, &curve, position->attempt.second, &position->rule);
    if (position->rule == SETTLEMENT) settle_trade(session, chosen, trade);
    else {
        deal_at(session, position->row, -1, position->exit_second, &position->closing);
        close_trade(trade, &position->closing);
    }
    trade->rule = position->rule;
    trade->exit_second = (int32_t)position->exit_second;
    trade->gross = money_of(program, -trade->entry_net - trade->exit_net);
    trade->adverse = lesser(money_of(program, held->lowest), trade->gross);
    trade->favourable = greater(money_of(program, held->best), trade->gross);
    if (is_alone) follow(&session->drawdown, session->realized + trade->gross);
}

static void write_entry(Trade *trade, const Attempt *attempt, const ChosenLeg *chosen, const Dealing *dealing)
{
    trade->entry = (int32_t)attempt->entry;
    trade->reentry = (int32_t)attempt->reentry;
    trade->entry_second = (int32_t)attempt->second;
    trade->leg_count = dealing->leg_count;
    for (int leg = 0; leg < dealing->leg_count; leg++) {
        trade->strike[leg] = chosen[leg].strike;
        trade->entry_price[leg] = (int32_t)dealing->price[leg];
    }
    trade->entry_net = dealing->net;
    trade->entry_spx = dealing->spx;
    trade->entry_vix = dealing->vix;
}

static int64_t free_capital(const Session *session)
{
    int64_t cents = CAPITAL_CENTS + session->realized;
    for (int i = 0; i < session->open_count; i++)
        cents -= trade_of(session, session->open[i].number)->max_loss;
    return cents;
}

static void take(Session *session, const Attempt *attempt, const ChosenLeg *chosen, const Dealing *dealing)
{
    const Program *program = session->program;
    const Stakes stakes = stakes_of(program, chosen, dealing->net);
    Position *position = session->open + session->open_count;
    const int64_t number = session->row->trade_count;
    Trade *trade = add_trade(session);
    if (!trade) return;

    *trade = (Trade){.day = session->day, .cell = session->cell};
    write_entry(trade, attempt, chosen, dealing);
    trade->max_profit =
        stakes.max_profit == UNKNOWN ? UNKNOWN : money_of(program, stakes.max_profit);
    trade->max_loss = money_of(program, stakes.max_loss);
    tell_attempt(session, WORD_TAKEN, attempt);
    tell(session, number);
    tell_chosen(session, chosen, program->leg_count);
    tell_dealing(session, dealing);
    tell(session, trade->max_profit);
    tell(session, trade->max_loss);

    position->number = number;
    position->attempt = *attempt;
    for (int leg = 0; leg < program->leg_count; leg++) position->row[leg] = chosen[leg].row;
    position->held = held_of(session, chosen, dealing, &stakes);
    position->mark = 0;
    session->open_count++;
    run_position(session, position, chosen, trade);
}

/* Takes an entry that is due, or says why not. */
static void enter(Session *session, const Attempt *attempt)
{
    const Program *program = session->program;
    ChosenLeg chosen[LEGS_MAX];
    int32_t row[LEGS_MAX];
    Dealing dealing;
    Skip skip = {.leg = UNKNOWN};
    skip.reason = barred(session, attempt, &skip.value);
    if (!skip.reason) skip = choose_legs(session, attempt->second, chosen);
    if (!skip.reason) {
        for (int leg = 0; leg < program->leg_count; leg++) row[leg] = chosen[leg].row;
        const int missing = deal_at(session, row, 1, attempt->second, &dealing);
        if (missing >= 0)
            skip = (Skip){MISSING_QUOTE, chosen[missing].strike, missing, program->leg_count};
    }
    if (!skip.reason) {
        const Stakes stakes = stakes_of(program, chosen, dealing.net);
        const int64_t loss = money_of(program, stakes.max_loss);
        if (stakes.max_profit != UNKNOWN && stakes.max_profit <= 0)
            skip = (Skip){NO_PROFIT, money_of(program, stakes.max_profit), UNKNOWN, program->leg_count};
        else if (loss > free_capital(session))
            skip = (Skip){CAPITAL, loss, UNKNOWN, program->leg_count};
    }
    if (skip.reason) tell_skip(session, attempt, &skip, chosen);
    else take(session, attempt, chosen, &dealing);
}

static int follows(const Program *program, int64_t gross)
{
    if (program->reentry_after == AFTER_WIN) return gross > 0;
    return program->reentry_after == AFTER_ANY || gross < 0;
}

static void drop(Session *session, int place)
{
    session->open_count--;
    memmove(session->open + place, session->open + place + 1,
            (size_t)(session->open_count - place) * sizeof *session->open);
}

/* Tells that a position was closed by a rule and plans its re-entry. */
static void tell_closed(Session *session, int place)
{
    const Program *program = session->program;
    const Position *position = session->open + place;
    const Attempt attempt = position->attempt;
    const int64_t gross = trade_of(session, position->number)->gross;
    const int64_t second = position->exit_second + program->reentry_seconds;
    tell(session, WORD_CLOSED);
    tell(session, position->exit_second);
    tell(session, position->number);
    tell(session, position->rule);
    tell_dealing(session, &position->closing);
    tell(session, gross);
    session->realized += gross;
    drop(session, place);
    if (attempt.reentry < program->reentry_count && follows(program, gross))
        session->due[session->due_count++] = (Attempt){second, attempt.entry, attempt.reentry + 1};
}

static void tell_settled(Session *session, int place)
{
    const Position *position = session->open + place;
    const Trade *trade = trade_of(session, position->number);
    tell(session, WORD_SETTLED);
    tell(session, session->tape->close);
    tell(session, position->number);
    tell(session, session->tape->settlement);
    tell(session, trade->exit_net);
    tell(session, trade->gross);
    session->realized += trade->gross;
}

/* The open position that is closed first, the earlier entered of equals, or -1. */
static int next_exit(const Session *session)
{
    int next = -1;
    for (int i = 0; i < session->open_count; i++) {
        if (session->open[i].rule == SETTLEMENT) continue;
        if (next < 0 || session->open[i].exit_second < session->open[next].exit_second) next = i;
    }
    return next;
}

/* The attempt that is due first, by its second and then by the place of its time, or -1. */
static int next_due(const Session *session)
{
    int next = -1;
    for (int i = 0; i < session->due_count; i++) {
        const Attempt *one = session->due + i, *other = session->due + next;
        if (next < 0 || one->second < other->second ||
            (one->second == other->second && one->entry < other->entry))
            next = i;
    }
    return next;
}

/* Adds what a position would leave at each second of a block that lies after its entry and has every
   quote. */
WIDEST static void add_gapless(const Held *held, int64_t money, const int32_t *worth, int count, int64_t *equity)
{
    for (int i = 0; i < count; i++) equity[i] += money * profit_of(held, worth[i]);
}

/* Adds a position's profit at each second of a block, at its latest worth from its entry on. */
static void add_profits(const Session *session, Position *position, int64_t start, int count, int64_t *equity)
{
    const Held *held = &position->held;
    const int64_t money = money_of(session->program, 1);
    int32_t worth[BLOCK_SECONDS];
    const int is_gapless = read_block(held, start, count, worth);
    if (is_gapless && start > position->attempt.second) {
        add_gapless(held, money, worth, count, equity);
        position->mark = money * profit_of(held, worth[count - 1]);
        return;
    }
    for (int i = 0; i < count; i++) {
        const int64_t second = start + i;
        if (second > position->attempt.second && is_quoted(held, second))
            position->mark = money * profit_of(held, worth[i]);
        equity[i] += position->mark;
    }
}

WIDEST static void follow_equity(Drawdown *drawdown, const int64_t *equity, int count)
{
    int64_t lowest = INT64_MAX, highest = INT64_MIN;
    for (int i = 0; i < count; i++) {
        lowest = lesser(lowest, equity[i]);
        highest = greater(highest, equity[i]);
    }
    if (!may_fall(drawdown, lowest, highest)) return;
    for (int i = 0; i < count; i++) follow(drawdown, equity[i]);
}

/* Follows the equity of several open positions through the seconds before `until`. */
static void follow_until(Session *session, int64_t until)
{
    const int64_t last = lesser(until, lesser(session->tape->close, session->tape->known_until + 1));
    int64_t equity[BLOCK_SECONDS];
    int count;
    if (session->program->max_open == 1) return;
    for (; session->open_count && session->followed < last; session->followed += count) {
        count = (int)lesser(last - session->followed, BLOCK_SECONDS);
        for (int i = 0; i < count; i++) equity[i] = session->realized;
        for (int i = 0; i < session->open_count; i++)
            add_profits(session, session->open + i, session->followed, count, equity);
        follow_equity(&session->drawdown, equity, count);
    }
    if (!session->open_count) follow(&session->drawdown, session->realized);
    session->followed = greater(session->followed, until);
}

static void run_events(Session *session)
{
    for (;;) {
        const int exit = next_exit(session), due = next_due(session);
        if (exit < 0 && due < 0) return;
        if (exit >= 0 && (due < 0 || session->open[exit].exit_second <= session->due[due].second)) {
            follow_until(session, session->open[exit].exit_second);
            tell_closed(session, exit);
            continue;
        }
        const Attempt attempt = session->due[due];
        session->due[due] = session->due[--session->due_count];
        follow_until(session, attempt.second);
        enter(session, &attempt);
    }
}

static void settle_all(Session *session)
{
    follow_until(session, session->tape->close);
    for (int place = 0; place < session->open_count; place++) tell_settled(session, place);
    session->open_count = 0;
    follow(&session->drawdown, session->realized);
}

/* Runs one session; its row says where its trades begin in the sink. */
static void run_session(
    const Program *program, const Tape *tape, Sink *sink, SessionRow *row, int32_t day, int32_t cell)
{
    Session session = {.program = program, .tape = tape, .sink = sink, .row = row, .day = day, .cell = cell};
    *row = (SessionRow){.first_trade = sink->trade_count, .decisions_hash = 0xCBF29CE484222325u};
    row->status = FAILED;
    if (tape->settlement == UNKNOWN) return;

    for (int i = 0; i < program->time_count; i++)
        session.due[session.due_count++] = (Attempt){program->times[i] - tape->open_clock, i, 0};
    run_events(&session);
    settle_all(&session);
    row->gross = session.realized;
    row->drawdown = session.drawdown.worst;
    row->status = !row->trade_count ? SKIPPED
                  : CAPITAL_CENTS + session.realized <= 0 ? HALTED : COMPLETED;
}

#endif
