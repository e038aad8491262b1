"""What an e-mail from a record begins with."""

from typing import ClassVar

from django.db import models

from crm.models import User
from crm.records import Stamped


class MailTemplate(Stamped):
    """A subject and a text with gaps such as {first_name} to begin an e-mail with; everybody's, or one's own."""

    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    text = models.TextField(max_length=10_000)
    # Empty: everybody's.
    owner = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="mail_templates")
    position = models.PositiveSmallIntegerField(default=0)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], nulls_distinct=False, name="mailtemplate_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
