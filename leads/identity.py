"""By what a person or a company is known again, however it was written: e-mail, telephone, name, domain.

Pure: texts in, texts out. What cannot be told is "", which is never the same as anything.
"""

from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

# Everyday names that the lists of country names do not have.
OTHER_NAMES = {
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "u.k.": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "czechia": "CZ",
    "türkiye": "TR",
    "uae": "AE",
}
# An address here says nothing about where somebody works.
FREE_MAIL = frozenset(
    "aol.com arcor.de bluewin.ch fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net "
    "googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com laposte.net libero.it live.com "
    "mac.com mail.com mail.de mail.ru mailbox.org me.com msn.com naver.com o2.pl online.de orange.fr outlook.com "
    "outlook.de pm.me posteo.de proton.me protonmail.com qq.com rocketmail.com seznam.cz sfr.fr t-online.de "
    "tutanota.com virgilio.it wanadoo.fr web.de wp.pl ya.ru yahoo.co.uk yahoo.com yahoo.de yahoo.es yahoo.fr yahoo.it "
    "yandex.ru ymail.com zoho.com 163.com 126.com".split()
)


def e164(phone: str, *, country: str = "", region: str = "") -> str:
    """The number as E.164 has it ("+49301234567"), or "".

    ``country``: where the person is, as a name or ISO code; ``region``: the ISO code to fall back upon. A number
    without a country of its own is read there; without either it cannot be told. An extension is left out.
    """
    text = phone.strip()
    if not text:
        return ""
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, region_of(country) or region.upper() or None)
    except NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def region_of(country: str) -> str:
    """The ISO code of a country given by name, in whatever language, or by code; "" for one nobody knows."""
    name = " ".join(country.split()).casefold()
    if not name:
        return ""
    if name.upper() in phonenumbers.SUPPORTED_REGIONS:
        return name.upper()
    return OTHER_NAMES.get(name) or country_names().get(name, "")


@cache
def country_names() -> dict[str, str]:
    """{"germany": "DE", "deutschland": "DE", …} in every language the library knows."""
    # Half a second and some megabytes, for those only who meet a country written out.
    from phonenumbers.geodata.locale import LOCALE_DATA

    names: dict[str, str] = {}
    for region, words in LOCALE_DATA.items():
        for word in words.values():
            # "*aa" says: as in the language aa.
            if not word.startswith("*"):
                names.setdefault(word.casefold(), region)
    return names


def normal_email(email: str) -> str:
    """The address in small letters, without the spaces around it."""
    return email.strip().lower()


def name_key(name: str) -> str:
    """A name in small letters with single spaces."""
    return " ".join(name.split()).lower()


def email_domain(email: str) -> str:
    """The company's domain in an address; "" for a free mail provider's."""
    domain = normal_email(email).rpartition("@")[2] if "@" in email else ""
    return "" if domain in FREE_MAIL else domain


def web_domain(address: str) -> str:
    """The domain in "https://www.acme.com/about" or "acme.com"."""
    host = address.strip().lower().rpartition("://")[2].partition("/")[0].partition(":")[0]
    return host.removeprefix("www.")
