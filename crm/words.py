"""How figures, sums of money and times are said to people, the same on every page and in every sentence."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
NOTHING = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "BRL": "R$", "JPY": "¥"}


def duration(length: timedelta | float | None) -> str:
    """A length of time (seconds, or a timedelta) to the nearest unit that matters: "38 min", "3 h 20 min", "12 d".

    Negative ("−28 h") when an import dated the end before the beginning.
    """
    if length is None:
        return NOTHING
    seconds = in_seconds(length)
    if seconds <= -MINUTE / 2:
        return f"−{duration(-seconds)}"
    minutes = round(seconds / MINUTE)
    if minutes < 1:
        return "under 1 min" if seconds > 0 else "0 min"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 600:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    hours = round(seconds / HOUR)
    return f"{hours} h" if hours < 48 else f"{round(seconds / DAY)} d"


def measured(length: timedelta | None) -> str:
    """A figure of time: days with a tenth from two days on ("14.7 d"), else as `duration` says it."""
    if length is None or abs(length) < timedelta(days=2):
        return duration(length)
    return f"{length / timedelta(days=1):.1f} d".replace("-", "−")


def age(length: timedelta | float) -> str:
    """A length of time in one unit, only what has fully passed: "12 min", "3 h", "9 d"; "" under a minute."""
    seconds = int(in_seconds(length))
    if seconds < MINUTE:
        return ""
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h" if seconds < 2 * DAY else f"{seconds // DAY} d"


def ago(at: datetime | None, now: datetime) -> str:
    """ "12 min ago", "just now", "in 3 d" when it is still to come."""
    if at is None:
        return NOTHING
    if at > now:
        return f"in {age(at - now) or '1 min'}"
    passed = age(now - at)
    return f"{passed} ago" if passed else "just now"


def since(at: datetime | None, now: datetime) -> str:
    """How long it has lasted, in one unit: "12 d", "5 h", "under 1 min"; "–" when it never began."""
    return age(max(now - at, timedelta())) or "under 1 min" if at else NOTHING


def until(due: datetime | None, now: datetime) -> str:
    """What a clock says: "3 h left", "2 h late", "due now" within the minute."""
    if due is None:
        return NOTHING
    words = age(abs(due - now))
    if not words:
        return "due now"
    return f"{words} late" if due < now else f"{words} left"


# On the day itself hours are counted, and always in the last ones before.
COUNTED = timedelta(hours=4)


def counted_from(due: datetime) -> datetime:
    """From when on a clock counts hours. ``due`` is local: before, "due Mon 10:00" says more than "62 h left"."""
    return min(due.replace(hour=0, minute=0, second=0, microsecond=0), due - COUNTED)


def counted_to(due: datetime) -> datetime:
    """Until when it counts how late it is; from the day after "late since Fri 17:00"."""
    return max((due + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0), due + COUNTED)


def on_day(at: datetime, now: datetime) -> str:
    """ "Mon 10:00" within a week, "14 Dec" beyond; both local."""
    return f"{at:%a %H:%M}" if abs(at.date() - now.date()) < timedelta(days=7) else f"{at:%-d %b}"


def clock_words(due: datetime, now: datetime) -> str:
    """What the clock of an answer says, both times local: "3 h left", "due Mon 10:00", "late since Fri 17:00"."""
    if now < counted_from(due):
        return f"due {on_day(due, now)}"
    return until(due, now) if now < counted_to(due) else f"late since {on_day(due, now)}"


def clock_state(start: datetime, due: datetime, now: datetime) -> str:
    """ "late" past ``due``, "soon" in the last quarter of the time given and not days before, else "calm"."""
    if now >= due:
        return "late"
    return "soon" if due - now <= (due - start) / 4 and now >= counted_from(due) else "calm"


def number(value: float | Decimal | None) -> str:
    """ "1,284"; a fraction keeps one decimal, as in "2.5"."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    return f"{exact:,.0f}" if exact == exact.to_integral_value() else f"{exact:,.1f}"


def capped(count: int, most: int = 99) -> str:
    """A count where there is little room, and nobody needs to know it more exactly than "99+"."""
    return f"{most:,}+" if count > most else f"{count:,}"


def listed(words: Sequence[str]) -> str:
    """ "phone, e-mail and name"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def percent(ratio: float | Decimal | None) -> str:
    """A ratio 0–1 as "12 %"; where rounding would claim none or all of them "0.3 %", "99.6 %", "under 0.1 %"."""
    if ratio is None:
        return NOTHING
    share = Decimal(str(ratio)) * 100
    rounded = share.quantize(Decimal(1), ROUND_HALF_UP)
    if rounded != share and rounded in {Decimal(0), Decimal(100)}:
        if abs(share) < TENTH:
            return "under 0.1 %"
        if abs(share - 100) < TENTH:
            return "over 99.9 %" if share < 100 else "100 %"
        return f"{share:.1f} %"
    return f"{rounded:,.0f} %"


def interval(low: float | None, high: float | None) -> str:
    """Where a rate probably lies: "likely 12–19 %"; "" without counts."""
    if low is None or high is None:
        return ""
    first, last = f"{low * 100:.0f}", f"{high * 100:.0f}"
    return f"likely {first} %" if first == last else f"likely {first}–{last} %"


def money(amount: Decimal | float | None, currency: str) -> str:
    """ "€12,340", with cents only where there are some: "€12.50"; "CHF 80" for a currency without a sign here."""
    if amount is None:
        return NOTHING
    cents = Decimal(str(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    figures = f"{abs(cents):,.0f}" if cents == cents.to_integral_value() else f"{abs(cents):,.2f}"
    sign = SIGNS.get(currency, f"{currency} ")
    return f"{'−' if cents < 0 else ''}{sign}{figures}"


def about_money(amount: Decimal | float | None, currency: str) -> str:
    """To three figures, for a sentence: "€412k", "€1.24m"; below a thousand as `money` says it, without cents."""
    if amount is None:
        return NOTHING
    size = abs(float(amount))
    for step, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if size >= step * 0.9995:
            return f"{'−' if amount < 0 else ''}{SIGNS.get(currency, f'{currency} ')}{size / step:.3g}{letter}"
    return money(round(amount), currency)


def in_seconds(length: timedelta | float) -> float:
    return length.total_seconds() if isinstance(length, timedelta) else float(length)
