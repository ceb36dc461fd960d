from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0006_test_window'),
    ]

    operations = [
        migrations.AlterField(
            model_name='device',
            name='device_address',
            field=models.CharField(blank=True, db_index=True, default='', max_length=128),
        ),
    ]
