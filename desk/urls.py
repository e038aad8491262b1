"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from desk.views import agreement, campaign, home, inbox, lead, lead_verbs, lists, opportunity, spends

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<int:pk>/acceptance/", inbox.acceptance, name="inbox-acceptance"),
    path("inbox/<int:pk>/rejection/", inbox.rejection, name="inbox-rejection"),
    path("inbox/<int:pk>/withdrawal/", inbox.withdrawal, name="inbox-withdrawal"),
    path("inbox/<int:pk>/undo/", inbox.undo, name="inbox-undo"),
    path("leads/", lists.leads, name="leads"),
    path("contacts/", lists.contacts, name="contacts"),
    path("companies/", lists.companies, name="companies"),
    path("leads/<int:pk>/", lead.lead, name="lead"),
    path("leads/<int:pk>/edit/", lead.edit, name="lead-edit"),
    path("leads/<int:pk>/move/", lead_verbs.move, name="lead-move"),
    path("leads/<int:pk>/handoff/", lead_verbs.handoff, name="lead-handoff"),
    path("leads/<int:pk>/acceptance/", lead_verbs.acceptance, name="lead-acceptance"),
    path("leads/<int:pk>/rejection/", lead_verbs.rejection, name="lead-rejection"),
    path("leads/<int:pk>/withdrawal/", lead_verbs.withdrawal, name="lead-withdrawal"),
    path("leads/<int:pk>/conversion/", lead_verbs.conversion, name="lead-conversion"),
    path("leads/<int:pk>/undo/", lead_verbs.undo, name="lead-undo"),
    path("leads/<int:pk>/touches/", lead_verbs.touches, name="lead-touches"),
    path("campaigns/", campaign.campaigns, name="campaigns"),
    path("campaigns/<int:pk>/", campaign.campaign, name="campaign"),
    path("campaigns/<int:pk>/handoffs/", campaign.handoffs, name="campaign-handoffs"),
    path("campaigns/<int:pk>/spends/", spends.spends, name="campaign-spends"),
    path("campaigns/<int:pk>/spends/<int:spend_pk>/", spends.spend, name="campaign-spend"),
    path("campaigns/<int:pk>/spends/<int:spend_pk>/removal/", spends.spend_removal, name="campaign-spend-removal"),
    path("opportunities/", lists.opportunities, name="opportunities"),
    path("opportunities/<int:pk>/", opportunity.opportunity, name="opportunity"),
    path("opportunities/<int:pk>/stage/", opportunity.stage, name="opportunity-stage"),
    path("opportunities/<int:pk>/closing/", opportunity.closing, name="opportunity-closing"),
    path("opportunities/<int:pk>/reopening/", opportunity.reopening, name="opportunity-reopening"),
    path("opportunities/<int:pk>/edit/", opportunity.edit, name="opportunity-edit"),
    path("agreement/", agreement.agreement, name="agreement"),
]
