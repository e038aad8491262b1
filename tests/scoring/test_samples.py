"""scoring/samples.py: with the sample data goes what was learnt from it."""

import pytest

from crm.erasure import remove_sample_data
from scoring.models import ModelStatus, Target, TrainedModel
from tests.factories import MONDAY

pytestmark = pytest.mark.django_db


def test_a_model_learnt_from_samples_goes_and_one_of_real_leads_stays(ada):
    made = {"target": Target.WIN, "asked_at": MONDAY, "trained_at": MONDAY}
    TrainedModel.objects.create(status=ModelStatus.RETIRED, is_sample=True, **made)
    own = TrainedModel.objects.create(status=ModelStatus.SHADOW, **made)

    counts = remove_sample_data(by=ada, at=MONDAY)

    assert counts["models"] == 1
    assert list(TrainedModel.objects.all()) == [own]
