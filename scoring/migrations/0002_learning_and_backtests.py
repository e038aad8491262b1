import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_model_taken_back"),
        ("leads", "0005_custom_fields_and_predictions"),
        ("scoring", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Backtest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("fingerprint", models.CharField(blank=True, default="", max_length=64)),
                ("result", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True, default="")),
                ("asked_at", models.DateTimeField()),
                ("leads_done", models.PositiveIntegerField(default=0)),
                ("leads_in_all", models.PositiveIntegerField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("is_sample", models.BooleanField(default=False, editable=False)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BacktestLead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("qualified_at", models.DateTimeField(null=True)),
                ("qualified_before_at", models.DateTimeField(null=True)),
                ("score", models.PositiveSmallIntegerField()),
                ("score_before", models.PositiveSmallIntegerField()),
                ("reach", models.PositiveSmallIntegerField(null=True)),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("won", "Won"),
                            ("lost", "Lost or given back"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("waiting", "Waiting for sales"),
                            ("untried", "Not tried"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ModelCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("drift", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict)),
                ("verdict", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["-day"],
            },
        ),
        migrations.CreateModel(
            name="TrainedModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "target",
                    models.CharField(choices=[("acceptance", "Accepted by sales"), ("win", "Won")], max_length=20),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("training", "In training"),
                            ("not_enough", "Not enough data"),
                            ("shadow", "In the shadow"),
                            ("published", "Published"),
                            ("retired", "Retired"),
                            ("failed", "Failed"),
                        ],
                        default="training",
                        max_length=20,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[("additive", "Additive model"), ("boosted", "Gradient boosting")],
                        default="",
                        max_length=20,
                    ),
                ),
                ("horizon_days", models.PositiveSmallIntegerField(null=True)),
                ("document", models.TextField(blank=True, default="")),
                ("manifest", models.JSONField(default=dict)),
                ("metrics", models.JSONField(default=dict)),
                ("verdict", models.TextField(blank=True, default="")),
                ("error", models.TextField(blank=True, default="")),
                ("asked_at", models.DateTimeField()),
                ("trained_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("is_sample", models.BooleanField(default=False, editable=False)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="definition",
            name="based_on",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="definition",
            name="daily_cap",
            field=models.PositiveSmallIntegerField(blank=True, default=20, null=True),
        ),
        migrations.AddField(
            model_name="definition",
            name="why",
            field=models.TextField(blank=True, default="", help_text="What is to become better with it."),
        ),
        migrations.AddField(
            model_name="definition",
            name="written_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="definition",
            name="exclusions",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name="definition",
            name="hand_raises",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddConstraint(
            model_name="definition",
            constraint=models.CheckConstraint(
                condition=models.Q(("daily_cap__isnull", True), ("daily_cap__gte", 1), _connector="OR"),
                name="definition_daily_cap_counts",
            ),
        ),
        migrations.AddField(
            model_name="backtest",
            name="against",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="scoring.definition",
            ),
        ),
        migrations.AddField(
            model_name="backtest",
            name="asked_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="backtest",
            name="definition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="backtests", to="scoring.definition"
            ),
        ),
        migrations.AddField(
            model_name="backtestlead",
            name="backtest",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="leads", to="scoring.backtest"
            ),
        ),
        migrations.AddField(
            model_name="backtestlead",
            name="lead",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.lead"),
        ),
        migrations.AddField(
            model_name="backtestlead",
            name="team",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="crm.team"
            ),
        ),
        migrations.AddField(
            model_name="trainedmodel",
            name="asked_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="modelcheck",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="scoring.trainedmodel"
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["waiting", "running", "done", "failed"])),
                name="backtest_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="backtest_days_in_order"
            ),
        ),
        migrations.AddIndex(
            model_name="backtestlead",
            index=models.Index(fields=["backtest", "fate", "-lead"], name="backtestlead_by_fate"),
        ),
        migrations.AddConstraint(
            model_name="backtestlead",
            constraint=models.CheckConstraint(
                condition=models.Q(("fate__in", ["won", "lost", "accepted", "rejected", "waiting", "untried"])),
                name="backtestlead_fate_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtestlead",
            constraint=models.UniqueConstraint(fields=("backtest", "lead"), name="backtestlead_once"),
        ),
        migrations.AddConstraint(
            model_name="backtestlead",
            constraint=models.CheckConstraint(
                condition=models.Q(("reach__isnull", True), ("reach__lte", 100), _connector="OR"),
                name="backtestlead_reach",
            ),
        ),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__in", ["acceptance", "win"])), name="trainedmodel_target_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["training", "not_enough", "shadow", "published", "retired", "failed"])
                ),
                name="trainedmodel_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", ["additive", "boosted", ""])), name="trainedmodel_method_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "published")), fields=("target",), name="trainedmodel_one_published"
            ),
        ),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "training")), fields=("target",), name="trainedmodel_one_in_training"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelcheck",
            constraint=models.UniqueConstraint(fields=("model", "day"), name="modelcheck_once_a_day"),
        ),
    ]
