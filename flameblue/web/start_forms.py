"""The forms of getting started: a site, premises, a device, oneself. Errors are in the reader's language."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flameblue.fleet.models import Circuit, Device, Premises, Site, Station
from flameblue.fleet.starting import NewPoint
from flameblue.intake.directory import BEHIND
from flameblue.people import starting
from flameblue.people.models import Person
from flameblue.people.registry_cells import device_name, phone
from flameblue.web.fleet_forms import LABELS, RATED_MAX_A, RATED_MIN_A, refuse_unseen

SIGNATURE_MAX, SHORT_MAX, KEY_MAX = 12, 20, 64
OFFERED = (  # what a device of an open model is likely to send, and the key that we would give it
    ("temperature_c", "temp"),
    ("residual_current_ma", "ir"),
    ("current_a", "i"),
    ("voltage_v", "u"),
)


def _degrees(most: float, label: Any) -> forms.FloatField:
    widget = forms.NumberInput({"step": "any", "inputmode": "decimal"})
    return forms.FloatField(required=False, min_value=-most, max_value=most, label=label, widget=widget)


def _text(most: int, label: Any, help_text: Any = "", **more: Any) -> forms.CharField:
    return forms.CharField(max_length=most, label=label, help_text=help_text, **more)


class StartForm(forms.Form):
    """Fields whose ids do not meet those of another form on the page; no text bears what messages can't."""

    step = ""

    def __init__(self, *given: Any, **named: Any) -> None:
        named["auto_id"] = f"{self.step}-%s"
        super().__init__(*given, **named)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        refuse_unseen(self, cleaned)
        return cleaned


