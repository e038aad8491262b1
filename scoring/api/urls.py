"""This room's part of the API."""

from rest_framework.routers import SimpleRouter

from scoring.api.trained_models import ModelViews
from scoring.api.views import DefinitionViews

router = SimpleRouter(use_regex_path=False)
router.register("definitions", DefinitionViews, basename="definitions")
router.register("models", ModelViews, basename="models")

urlpatterns = router.urls
