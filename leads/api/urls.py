"""This room's part of the API."""

from rest_framework.routers import SimpleRouter

from leads.api.custom import CustomFieldViews
from leads.api.views import capture, imports, leads, mails, merges, opportunities, people, reasons, work

router = SimpleRouter(use_regex_path=False)
router.register("companies", people.CompanyViews, basename="companies")
router.register("contacts", people.ContactViews, basename="contacts")
router.register("leads", leads.LeadViews, basename="leads")
router.register("transitions", leads.TransitionViews, basename="transitions")
router.register("touches", leads.TouchViews, basename="touches")
router.register("opportunities", opportunities.OpportunityViews, basename="opportunities")
router.register("pipeline-stages", opportunities.PipelineStageViews, basename="pipeline-stages")
router.register("activities", work.ActivityViews, basename="activities")
router.register("tasks", work.TaskViews, basename="tasks")
router.register("capture-forms", capture.CaptureFormViews, basename="capture-forms")
router.register("submissions", capture.SubmissionViews, basename="submissions")
router.register("mail-templates", mails.MailTemplateViews, basename="mail-templates")
router.register("reasons", reasons.ReasonViews, basename="reasons")
router.register("custom-fields", CustomFieldViews, basename="custom-fields")
router.register("merges", merges.MergeViews, basename="merges")
router.register("imports", imports.ImportViews, basename="imports")

urlpatterns = router.urls
