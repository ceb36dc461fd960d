
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('fleet', '0006_test_window'),
    ]

    operations = [
        migrations.CreateModel(
            name='Scan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_id', models.CharField(max_length=36, unique=True)),
                ('serial', models.CharField(db_index=True, max_length=64)),
                ('place', models.CharField(blank=True, max_length=200)),
                ('scanned_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('by', models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name='Acceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('role', models.CharField(max_length=80)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('signature', models.BinaryField()),
                ('content', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('premises', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='fleet.premises')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='fleet.site')),
            ],
        ),
        migrations.CreateModel(
            name='Commissioning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(blank=True, max_length=200)),
                ('bound_by', models.CharField(blank=True, max_length=80)),
                ('bound_at', models.DateTimeField(blank=True, null=True)),
                ('acceptance', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='commissioning.acceptance')),
                ('device', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='commissioning', to='fleet.device')),
            ],
        ),
        migrations.CreateModel(
            name='TestRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(max_length=80)),
                ('began_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('within_s', models.FloatField(blank=True, null=True)),
                ('step_s', models.FloatField(blank=True, null=True)),
                ('clause', models.CharField(blank=True, max_length=60)),
                ('limit', models.IntegerField(blank=True, null=True)),
                ('hold_s', models.FloatField(blank=True, null=True)),
                ('edition', models.CharField(blank=True, max_length=200)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('seen_value', models.IntegerField(blank=True, null=True)),
                ('entered_at', models.DateTimeField(blank=True, null=True)),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('state', models.CharField(choices=[('under_way', 'Under Way'), ('passed', 'Passed'), ('failed', 'Failed'), ('broken_off', 'Broken Off'), ('waived', 'Waived')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('point', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='test_runs', to='fleet.point')),
            ],
            options={
                'indexes': [models.Index(fields=['point', '-id'], name='test_run_by_point'), models.Index(condition=models.Q(('state', 'under_way')), fields=['id'], name='test_run_under_way')],
            },
        ),
    ]
