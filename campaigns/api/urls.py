"""This room's part of the API."""

from rest_framework.routers import SimpleRouter

from campaigns.api.views import AssetViews, CampaignViews, SpendViews

router = SimpleRouter(use_regex_path=False)
router.register("campaigns", CampaignViews, basename="campaigns")
router.register("spends", SpendViews, basename="spends")
router.register("assets", AssetViews, basename="assets")

urlpatterns = router.urls
