"""This room's part of the API."""

from rest_framework.routers import SimpleRouter

from leads.api import views

router = SimpleRouter(use_regex_path=False)
router.register("companies", views.CompanyViews, basename="companies")
router.register("contacts", views.ContactViews, basename="contacts")
router.register("leads", views.LeadViews, basename="leads")
router.register("transitions", views.TransitionViews, basename="transitions")
router.register("touches", views.TouchViews, basename="touches")
router.register("opportunities", views.OpportunityViews, basename="opportunities")
router.register("reasons", views.ReasonViews, basename="reasons")
router.register("imports", views.ImportViews, basename="imports")

urlpatterns = router.urls
