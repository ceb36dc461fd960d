"""The admin pages of who is called. A phone number goes in and is shown masked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from flameblue.fleet.admin_forms import ReasonForm
from flameblue.fleet.auditing_admin import AuditingAdmin, NeverDeletedAdmin, ReadingAdmin, hand_of
from flameblue.people.actions import mask_phone, revoke_token
from flameblue.people.models import ApiToken, Contact, Person, Shift
from flameblue.people.registry_cells import phone


class PersonForm(ReasonForm):
    """A person; a number is written anew, not read."""

    number = forms.CharField(
        required=False,
        max_length=30,
        label=_("Phone"),
        help_text=_("Like +8613800000000 or 13800000000. Empty: as it is."),
    )

    class Meta:
        model = Person
        fields = ("name", "number", "language", "station", "user", "active")

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        if not number:
            if self.instance.pk is None:
                raise ValidationError(_("A person without a phone can't be called."))
            return ""
        try:
            return phone(number)
        except ValueError as error:
            raise ValidationError(str(error)) from error


@admin.register(Person)
class PersonAdmin(NeverDeletedAdmin):
    form = PersonForm
    list_display = ("name", "masked", "language", "station", "user", "active")
    list_filter = ("station", "active")
    search_fields = ("name", "phone")
    readonly_fields = ("masked",)
    fields = ("name", "masked", "number", "language", "station", "user", "active", "reason")

    @admin.display(description=_("Phone"))
    def masked(self, person: Person) -> str:
        return mask_phone(person.phone)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        number = form.cleaned_data.get("number")
        if number and isinstance(obj, Person):
            obj.phone = number
        super().save_model(request, obj, form, change)


@admin.register(Contact)
class ContactAdmin(AuditingAdmin):
    form = ReasonForm
    list_display = ("premises", "order", "person")
    search_fields = ("premises__name", "person__name")
    autocomplete_fields = ("premises", "person")


@admin.register(Shift)
class ShiftAdmin(AuditingAdmin):
    form = ReasonForm
    list_display = ("station", "role", "person", "starts_at", "ends_at")
    list_filter = ("station", "role")
    autocomplete_fields = ("person",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadingAdmin):
    """Tokens are made by `flameblue token`, which tells the secret once; here they are revoked."""

    list_display = ("name", "user", "scopes", "created_at", "revoked_at")
    exclude = ("token_hash",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke the chosen tokens"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        hand = hand_of(request)
        for token in queryset:
            revoke_token(token, hand.by, hand.now)
