"""Admin pages whose every change is audited and told to detection. An edge: it asks the clock."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import CharField, Model, QuerySet
from django.http import HttpRequest

from flameblue.domain.clock import SystemClock, to_datetime
from flameblue.fleet.keeping import Hand, keep, remove
from flameblue.fleet.names import check_visible

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Model]
else:
    ModelAdmin = admin.ModelAdmin


def hand_of(request: HttpRequest, reason: str = "") -> Hand:
    """Who is at work, and that it is now."""
    return Hand(request.user.get_username(), to_datetime(SystemClock().now_ns()), reason)


class AuditingAdmin(ModelAdmin):
    """Saves and deletes through `fleet.keeping`. `fixed`: fields that can't be changed later."""

    fixed: tuple[str, ...] = ()

    def save_model(self, request: HttpRequest, obj: Model, form: Any, *_called: Any, **_named: Any) -> None:
        keep(obj, hand_of(request, form.cleaned_data.get("reason", "")))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        remove(obj, hand_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        for thing in queryset:
            remove(thing, hand_of(request))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **named: Any) -> Any:
        """What is one line of text is a name, or stands beside one."""
        field = super().formfield_for_dbfield(db_field, request, **named)
        if isinstance(db_field, CharField) and field is not None:
            field.validators.append(check_visible)
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        always = super().get_readonly_fields(request, obj)
        return (*always, *(self.fixed if obj is not None else ()))


class NeverDeletedAdmin(AuditingAdmin):
    """What history speaks of is retired, not deleted."""

    def has_delete_permission(self, *_called: Any, **_named: Any) -> bool:
        return False


class ReadingAdmin(ModelAdmin):
    """To be looked at only."""

    def has_add_permission(self, *_called: Any, **_named: Any) -> bool:
        return False

    def has_change_permission(self, *_called: Any, **_named: Any) -> bool:
        return False

    def has_delete_permission(self, *_called: Any, **_named: Any) -> bool:
        return False
