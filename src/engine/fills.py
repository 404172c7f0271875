"""Where and at what prices an order fills: net mids, the tick grid, triggers and the scan.

Net values are signed, a debit positive, per unit of the structure. Rules: rulings 2.2 to 2.9.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

from engine.kernels import first_at_or_below
from engine.market import Day, Quote
from engine.money import TICK_CENTS, HalfTicks, PriceCents, Ticks, ceil_div
from engine.orders import Effect, Fill, OrderType, Ticket, TriggerDirection

WeightedPrice: TypeAlias = tuple[int, PriceCents]

DIME_ABOVE_TICKS: Ticks = 60
SPLIT_REACH_CENTS: PriceCents = 12
UNREACHABLE: HalfTicks = -(2**40)
ANY_PRICE: HalfTicks = 2**40


def is_on_grid(price_cents: PriceCents, *, single_leg: bool) -> bool:
    """True on the SPX grid: 0.05, and 0.10 for a single leg above 3.00."""
    if price_cents % TICK_CENTS:
        return False
    ticks = price_cents // TICK_CENTS
    return not single_leg or ticks <= DIME_ABOVE_TICKS or ticks % 2 == 0


def grid_floor(half_ticks: HalfTicks) -> Ticks:
    """The highest single-leg grid price at or below an unsigned value."""
    ticks = half_ticks // 2
    return ticks if ticks <= DIME_ABOVE_TICKS else ticks - ticks % 2


def grid_ceil(half_ticks: HalfTicks) -> Ticks:
    """The lowest single-leg grid price at or above an unsigned value."""
    ticks = ceil_div(half_ticks, 2)
    return ticks if ticks <= DIME_ABOVE_TICKS else ticks + ticks % 2


def leg_quotes(day: Day, ticket: Ticket, second: int) -> tuple[Quote, ...] | None:
    """One usable quote a leg at ``second``, or None when any is missing."""
    quotes = tuple(day.quote(leg.contract, second) for leg in ticket.legs)
    return None if None in quotes else quotes  # type: ignore[return-value]


def leg_weights(ticket: Ticket) -> tuple[int, ...]:
    """Each leg's sign times its ratio."""
    return tuple(leg.action.sign * ratio for leg, ratio in zip(ticket.legs, ticket.ratios, strict=True))


def net_half_ticks(ticket: Ticket, quotes: Sequence[Quote]) -> HalfTicks:
    """The signed net mid of one unit, times two in ticks."""
    weights = leg_weights(ticket)
    return sum(w * (q.bid_ticks + q.ask_ticks) for w, q in zip(weights, quotes, strict=True))


def snapped_net_cents(ticket: Ticket, net: HalfTicks) -> PriceCents:
    """The net mid on the order's grid; the remainder goes to the market maker (rulings 2.3)."""
    if len(ticket.legs) > 1:
        return ceil_div(net, 2) * TICK_CENTS
    return (grid_ceil(net) if net >= 0 else -grid_floor(-net)) * TICK_CENTS


def signed_cents(price_cents: PriceCents, effect: Effect) -> PriceCents:
    return price_cents if effect is Effect.DEBIT else -price_cents


def execution_cents(ticket: Ticket, slippage_cents: PriceCents) -> PriceCents | None:
    """The unsigned mid that has to be reached: rulings 2.4. None for a market order."""
    if ticket.type is OrderType.STOP:
        return ticket.trigger_cents
    if ticket.price_cents is None:
        return None
    return ticket.price_cents + (slippage_cents if ticket.effect is Effect.CREDIT else -slippage_cents)


