from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0003_fleet_pages'),
    ]

    operations = [
        migrations.AddField(
            model_name='device',
            name='device_address',
            field=models.CharField(blank=True, db_index=True, default='', max_length=64),
        ),
    ]
