"""The quantities as people read them. One that is not here shows itself."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

QUANTITIES: Mapping[str, str | Promise] = {
    "residual_current_ma": _("Residual current"),
    "temperature_c": _("Temperature"),
    "ambient_temperature_c": _("Ambient temperature"),
    "current_a": _("Load current"),
    "voltage_v": _("Voltage"),
    "power_w": _("Power"),
    "energy_kwh": _("Energy"),
    "arc_count": _("Arcs counted"),
    "humidity_percent": _("Humidity"),
    "apparent_power_va": _("Apparent power"),
    "reactive_power_var": _("Reactive power"),
    "power_factor": _("Power factor"),
    "frequency_hz": _("Frequency"),
}
