"""People known by name from staged rows, each at the company that the row names."""

from typing import ClassVar

from leads.importing.naming import NamesCompany
from leads.importing.plain_writer import PlainWriter
from leads.models import Contact

WORDS = ("first_name", "last_name", "email", "phone", "phone_e164", "title")


class ContactWriter(PlainWriter, NamesCompany):
    tables: ClassVar = ("leads_contact",)
    model: ClassVar = Contact
    topic: ClassVar = "contact"
    plain: ClassVar = (*WORDS, "do_not_call", "do_not_mail")

    def named(self) -> dict[str, str]:
        return {"company": self.company}

    @property
    def joins(self) -> str:
        return self.company_joins

    @property
    def found_alike(self) -> str:
        email = self.value("email", default="''")
        return f"SELECT id FROM leads_contact WHERE lower(email) = lower({email}) AND email <> ''"

    @property
    def reason(self) -> str:
        return f"CASE WHEN {self.names_unknown_company} THEN {self.no_company} END"

    @property
    def changed(self) -> str:
        return f"({super().changed} OR {self.company} IS NOT NULL AND {self.company} IS DISTINCT FROM r.company_id)"

    def values(self) -> dict[str, str]:
        left_alone = {name: self.value(name, default="false") for name in ("do_not_call", "do_not_mail")}
        return {**super().values(), **self.words(*WORDS), **left_alone, "company_id": "s.company"}

    def sets(self) -> list[str]:
        return [*super().sets(), "company_id = coalesce(s.company, r.company_id)"]
