from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("commissioning", "0001_initial")]

    operations = [
        migrations.AddField("testrun", "waited_s", models.FloatField(blank=True, null=True)),
        migrations.AlterField(
            "testrun",
            "state",
            models.CharField(
                choices=[
                    ("under_way", "Under Way"),
                    ("passed", "Passed"),
                    ("late", "Late"),
                    ("failed", "Failed"),
                    ("broken_off", "Broken Off"),
                    ("waived", "Waived"),
                ],
                max_length=10,
            ),
        ),
    ]
