"""The admin pages of what is watched."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from flameblue.fleet.actions import hashed
from flameblue.fleet.admin_forms import (
    CircuitForm,
    DeviceForm,
    LimitSettingForm,
    PointForm,
    ReasonForm,
    SiteForm,
)
from flameblue.fleet.auditing_admin import AuditingAdmin, NeverDeletedAdmin, ReadingAdmin
from flameblue.fleet.models import (
    AuditEntry,
    Circuit,
    Device,
    LimitSetting,
    Panel,
    Point,
    Premises,
    Site,
    Station,
)


@admin.register(Station)
class StationAdmin(AuditingAdmin):
    form = ReasonForm
    list_display = ("name", "signature", "phone", "next_station")
    search_fields = ("name",)


@admin.register(Site)
class SiteAdmin(AuditingAdmin):
    form = SiteForm
    list_display = ("name", "station", "time_zone")
    search_fields = ("name",)


@admin.register(Premises)
class PremisesAdmin(AuditingAdmin):
    form = ReasonForm
    fixed = ("site",)
    list_display = ("name", "short_name", "site", "kind", "address", "closed_until")
    list_filter = ("site", "kind")
    search_fields = ("name", "short_name", "address")


@admin.register(Panel)
class PanelAdmin(AuditingAdmin):
    form = ReasonForm
    fixed = ("premises",)
    list_display = ("name", "premises")
    search_fields = ("name", "premises__name")
    autocomplete_fields = ("premises",)


@admin.register(Circuit)
class CircuitAdmin(AuditingAdmin):
    form = CircuitForm
    fixed = ("panel",)
    list_display = ("name", "panel", "isolator", "rated_current_a")
    search_fields = ("name", "panel__name", "panel__premises__name")
    autocomplete_fields = ("panel",)


@admin.register(Device)
class DeviceAdmin(NeverDeletedAdmin):
    form = DeviceForm
    fixed = ("name",)
    list_display = ("name", "premises", "profile", "serial", "enabled")
    list_filter = ("profile", "enabled")
    search_fields = ("name", "serial", "premises__name")
    autocomplete_fields = ("premises",)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        credential = form.cleaned_data.get("credential")
        if credential and isinstance(obj, Device):
            obj.credential_hash = hashed(credential)
        super().save_model(request, obj, form, change)


@admin.register(Point)
class PointAdmin(NeverDeletedAdmin):
    form = PointForm
    fixed = ("device", "key", "quantity")
    list_display = ("key", "device", "quantity", "phase", "place", "circuit", "retired")
    list_filter = ("quantity", "retired")
    search_fields = ("key", "device__name", "place")
    autocomplete_fields = ("device", "circuit")


@admin.register(LimitSetting)
class LimitSettingAdmin(AuditingAdmin):
    form = LimitSettingForm
    list_display = ("quantity", "scope", "profile", "site", "premises", "circuit", "reason")
    list_filter = ("quantity", "scope")
    autocomplete_fields = ("site", "premises", "circuit")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadingAdmin):
    list_display = ("at", "by", "verb", "subject")
    list_filter = ("verb",)
    search_fields = ("by", "subject")
    date_hierarchy = "at"
