"""Where the default limits come from, as pages say it: the `edition`s of profiles/default_limits.yaml."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EDITIONS: Mapping[str, str | Promise] = {
    "Flameblue, over the natural leakage of 100–200 mA named with GB 50116-2013 9.2.3": _(
        "Flameblue, over the natural leakage of 100–200 mA named with GB 50116-2013 9.2.3"
    ),
    "GB 50116-2013 9.2.3 (300–500 mA; 300 mA can start a fire)": _(
        "GB 50116-2013 9.2.3 (300–500 mA; 300 mA can start a fire)"
    ),
    "Flameblue, more than the ±5 % at 300 mA of GB 14287.2-2014": _(
        "Flameblue, more than the ±5 % at 300 mA of GB 14287.2-2014"
    ),
    "Flameblue, as the alarm's": _("Flameblue, as the alarm's"),
    "Flameblue, longer than the alarm's: 200 mA is near the natural leakage": _(
        "Flameblue, longer than the alarm's: 200 mA is near the natural leakage"
    ),
    "Flameblue, within the 30 s of GB 14287.2-2014 and GB 50166-2019 4.8.4: 20 s leaves 10 s for one more reading": _(
        "Flameblue, within the 30 s of GB 14287.2-2014 and GB 50166-2019 4.8.4: 20 s leaves 10 s for one more reading"
    ),
    "Flameblue, twice the warning's hold": _("Flameblue, twice the warning's hold"),
    "Flameblue, at the low end of 50–70 °C used at joints": _(
        "Flameblue, at the low end of 50–70 °C used at joints"
    ),
    "GB/T 5023 (PVC insulation: conductor at most 70 °C in continuous use)": _(
        "GB/T 5023 (PVC insulation: conductor at most 70 °C in continuous use)"
    ),
    "Flameblue": _("Flameblue"),
    "GB 50166-2019 4.8.5 (confirmed within 40 s; 30 s leaves 10 s for one more reading)": _(
        "GB 50166-2019 4.8.5 (confirmed within 40 s; 30 s leaves 10 s for one more reading)"
    ),
    "EEMUA 191 (60 s delay for temperatures)": _("EEMUA 191 (60 s delay for temperatures)"),
    "Flameblue, 0.9 × the circuit's rated current": _("Flameblue, 0.9 × the circuit's rated current"),
    "Flameblue, the circuit's rated current; its breaker may carry 1.13 × for an hour (GB/T 10963.1, from memory)": _(
        "Flameblue, the circuit's rated current; its breaker may carry 1.13 × for an hour (GB/T 10963.1, from memory)"
    ),
    "Flameblue, longer than a kettle boils": _("Flameblue, longer than a kettle boils"),
    "Flameblue, longer than a motor starts": _("Flameblue, longer than a motor starts"),
    "Flameblue, 220 V + 10 %; GB/T 12325-2008 (from memory) allows + 7 %": _(
        "Flameblue, 220 V + 10 %; GB/T 12325-2008 (from memory) allows + 7 %"
    ),
    "Flameblue, 220 V + 20 %, as when a neutral is lost": _(
        "Flameblue, 220 V + 20 %, as when a neutral is lost"
    ),
    "GB/T 12325-2008 (220 V − 10 %)": _("GB/T 12325-2008 (220 V − 10 %)"),
    "Flameblue, 220 V − 20 %": _("Flameblue, 220 V − 20 %"),
    "Flameblue, half of 220 V: a lost phase may float up to it through loads between phases": _(
        "Flameblue, half of 220 V: a lost phase may float up to it through loads between phases"
    ),
    "Flameblue, as the lower alarm limit": _("Flameblue, as the lower alarm limit"),
    "Flameblue, longer than a heavy load starts": _("Flameblue, longer than a heavy load starts"),
    "Flameblue, as the other alarms": _("Flameblue, as the other alarms"),
    "Flameblue, over the 9 in 1 s at which GB 50166-2019 4.8.6 forbids an alarm": _(
        "Flameblue, over the 9 in 1 s at which GB 50166-2019 4.8.6 forbids an alarm"
    ),
    "GB 50166-2019 4.8.6 (14 half-cycles in 1 s: alarm within 30 s)": _(
        "GB 50166-2019 4.8.6 (14 half-cycles in 1 s: alarm within 30 s)"
    ),
    "Flameblue, the count is a whole second's already": _("Flameblue, the count is a whole second's already"),
}
