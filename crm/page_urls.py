"""Pages of the kernel: settings and the own profile."""

from django.urls import URLPattern, URLResolver, path

from crm.views import holidays, mail, own, people

app_name = "crm"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", people.people, name="settings"),
    path("people/new/", people.person_new, name="person-new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/link/", people.person_link, name="person-link"),
    path("people/<int:pk>/return/", people.person_return, name="person-return"),
    path("teams/", people.teams, name="teams"),
    path("teams/new/", people.team_new, name="team-new"),
    path("teams/<int:pk>/", people.team, name="team"),
    path("holidays/", holidays.holidays, name="holidays"),
    path("holidays/<int:pk>/", holidays.calendar, name="holiday-calendar"),
    path("holidays/<int:pk>/import/", holidays.calendar_import, name="holiday-import"),
    path("holidays/<int:pk>/name/", holidays.calendar_name, name="holiday-name"),
    path("holidays/<int:pk>/removal/", holidays.calendar_removal, name="holiday-removal"),
    path("holidays/days/<int:pk>/removal/", holidays.day_removal, name="holiday-day-removal"),
    path("organisation/", own.organisation, name="organisation"),
    path("sample/", own.sample, name="sample"),
    path("notifications/", mail.choices, name="mail-choices"),
    path("mail/", mail.mail, name="mail"),
    path("mail/test/", mail.test, name="mail-test"),
    path("mail/again/", mail.all_again, name="mails-again"),
    path("mail/<int:pk>/again/", mail.again, name="mail-again"),
    path("me/", own.me, name="me"),
    path("me/absence/", own.absence, name="absence"),
    path("me/tokens/", own.token_new, name="token-new"),
    path("me/tokens/<int:pk>/removal/", own.token_removal, name="token-removal"),
]
