"""The forms of what may be edited in place: few fields, by role; the rest is for the registry and the admin pages.

Invariant: only what the reader changed is written, and only where it still says what the reader saw.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flameblue.fleet.models import Circuit, Device, Point, Premises, Site
from flameblue.fleet.names import check_visible
from flameblue.people.models import Person
from flameblue.people.registry_cells import phone
from flameblue.web import access

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm
RATED_MIN_A, RATED_MAX_A = 0.1, 6_000
LABELS = {
    "name": gettext_lazy("Name"),
    "short_name": gettext_lazy("Short name, for messages"),
    "kind": gettext_lazy("Kind"),
    "address": gettext_lazy("Address"),
    "key_holder": gettext_lazy("Who has the key"),
    "closed_until": gettext_lazy("Closed for the season until"),
    "isolator": gettext_lazy("Switch to be pulled"),
    "rated_current_a": gettext_lazy("Rated current (A)"),
    "serial": gettext_lazy("Serial number"),
    "place": gettext_lazy("Place, as a message says it"),
    "time_zone": gettext_lazy("Time zone"),
    "number": gettext_lazy("Phone"),
    "language": gettext_lazy("Language of the messages"),
}


def refuse_unseen(form: forms.BaseForm, cleaned: Mapping[str, Any]) -> None:
    """An error at each field whose text holds what may not stand in a name; a time zone is one of a list."""
    for name, value in list(cleaned.items()):
        if isinstance(value, str) and name != "time_zone":
            try:
                check_visible(value)
            except ValidationError as error:
                form.add_error(name, error)


class EditForm(ModelForm):
    """A thing's fields and a reason; `clean` refuses to overwrite what somebody else wrote meanwhile."""

    reason = forms.CharField(required=False, max_length=200, label=gettext_lazy("Why (kept in the history)"))

    def __init__(self, *given: Any, **named: Any) -> None:
        may: tuple[str, ...] = named.pop("may")
        prefix = f"edit-{named['instance']._meta.model_name}-{named['instance'].pk}"
        named["auto_id"] = f"{prefix}-%s"
        super().__init__(*given, **named)
        for name in [name for name in self.fields if name not in (*may, "reason")]:
            del self.fields[name]
        for name in may:
            self.fields[name].label = LABELS[name]
            self.fields[name].show_hidden_initial = name != "number"
        self.kept = {name: getattr(self.instance, name) for name in may if name != "number"}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        refuse_unseen(self, cleaned)
        for name in self.changed_data:
            if name in self.kept and self._seen(name) != (self.kept[name] or None):
                now = self.kept[name] or "–"
                self.add_error(
                    name, _("Somebody else changed it meanwhile: it says “%(now)s” now.") % {"now": now}
                )
        return cleaned

    def _seen(self, name: str) -> Any:
        """What the field said when the form was made; None where it said nothing."""
        bound = self[name]
        text = bound.field.hidden_widget().value_from_datadict(self.data, self.files, bound.html_initial_name)
        try:
            return bound.field.to_python(text) or None
        except ValidationError:
            return None

    @property
    def said(self) -> dict[str, Any]:
        """What the reader changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}

    def _post_clean(self) -> None:
        """Nothing is written into the instance here: that is for the action."""


class SiteForm(EditForm):
    class Meta:
        model = Site
        fields = ("name", "time_zone")

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError(_("There is no such time zone; one is Asia/Shanghai."))
        return zone

    def clean_name(self) -> str:
        return _free(self, Site.objects.filter(name=self.cleaned_data["name"]))


class PremisesForm(EditForm):
    class Meta:
        model = Premises
        fields = ("name", "short_name", "kind", "address", "key_holder", "closed_until")
        widgets: Mapping[str, forms.Widget] = {
            "closed_until": forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        }

    def clean_name(self) -> str:
        same = Premises.objects.filter(site=self.instance.site_id, name=self.cleaned_data["name"])
        return _free(self, same)


class CircuitForm(EditForm):
    rated_current_a = forms.FloatField(
        required=False,
        min_value=RATED_MIN_A,
        max_value=RATED_MAX_A,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )

    class Meta:
        model = Circuit
        fields = ("name", "isolator", "rated_current_a")

    def clean_name(self) -> str:
        return _free(
            self, Circuit.objects.filter(panel=self.instance.panel_id, name=self.cleaned_data["name"])
        )


class DeviceForm(EditForm):
    class Meta:
        model = Device
        fields = ("serial",)


class PointForm(EditForm):
    class Meta:
        model = Point
        fields = ("place",)


class PersonForm(EditForm):
    """A phone is written anew, never shown."""

    number = forms.CharField(
        required=False,
        max_length=30,
        help_text=gettext_lazy("Like +8613800000000 or 13800000000. Empty: as it is."),
        widget=forms.TextInput({"type": "tel", "autocomplete": "off"}),
    )

    class Meta:
        model = Person
        fields = ("name", "language")

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        try:
            return phone(number) if number else ""
        except ValueError as error:
            raise ValidationError(_("That is no phone number: +8613800000000 or 13800000000.")) from error


CONTACT = ("name", "number", "language")
MAY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    access.DUTY: {"premises": ("key_holder",), "people": CONTACT},
    access.ADMIN: {
        "sites": ("name", "time_zone"),
        "premises": ("name", "short_name", "kind", "address", "key_holder", "closed_until"),
        "circuits": ("name", "isolator", "rated_current_a"),
        "devices": ("serial",),
        "points": ("place",),
        "people": CONTACT,
    },
}
FORMS: Mapping[str, type[EditForm]] = {
    "sites": SiteForm,
    "premises": PremisesForm,
    "circuits": CircuitForm,
    "devices": DeviceForm,
    "points": PointForm,
    "people": PersonForm,
}


def may_edit(role: str, tab: str) -> tuple[str, ...]:
    """The fields that `role` may change in things of the list `tab`; empty: none."""
    return MAY.get(role, {}).get(tab, ())


def form_for(thing: Any, tab: str, role: str, data: Any = None) -> EditForm | None:
    """The form of `thing`; None where `role` may change nothing."""
    may = may_edit(role, tab)
    return FORMS[tab](data, instance=thing, may=may) if may else None


def _free(form: EditForm, same: Any) -> str:
    name: str = form.cleaned_data["name"]
    if same.exclude(pk=form.instance.pk).exists():
        raise ValidationError(_("There is another one of this name."))
    return name
