"""The forms of the admin pages: what a model's own fields cannot say."""

from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from flameblue.domain.errors import BadInput
from flameblue.domain.quantities import PHASES, QUANTITIES
from flameblue.fleet import shelf
from flameblue.fleet.actions import NAME, check_limits
from flameblue.fleet.addresses import normal, protocol_of, taken
from flameblue.fleet.limits import FIELDS
from flameblue.fleet.models import Circuit, Device, LimitSetting, Point, Site
from flameblue.intake.sources import spelled

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Model]
else:
    ModelForm = forms.ModelForm
TARGETS = ("profile", "site", "premises", "circuit")


class ReasonForm(ModelForm):
    """Any model, with the reason that the audit keeps."""

    reason = forms.CharField(required=False, max_length=200, help_text=_("Why; kept in the audit."))


class SiteForm(ReasonForm):
    """A site whose time zone exists."""

    class Meta:
        model = Site
        fields = ("name", "station", "time_zone")

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError(_("There is no such time zone; one is Asia/Shanghai."))
        return zone


class CircuitForm(ReasonForm):
    """A circuit with a believable rating."""

    rated_current_a = forms.FloatField(required=False, min_value=0.1, max_value=6_000)

    class Meta:
        model = Circuit
        fields = ("panel", "name", "isolator", "rated_current_a")


class DeviceForm(ReasonForm):
    """A device; its credential goes in and never comes out."""

    credential = forms.CharField(
        required=False,
        max_length=128,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: as it is. Only a hash is kept."),
    )

    class Meta:
        model = Device
        fields = ("premises", "name", "serial", "device_address", "networks", "profile", "enabled")
        help_texts: ClassVar = {
            "device_address": _(
                "Where it speaks GB/T 26875.3: 12 hex digits, or a decimal number. Where it is asked over Modbus: "
                "its line and its number there, such as tcp://192.0.2.7:502?unit=17. Where it is asked by DL/T 645: "
                "its line and its twelve digits, such as tcp://192.0.2.7:8899?meter=000000123456."
            ),
            "networks": _(
                "From where it may speak: networks such as 10.1.0.0/16 with commas between them, or any. "
                "Empty: from the first address, and a new one is a fault until somebody accepts it."
            ),
        }

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not NAME.fullmatch(name):
            raise ValidationError(
                _("64 characters at most, no blank at its ends, no / + #: it stands in a topic.")
            )
        return name

    def clean_profile(self) -> str:
        return _known_profile(self.cleaned_data["profile"])

    def clean_networks(self) -> str:
        try:
            return str(spelled(self.cleaned_data["networks"]))
        except BadInput as error:
            raise ValidationError(
                _("No list of networks: write any, or networks such as 10.1.0.0/16 with commas between them.")
            ) from error

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        profile = cleaned.get("profile", "")
        try:
            address = normal(protocol_of(profile), cleaned.get("device_address", ""))
        except BadInput as error:
            self.add_error("device_address", str(error))
            return cleaned
        cleaned["device_address"] = address
        if why := taken(Device(pk=self.instance.pk, profile=profile, device_address=address)):
            self.add_error("device_address", why)
        return cleaned


class PointForm(ReasonForm):
    """A point; its device, key and quantity are chosen once, since its history is kept in that quantity."""

    quantity = forms.ChoiceField(choices=[(name, name) for name in QUANTITIES])
    phase = forms.ChoiceField(choices=[(name, name or "–") for name in PHASES], required=False)

    class Meta:
        model = Point
        fields = ("device", "key", "quantity", "circuit", "phase", "place", "retired")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        device = cleaned.get("device") or getattr(self.instance, "device", None)
        circuit = cleaned.get("circuit")
        if device and circuit and circuit.panel.premises_id != device.premises_id:
            self.add_error("circuit", _("The circuit is in other premises than the device."))
        return cleaned


class LimitSettingForm(ModelForm):
    """A limit that names one target and makes sense."""

    quantity = forms.ChoiceField(choices=[(name, name) for name in QUANTITIES])

    class Meta:
        model = LimitSetting
        fields = ("scope", *TARGETS, "quantity", *FIELDS, "reason")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        scope = cleaned.get("scope")
        for target in TARGETS:
            if bool(cleaned.get(target)) != (target == scope):
                self.add_error(target, _("Exactly the target of the scope must be named."))
        if scope == LimitSetting.Scope.PROFILE and cleaned.get("profile"):
            _known_profile(cleaned["profile"])
        try:
            check_limits(cleaned.get("quantity", ""), {name: cleaned.get(name) for name in FIELDS})
        except BadInput as error:
            raise ValidationError(str(error)) from error
        return cleaned


def _known_profile(name: str) -> str:
    if name not in shelf.profiles():
        raise ValidationError(_("There is no such device profile."))
    return name
