"""This room's part of the API; it adds `offer` and `transition` to the leads of the room below."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from feedback.api.answers import ImprovementViews, ReplyViews
from feedback.api.asking import ImpressionViews, RequestViews
from feedback.api.routing import RoutingRuleViews
from feedback.api.views import AgreementViews, HandoffViews, OfferViews, TransitionViews

router = SimpleRouter(use_regex_path=False)
router.register("handoffs", HandoffViews, basename="handoffs")
router.register("agreements", AgreementViews, basename="agreements")
router.register("routing-rules", RoutingRuleViews, basename="routing-rules")
router.register("requests", RequestViews, basename="requests")
router.register("impressions", ImpressionViews, basename="impressions")
router.register("improvements", ImprovementViews, basename="improvements")

offer = OfferViews.as_view({"post": "offer"}, detail=True)
transition = TransitionViews.as_view({"post": "transition"}, detail=True)
urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/<int:pk>/offer/", offer, name="leads-offer"),
    path("leads/<int:pk>/transition/", transition, name="leads-transition"),
    path(
        "handoffs/<int:handoff>/replies/",
        ReplyViews.as_view({"get": "list", "post": "create"}),
        name="handoffs-replies",
    ),
    *router.urls,
]
