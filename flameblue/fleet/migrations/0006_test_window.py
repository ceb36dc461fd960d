import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0005_device_networks'),
    ]

    operations = [
        migrations.CreateModel(
            name='TestWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.DateTimeField()),
                ('open_until', models.DateTimeField(db_index=True)),
                ('opened_by', models.CharField(max_length=80)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='test_windows', to='fleet.device')),
            ],
        ),
    ]
