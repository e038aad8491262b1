"""This room's part of the API."""

from rest_framework.routers import SimpleRouter

from scoring.api.views import DefinitionViews

router = SimpleRouter(use_regex_path=False)
router.register("definitions", DefinitionViews, basename="definitions")

urlpatterns = router.urls