def scan_bound(ticket: Ticket, slippage_cents: PriceCents) -> tuple[tuple[int, ...], HalfTicks]:
    """Weights and bound of the scan: the order fills where sum(weight x (bid + ask)) <= bound."""
    weights = leg_weights(ticket)
    if ticket.type is OrderType.MARKET:
        return weights, ANY_PRICE
    if ticket.type is OrderType.STOP:
        assert ticket.trigger_cents is not None
        trigger = 2 * (ticket.trigger_cents // TICK_CENTS)
        below = ticket.trigger_direction is TriggerDirection.AT_OR_BELOW
        return ((1,), trigger) if below else ((-1,), -trigger)
    mid_cents = execution_cents(ticket, slippage_cents)
    assert mid_cents is not None, "a limit has a price"
    assert ticket.effect is not None, "a limit has an effect"
    mid_ticks = mid_cents // TICK_CENTS
    if len(ticket.legs) > 1:
        return weights, 2 * signed_cents(mid_ticks, ticket.effect)
    if ticket.effect is Effect.DEBIT:
        return weights, 2 * grid_floor(2 * mid_ticks) if mid_ticks >= 0 else UNREACHABLE
    return weights, -2 * grid_ceil(2 * mid_ticks)


def is_triggered(day: Day, ticket: Ticket, second: int) -> bool:
    """True when a stop's unsnapped mid at ``second`` is at or past its trigger."""
    return _touch(day, ticket, 0, second, second + 1) == second


def first_fill(
    day: Day, ticket: Ticket, slippage_cents: PriceCents, from_second: int, until_second: int
) -> Fill | None:
    """The fill at the first second in [from, until) where every leg is quoted and the price is met."""
    second = _touch(day, ticket, slippage_cents, from_second, until_second)
    return None if second is None else fill_at(day, ticket, slippage_cents, second)


def _touch(
    day: Day, ticket: Ticket, slippage_cents: PriceCents, from_second: int, until_second: int
) -> int | None:
    weights, bound = scan_bound(ticket, slippage_cents)
    if any(leg.contract not in day.row_of for leg in ticket.legs):
        return None
    legs = [(day.row_of[leg.contract], weight) for leg, weight in zip(ticket.legs, weights, strict=True)]
    seconds = range(max(from_second, day.known_from), min(until_second, day.known_until + 1))
    second = first_at_or_below(day.bid_ticks, day.ask_ticks, legs, bound, seconds)
    return None if second < 0 else second


def fill_at(day: Day, ticket: Ticket, slippage_cents: PriceCents, second: int) -> Fill:
    """The order's prices at a second whose quotes are all usable."""
    quotes = leg_quotes(day, ticket, second)
    assert quotes is not None, "a fill needs every leg's quote"
    return fill_from(ticket, quotes, slippage_cents, second)


def fill_from(ticket: Ticket, quotes: Sequence[Quote], slippage_cents: PriceCents, second: int) -> Fill:
    """The order's prices from one quote a leg."""
    if ticket.type is OrderType.MARKET:
        return _market_fill(ticket, quotes[0], second)
    net = snapped_net_cents(ticket, net_half_ticks(ticket, quotes)) + slippage_cents
    if len(ticket.legs) == 1:
        net = net if ticket.legs[0].action.sign > 0 else min(net, 0)
        return Fill(second, net, (abs(net),))
    prices = leg_prices(ticket, quotes, net)
    return Fill(second, net_of_legs(leg_weights(ticket), prices), prices)


def _market_fill(ticket: Ticket, quote: Quote, second: int) -> Fill:
    sign = ticket.legs[0].action.sign
    price = (quote.ask_ticks if sign > 0 else quote.bid_ticks) * TICK_CENTS
    return Fill(second, sign * price, (price,))


def leg_prices(ticket: Ticket, quotes: Sequence[Quote], net_cents: PriceCents) -> tuple[PriceCents, ...]:
    """A price a leg that adds up to the net exactly, none below zero (rulings 2.7).

    Each leg starts at its own mid, rounded against the trader to 0.05; what remains goes to the
    widest leg whose ratio divides it, overflowing to the next-widest. Where no whole cents nearby
    add up (0.40 of ratios 9 and 7, all bought), the net gives way in the trader's favour, by less
    than a cent a contract.
    """
    weights = leg_weights(ticket)
    prices = [
        (ceil_div(q.bid_ticks + q.ask_ticks, 2) if w > 0 else (q.bid_ticks + q.ask_ticks) // 2) * TICK_CENTS
        for w, q in zip(weights, quotes, strict=True)
    ]
    widest = sorted(range(len(quotes)), key=lambda i: quotes[i].bid_ticks - quotes[i].ask_ticks)
    rest = net_cents - net_of_legs(weights, prices)
    for i in widest:
        if rest % weights[i] == 0:
            change = max(rest // weights[i], -prices[i])
            prices[i] += change
            rest -= change * weights[i]
    if rest:
        legs = [(weights[i], prices[i]) for i in widest]
        for i, price in zip(widest, _split(net_cents, legs) or _favourable(net_cents, legs), strict=True):
            prices[i] = price
    return tuple(prices)


def net_of_legs(weights: Sequence[int], prices: Sequence[PriceCents]) -> PriceCents:
    """The signed net of one unit whose legs have these prices."""
    return sum(w * p for w, p in zip(weights, prices, strict=True))


def _favourable(net_cents: PriceCents, legs: Sequence[WeightedPrice]) -> tuple[PriceCents, ...]:
    """Prices of the legs that come to the net or just below it, changed in the order of the legs."""
    rest = net_cents - net_of_legs(*zip(*legs, strict=True))
    prices = []
    for weight, price in legs:
        change = max(rest // weight if weight > 0 else ceil_div(rest, weight), -price)
        rest -= change * weight
        prices.append(price + change)
    assert rest >= 0, "a price of 0 for every leg comes to no more than the net"
    return tuple(prices)


def _split(net_cents: PriceCents, legs: Sequence[WeightedPrice]) -> tuple[PriceCents, ...] | None:
    """Prices of the legs that make the net, or None: the first leg takes what it can of the
    difference, the last two the rest."""
    (weight, price), *others = legs
    wanted = max(0, price + (net_cents - net_of_legs(*zip(*legs, strict=True))) // weight)
    if len(others) == 1:
        return _pair(net_cents, (weight, others[0][0]), wanted)
    divisor = math.gcd(*(w for w, _ in others))
    reach = divisor + SPLIT_REACH_CENTS
    nearby = range(max(0, wanted - reach), wanted + reach + 1)
    for price in sorted(nearby, key=lambda price: abs(price - wanted)):
        left = net_cents - weight * price
        tail = _split(left, others) if left % divisor == 0 else None
        if tail is not None:
            return (price, *tail)
    return None


def _pair(net_cents: PriceCents, weights: tuple[int, int], wanted: PriceCents) -> tuple[int, int] | None:
    """Two prices, none below zero, that make the net, the first of them near ``wanted``, or None."""
    first, second = weights
    if first < 0:
        net_cents, first, second = -net_cents, -first, -second
    common = math.gcd(first, second)
    if net_cents % common:
        return None
    period = abs(second) // common
    residue = net_cents // common * pow(first // common, -1, period)
    lowest = max(0, ceil_div(net_cents, first)) if second < 0 else 0
    price = max(wanted - (wanted - residue) % period, lowest + (residue - lowest) % period)
    if second > 0:
        highest = net_cents // first
        price = min(price, highest - (highest - residue) % period)
    return (price, (net_cents - first * price) // second) if price >= 0 else None
