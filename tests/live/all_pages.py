"""Every page that somebody looks at: what an installation has, and what the demo has besides."""

from typing import NamedTuple


class Visit(NamedTuple):
    """A page to look at: the name of its picture, its path, and the answer that is right for it."""

    name: str
    path: str
    status: int = 200


TABS = ("sites", "premises", "circuits", "devices", "points", "people")
LISTS = (
    Visit("board", "/"),
    Visit("closed", "/cases/closed/"),
    Visit("coverage", "/coverage/"),
    Visit("handled", "/handled/"),
    Visit("handled-cases", "/handled/cases/"),
    Visit("sheets", "/sheets/"),
    Visit("sheets-print", "/sheets/print/"),
    Visit("rounds", "/rounds/"),
    Visit("round", "/rounds/day/"),
    Visit("round-print", "/rounds/print/"),
    *(Visit(f"fleet-{tab}", f"/fleet/{tab}/") for tab in TABS),
    Visit("fleet-files", "/fleet/files/"),
    Visit("limits", "/fleet/limits/"),
    Visit("start", "/start/"),
    Visit("commissioning", "/commissioning/"),
    Visit("unknown", "/commissioning/unknown/"),
    Visit("scan", "/commissioning/scan/"),
    Visit("scans", "/commissioning/scans/"),
    Visit("accept", "/commissioning/accept/"),
    Visit("quarantine", "/quarantine/"),
    Visit("health", "/health/"),
    Visit("styleguide", "/styleguide/"),
    Visit("password", "/password/"),
)  # fmt: skip
OF_THE_DEMO = (
    Visit("case", "/cases/4001/"),
    *(Visit(f"premises-{part or 'page'}", f"/premises/2/{part}{'/' if part else ''}")
      for part in ("", "charts", "energy", "points", "cases", "sheet", "check")),
    *(Visit(f"fleet-{tab}-one", f"/fleet/{tab}/2/") for tab in ("sites", "premises", "circuits", "devices", "points")),
    Visit("premises-year", "/premises/2/charts/?span=1y"),
    Visit("limits-of-a-site", "/fleet/limits/?site=1"),
    Visit("phones", "/phone/"),
    Visit("commissioning-one", "/commissioning/devices/2/"),
)  # fmt: skip
