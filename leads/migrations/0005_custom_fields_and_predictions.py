import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_content"),
        ("leads", "0004_language_merges_mail"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "record",
                    models.CharField(
                        choices=[("lead", "Lead"), ("company", "Company"), ("opportunity", "Opportunity")],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("label", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("money", "Money"),
                            ("date", "Date"),
                            ("choice", "Choice"),
                            ("yes_no", "Yes or no"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), blank=True, default=list, size=200
                    ),
                ),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("help", models.CharField(blank=True, default="", max_length=200)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("retired", models.BooleanField(default=False)),
                ("deleted_at", models.DateTimeField(editable=False, null=True)),
                ("is_sample", models.BooleanField(default=False, editable=False)),
            ],
            options={
                "ordering": ["record", "position", "id"],
            },
        ),
        migrations.CreateModel(
            name="LeadPrediction",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to="leads.lead"
                    ),
                ),
                ("acceptance", models.FloatField(null=True)),
                ("win", models.FloatField(null=True)),
                ("predicted_at", models.DateTimeField()),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="company",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="company",
            name="delete_delete",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="opportunity",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="opportunity",
            name="delete_delete",
        ),
        migrations.RemoveIndex(
            model_name="leadscore",
            name="leadscore_by_grade",
        ),
        migrations.AddField(
            model_name="company",
            name="custom",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="company",
            name="is_target",
            field=models.BooleanField(db_default=False, default=False, verbose_name="target account"),
        ),
        migrations.AddField(
            model_name="companyevent",
            name="custom",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="companyevent",
            name="is_target",
            field=models.BooleanField(db_default=False, default=False, verbose_name="target account"),
        ),
        migrations.AddField(
            model_name="leadscore",
            name="excluded",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="leadscore",
            name="qualifies",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="leadscore",
            name="raised_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="custom",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="opportunityevent",
            name="custom",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(condition=models.Q(("is_target", True)), fields=["-id"], name="company_target"),
        ),
        migrations.AddIndex(
            model_name="leadscore",
            index=models.Index(fields=["grade", "lead"], name="leadscore_by_grade"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)), fields=["lead"], name="touch_corrections"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="company",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."custom" IS DISTINCT FROM (NEW."custom") OR OLD."domain" IS DISTINCT FROM (NEW."domain") OR OLD."employees" IS DISTINCT FROM (NEW."employees") OR OLD."industry" IS DISTINCT FROM (NEW."industry") OR OLD."is_target" IS DISTINCT FROM (NEW."is_target") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."region" IS DISTINCT FROM (NEW."region"))',
                    func='INSERT INTO "leads_companyevent" ("archived_at", "country", "custom", "domain", "employees", "id", "industry", "is_target", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region") VALUES (OLD."archived_at", OLD."country", OLD."custom", OLD."domain", OLD."employees", OLD."id", OLD."industry", OLD."is_target", OLD."name", _pgh_attach_context(), NOW(), \'update\', OLD."id", OLD."region"); RETURN NULL;',
                    hash="66ef765b837016b7784a87ce8e545681f1e12265",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_0ced3",
                    table="leads_company",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="company",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "leads_companyevent" ("archived_at", "country", "custom", "domain", "employees", "id", "industry", "is_target", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region") VALUES (OLD."archived_at", OLD."country", OLD."custom", OLD."domain", OLD."employees", OLD."id", OLD."industry", OLD."is_target", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."region"); RETURN NULL;',
                    hash="0e8c16e6b186d2f5154bb2c7f7c7dac18f9527d4",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c1697",
                    table="leads_company",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opportunity",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."archived_at" IS DISTINCT FROM (NEW."archived_at") OR OLD."closed_at" IS DISTINCT FROM (NEW."closed_at") OR OLD."company_id" IS DISTINCT FROM (NEW."company_id") OR OLD."competitor" IS DISTINCT FROM (NEW."competitor") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."custom" IS DISTINCT FROM (NEW."custom") OR OLD."expected_close" IS DISTINCT FROM (NEW."expected_close") OR OLD."forecast_category" IS DISTINCT FROM (NEW."forecast_category") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."lead_id" IS DISTINCT FROM (NEW."lead_id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."outcome" IS DISTINCT FROM (NEW."outcome") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."probability" IS DISTINCT FROM (NEW."probability") OR OLD."product" IS DISTINCT FROM (NEW."product") OR OLD."reason_id" IS DISTINCT FROM (NEW."reason_id") OR OLD."stage" IS DISTINCT FROM (NEW."stage") OR OLD."team_id" IS DISTINCT FROM (NEW."team_id"))',
                    func='INSERT INTO "leads_opportunityevent" ("amount", "archived_at", "closed_at", "company_id", "competitor", "contact_id", "currency", "custom", "expected_close", "forecast_category", "id", "kind", "lead_id", "name", "note", "opened_at", "outcome", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "probability", "product", "reason_id", "stage", "team_id") VALUES (OLD."amount", OLD."archived_at", OLD."closed_at", OLD."company_id", OLD."competitor", OLD."contact_id", OLD."currency", OLD."custom", OLD."expected_close", OLD."forecast_category", OLD."id", OLD."kind", OLD."lead_id", OLD."name", OLD."note", OLD."opened_at", OLD."outcome", OLD."owner_id", _pgh_attach_context(), NOW(), \'update\', OLD."id", OLD."probability", OLD."product", OLD."reason_id", OLD."stage", OLD."team_id"); RETURN NULL;',
                    hash="6a53893366b74b82057dd47d27a86108ee91beb4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e21f5",
                    table="leads_opportunity",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opportunity",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "leads_opportunityevent" ("amount", "archived_at", "closed_at", "company_id", "competitor", "contact_id", "currency", "custom", "expected_close", "forecast_category", "id", "kind", "lead_id", "name", "note", "opened_at", "outcome", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "probability", "product", "reason_id", "stage", "team_id") VALUES (OLD."amount", OLD."archived_at", OLD."closed_at", OLD."company_id", OLD."competitor", OLD."contact_id", OLD."currency", OLD."custom", OLD."expected_close", OLD."forecast_category", OLD."id", OLD."kind", OLD."lead_id", OLD."name", OLD."note", OLD."opened_at", OLD."outcome", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."probability", OLD."product", OLD."reason_id", OLD."stage", OLD."team_id"); RETURN NULL;',
                    hash="b33ad7953361d53e3aac83e3a0ae2c7e7ea0a30d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_ea052",
                    table="leads_opportunity",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.CheckConstraint(
                condition=models.Q(("record__in", ["lead", "company", "opportunity"])), name="customfield_record_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["text", "number", "money", "date", "choice", "yes_no"])),
                name="customfield_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.UniqueConstraint(
                fields=("record", "name"),
                name="customfield_once",
                violation_error_message="There is a field of that name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="customfield_has_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="customfield",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("currency", ""), models.Q(("currency__regex", "^[A-Z]{3}$"), ("kind", "money")), _connector="OR"
                ),
                name="customfield_currency",
            ),
        ),
        migrations.AddIndex(
            model_name="leadprediction",
            index=models.Index(
                models.OrderBy(models.F("win"), descending=True, nulls_last=True),
                models.OrderBy(models.F("lead"), descending=True),
                name="leadprediction_likeliest",
            ),
        ),
        migrations.AddIndex(
            model_name="leadprediction",
            index=models.Index(
                models.OrderBy(models.F("acceptance"), descending=True, nulls_last=True),
                models.OrderBy(models.F("lead"), descending=True),
                name="leadprediction_acceptable",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadprediction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("acceptance__isnull", True), ("acceptance__range", (0, 1)), _connector="OR"),
                    models.Q(("win__isnull", True), ("win__range", (0, 1)), _connector="OR"),
                ),
                name="leadprediction_shares",
            ),
        ),
    ]
