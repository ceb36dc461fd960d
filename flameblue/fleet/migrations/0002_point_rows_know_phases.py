"""The packed rows of before are shorter: they are made anew at the next start, as every row is."""

from typing import Any

from django.db import migrations


def forget_rows(apps: Any, _editor: Any) -> None:
    """What waits for the journal is told anew by the refresh too."""
    apps.get_model("fleet", "Point").objects.update(row=b"")
    apps.get_model("fleet", "PointChange").objects.filter(appended_offset=None).delete()


class Migration(migrations.Migration):
    dependencies = (("fleet", "0001_initial"),)
    operations = (migrations.RunPython(forget_rows, migrations.RunPython.noop),)
