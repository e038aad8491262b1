"""Who responds: invented companies, and people of three kinds in them."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from desk.demo import words
from desk.demo.writing import Ids
from leads.lifecycle import Stage
from leads.models import Company, Lead

FIT, WEAK, NOBODY = "fit", "weak", "nobody"


@dataclass
class Person:
    """What the story knows about a lead and nobody in it does."""

    kind: str
    bad_data: bool = False


@dataclass
class Market:
    """The companies there are, by country, and the mailboxes already given away."""

    ids: Ids
    began_at: datetime
    companies: dict[str, list[Company]] = field(default_factory=dict)
    weak_companies: dict[str, list[Company]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    @property
    def all(self) -> list[Company]:
        return [company for pool in (self.companies, self.weak_companies) for rows in pool.values() for company in rows]


def found_companies(ids: Ids, began_at: datetime, leads: int, rng: Random) -> Market:
    """About one company for every five leads that we might serve, and one for every fifteen that we never will."""
    market = Market(ids, began_at)
    total = sum(words.COUNTRY_WEIGHTS.values())
    for country, weight in words.COUNTRY_WEIGHTS.items():
        share = leads * weight / total
        market.companies[country] = make_companies(market, country, max(3, round(share / 5)), words.INDUSTRIES, rng)
        market.weak_companies[country] = make_companies(
            market, country, max(2, round(share / 15)), words.WEAK_INDUSTRIES, rng
        )
    return market


def make_companies(
    market: Market, country: str, number: int, industries: dict[str, list[str]], rng: Random
) -> list[Company]:
    _, last_names, towns, _, form, _ = words.COUNTRIES[country]
    weak = industries is words.WEAK_INDUSTRIES
    made: list[Company] = []
    while len(made) < number:
        industry = rng.choice(list(industries))
        stem = f"{rng.choice(last_names)} {rng.choice(industries[industry])}"
        if slug(stem) in market.taken:
            stem = f"{stem} {rng.choice(towns)}"
        if slug(stem) in market.taken:
            continue
        market.taken.add(slug(stem))
        employees = round(rng.lognormvariate(2.6, 0.9)) + 2 if weak else round(rng.lognormvariate(5.1, 0.95)) + 15
        made.append(
            Company(
                id=market.ids.next(Company), name=f"{stem} {form}", domain=f"{slug(stem)}.example", industry=industry,
                country=country, region=rng.choice(towns), employees=employees, is_sample=True,
                created_at=market.began_at, updated_at=market.began_at,
            )
        )  # fmt: skip
    return made


def slug(text: str) -> str:
    plain = text.replace("ø", "o").replace("Ø", "O").replace("ß", "ss").replace("ł", "l")
    folded = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in folded.lower()).split())


def meet(market: Market, kind: str, *, at: datetime, rng: Random, country: str = "") -> Lead:
    """A lead of this kind, with a name, a company and a mailbox that nobody else has; not yet captured."""
    country = country or rng.choices(list(words.COUNTRY_WEIGHTS), list(words.COUNTRY_WEIGHTS.values()))[0]
    first_names, last_names, _, dial, _, _ = words.COUNTRIES[country]
    first, last = rng.choice(first_names), rng.choice(last_names)
    company = company_of(market, kind, country, rng)
    known = company is not None and rng.random() < 0.8
    domain = company.domain if company else rng.choice(words.FREE_MAIL)
    return Lead(
        id=market.ids.next(Lead), first_name=first, last_name=last, email=mailbox(market, first, last, domain),
        phone=f"{dial} {rng.randint(2_000_000, 9_999_999)}" if rng.random() < 0.78 else "",
        title=rng.choice(words.TITLES[kind]), country=country,
        company_name=company.name if company else (rng.choice([*words.UNIVERSITIES, "", ""]) if kind == NOBODY else ""),
        company=company if known else None, segment=segment_of(company), captured_at=at, stage=Stage.INQUIRY,
        product_interest=rng.choices(words.PRODUCTS, [5, 3, 2])[0], created_at=at, updated_at=at, is_sample=True,
    )  # fmt: skip


def company_of(market: Market, kind: str, country: str, rng: Random) -> Company | None:
    if kind == NOBODY:
        return None
    return rng.choice((market.companies if kind == FIT else market.weak_companies)[country])


def segment_of(company: Company | None) -> str:
    if company is None or company.employees is None:
        return ""
    return "Small business" if company.employees < 50 else "Mid-market" if company.employees < 500 else "Enterprise"


def mailbox(market: Market, first: str, last: str, domain: str) -> str:
    stem = f"{slug(first)}.{slug(last)}"
    for number in range(1, 10_000):
        address = f"{stem}{number if number > 1 else ''}@{domain}"
        if address not in market.taken:
            break
    market.taken.add(address)
    return address