class PlacedForm(StartForm):
    """With a position, whole or not at all."""

    latitude = _degrees(90, gettext_lazy("Latitude (°)"))
    longitude = _degrees(180, gettext_lazy("Longitude (°)"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        said = [cleaned.get(name) is not None for name in ("latitude", "longitude")]
        if any(said) and not all(said) and not {"latitude", "longitude"} & set(self.errors):
            self.add_error(
                "longitude" if said[0] else "latitude", _("A position needs both numbers, or none.")
            )
        return cleaned


def _number(text: str) -> str:
    try:
        return phone(text)
    except ValueError as error:
        raise ValidationError(_("That is no phone number: +8613800000000 or 13800000000.")) from error


class SiteForm(PlacedForm):
    step = "site"
    site = _text(80, gettext_lazy("Village or settlement"))
    station = _text(
        80, gettext_lazy("Fire station"), gettext_lazy("Its people handle the cases of this village.")
    )
    signature = _text(
        SIGNATURE_MAX,
        gettext_lazy("Signature of the messages"),
        gettext_lazy("Heads every SMS, 12 characters at most. Empty: the station's name."),
        required=False,
    )
    time_zone = _text(40, LABELS["time_zone"])
    field_order = ("site", "station", "signature", "time_zone", "latitude", "longitude")

    def clean_site(self) -> str:
        return _free(self.cleaned_data["site"], Site.objects.filter(name=self.cleaned_data["site"]))

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError(_("There is no such time zone; one is Asia/Shanghai."))
        return zone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        station = cleaned.get("station", "")
        known = Station.objects.filter(name=station).exists()
        if station and not known and not cleaned.get("signature"):
            cleaned["signature"] = station[:SIGNATURE_MAX]
        return cleaned


class PremisesForm(PlacedForm):
    step = "premises"
    site = forms.ModelChoiceField(
        queryset=Site.objects.order_by("name"), label=gettext_lazy("Site"), empty_label=None
    )
    name = _text(80, gettext_lazy("Name of the premises"))
    kind = _text(40, LABELS["kind"], required=False)
    address = _text(120, LABELS["address"], required=False)
    owner = _text(80, gettext_lazy("Owner"), gettext_lazy("Gets the first SMS of every warning."))
    number = _text(30, LABELS["number"], gettext_lazy("Like +8613800000000 or 13800000000."))
    language = forms.ChoiceField(choices=Person.Language.choices, label=LABELS["language"])
    panel = _text(20, gettext_lazy("Panel"))
    circuit = _text(20, gettext_lazy("Circuit"), gettext_lazy("What the first device watches."))
    isolator = _text(
        20, LABELS["isolator"], gettext_lazy("What an SMS asks the owner to pull."), required=False
    )
    rated_current_a = forms.FloatField(
        required=False,
        min_value=RATED_MIN_A,
        max_value=RATED_MAX_A,
        label=LABELS["rated_current_a"],
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    field_order = ("site", "name", "kind", "address", "latitude", "longitude")

    def clean_number(self) -> str:
        return _number(self.cleaned_data["number"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        site, name = cleaned.get("site"), cleaned.get("name", "")
        if site and Premises.objects.filter(site=site, name=name).exists():
            self.add_error("name", _("There is another one of this name."))
        _belongs(self, cleaned.get("number", ""), cleaned.get("owner", ""))
        return cleaned


class DeviceForm(StartForm):
    """`profiles`: the models that can be chosen; `circuits`: where it may hang."""

    step = "device"
    circuit = forms.TypedChoiceField(
        label=gettext_lazy("Circuit that it watches"),
        coerce=int,
        help_text=gettext_lazy("All its values are this circuit's; what differs is changed in the fleet."),
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("Model"),
        help_text=gettext_lazy(
            "A device of another make that sends Flameblue's format is “flameblue-generic”."
        ),
    )
    name = _text(
        64,
        gettext_lazy("Name"),
        gettext_lazy("Its user name and part of its topic; often the serial number."),
    )

    def __init__(
        self, *given: Any, profiles: Sequence[str], circuits: Sequence[tuple[int, str]], **named: Any
    ) -> None:
        super().__init__(*given, **named)
        for field, choices in (("circuit", circuits), ("profile", [(name, name) for name in profiles])):
            choice = self.fields[field]
            assert isinstance(choice, forms.ChoiceField)
            choice.choices = list(choices)
        for quantity, key in OFFERED:
            chosen = quantity == OFFERED[0][0]
            self.fields[f"has_{quantity}"] = forms.BooleanField(required=False, initial=chosen)
            self.fields[f"key_{quantity}"] = forms.CharField(required=False, max_length=KEY_MAX, initial=key)

    @property
    def offered(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Each quantity with its tick and its key."""
        return [(name, self[f"has_{name}"], self[f"key_{name}"]) for name, _key in OFFERED]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            device_name(name)
        except ValueError as error:
            raise ValidationError(
                _("64 characters at most, and no / + # in it: it stands in a topic.")
            ) from error
        if BEHIND in name:
            raise ValidationError(_("A device behind a gateway comes by a file: see “Import and export”."))
        return _free(name, Device.objects.filter(name=name))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        keys = [point.key for point in self.points(cleaned)]
        if len(set(keys)) < len(keys) or "" in keys:
            self.add_error(None, _("Each value needs a key of its own."))
        return cleaned

    def points(self, cleaned: dict[str, Any]) -> list[NewPoint]:
        """What an open model's device is said to send."""
        chosen = [name for name, _key in OFFERED if cleaned.get(f"has_{name}")]
        return [NewPoint(cleaned.get(f"key_{name}", "").strip(), name) for name in chosen]


class PersonForm(StartForm):
    step = "message"
    name = _text(80, gettext_lazy("Your name"))
    number = _text(30, gettext_lazy("Your phone"), gettext_lazy("Like +8613800000000 or 13800000000."))
    language = forms.ChoiceField(choices=Person.Language.choices, label=LABELS["language"])
    on_duty = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("I am on duty: alarms of the station call me")
    )

    def clean_number(self) -> str:
        return _number(self.cleaned_data["number"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        person = _belongs(self, cleaned.get("number", ""), cleaned.get("name", ""))
        if person is not None and person.user_id is not None:
            self.add_error("number", _("This number belongs to somebody who signs in already."))
        return cleaned


def circuit_choices(circuits: Sequence[Circuit]) -> list[tuple[int, str]]:
    """Circuits as a list offers them."""
    return [(one.pk, f"{one.panel.premises} · {one.panel.name} · {one.name}") for one in circuits]


def _belongs(form: forms.Form, number: str, name: str) -> Person | None:
    """Whose the number is; an error where that is somebody of another name."""
    person = starting.whose(number) if number else None
    if person is not None and name and person.name != name:
        form.add_error("number", _("This number is %(name)s's: write the name so.") % {"name": person.name})
    return person


def _free(name: str, same: Any) -> str:
    if same.exists():
        raise ValidationError(_("There is another one of this name."))
    return name
