"""The seven places of the product; other pages belong to one of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One entry of the navigation. ``covers``: the beginnings of addresses that belong to it."""

    label: str
    path: str
    icon: str
    covers: tuple[str, ...] = ()

    def holds(self, address: str) -> bool:
        if self.path == "/" and address == "/":
            return True
        return any(address.startswith(start) for start in (self.path, *self.covers) if start != "/")


PLACES = (
    Place("Today", "/", "home", ("/tasks/",)),
    Place("Inbox", "/inbox/", "inbox", ("/feedback/", "/requests/")),
    Place("Leads", "/leads/", "users", ("/contacts/", "/companies/", "/imports/")),
    Place("Opportunities", "/opportunities/", "briefcase", ("/board/",)),
    Place("Campaigns", "/campaigns/", "speakerphone", ("/capture-forms/", "/content/")),
    Place("Reports", "/dashboards/", "chart-bar"),
    Place("Agreement", "/agreement/", "heart-handshake", ("/scoring/",)),
)
