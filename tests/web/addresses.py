"""Every address of the pages, with the keys of the cast's things: for the tests that ask all of them."""

from collections.abc import Mapping

from django.urls import NoReverseMatch, reverse

from flameblue.web import access
from tests.cast import Cast

Keys = Mapping[str, object]
NOBODYS = frozenset({"sign-in", "sign-out", "language", "theme", "healthz"})  # no data, no session
TABS = ("sites", "premises", "circuits", "devices", "points", "people")


def keyed(cast: Cast) -> dict[str, list[str]]:
    """The addresses that lead to one thing of the cast's station, by the view's name."""
    case, place = {"number": 4001}, {"premises_id": cast.premises.pk}
    of_tabs = {
        "sites": cast.site.pk,
        "premises": cast.premises.pk,
        "circuits": cast.circuit.pk,
        "devices": cast.device.pk,
        "points": cast.tb.pk,
        "people": cast.bolat.pk,
    }
    things: list[Keys] = [{"tab": tab, "thing_id": of_tabs[tab]} for tab in TABS]
    pictures: list[Keys] = [
        {"kind": "premises", "number": cast.premises.pk},
        {"kind": "panel", "number": cast.panel.pk},
        {"kind": "device", "number": cast.device.pk},
    ]
    device: list[Keys] = [{"device_id": cast.device.pk}]
    sheet: list[Keys] = [{"number": 1}]
    keys: dict[str, list[Keys]] = {
        "fleet-thing": things,
        "fleet-edit": things,
        "picture": pictures,
        "picture-change": pictures,
        "start-connect": device,
        "start-credential": device,
        "live-connect": device,
        "duty-answer": [{"ask_id": 1}],  # of no station: whoever acts may answer
        "device-address": device,
        "device-ask": device,
        "device-asked": device,
        "commissioning-device": device,
        "live-commissioning": device,
        "commissioning-test": device,
        "commissioning-waive": device,
        "commissioning-apply": [{"point_id": cast.tb.pk}],
        "acceptance": sheet,
        "acceptance-pdf": sheet,
        "acceptance-signature": sheet,
        "reveal-phone": [{"person_id": cast.bolat.pk}, {"person_id": cast.ailin.pk}],
        "sheet": [place],
        "visit": [place],
        "check": [place],
    }
    for name in access.VIEWS:
        if name.startswith(("case-", "live-case")) or name == "case":
            keys[name] = [case]
        elif name == "premises" or name.startswith(("premises-", "live-premises")):
            keys[name] = [place]
    found = {name: [reverse(name, kwargs=dict(one)) for one in each] for name, each in keys.items()}
    found["premises-csv"] += [f"{found['premises-csv'][0]}?series={cast.tb.pk}&days=1"]
    found["premises-series"] += [f"{found['premises-series'][0]}?series={cast.tb.pk}"]
    return found


def lists() -> dict[str, list[str]]:
    """The addresses without a key in their path."""
    tabs = [reverse("fleet-tab", args=[tab]) for tab in TABS]
    found = {"fleet-tab": tabs, "fleet-export": [reverse("fleet-export", args=["csv"])]}
    for name, rule in access.VIEWS.items():
        if not (rule.scope or rule.demo or name in NOBODYS or name in found or ":" in name):
            found[name] = [_plain(name)]
    return {name: addresses for name, addresses in found.items() if addresses != [""]}


def _plain(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:  # it takes a key
        return ""
