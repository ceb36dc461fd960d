"""A whole valley is put into service: its points tested or waived, a sheet signed for each site.

What people would apply by hand (a current, a heat) is waived with a reason; the rest passes when it is seen. Signing
and reading goes through the pages of the running installation.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import httpx
from PIL import Image

from tests.live.installation import HOST, Installation, wait_for
from tests.live.test_slow_senders import SESSIONS
from tests.web.readers import text_of

TRIED = """
from flameblue.commissioning import runs
from flameblue.domain.clock import SystemClock, to_datetime
from flameblue.domain.limits import TEST_WINDOW_S_MAX
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device
hand = Hand("admin", to_datetime(SystemClock().now_ns()), "nothing at hand to apply")
for device in Device.objects.filter(enabled=True).order_by("id"):
    runs.begin(device, TEST_WINDOW_S_MAX, hand)
    for point in device.points.filter(retired=False).order_by("id"):
        if runs.measure_of(point).clause is not None:
            runs.waive(point, hand)
"""
UNDER_WAY = """
from flameblue.commissioning.models import TestRun
print(TestRun.objects.filter(state=TestRun.State.UNDER_WAY).count())
"""
PAGE_S = 30.0
SEEN_WITHIN_S = 180.0  # the next reading of each point, and a commit for each on a busy machine
STEP = re.compile(r"(Expected|Heard|Bound|Tested|Accepted) (\d+) / (\d+)")
SITE = re.compile(r'<option value="(\d+)"')
DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')
SHEET = re.compile(r"/commissioning/sheets/(\d+)/")


@dataclass
class Pages:
    """The pages of `it`, for its administrator, in English."""

    client: httpx.Client

    def progress(self) -> Mapping[str, tuple[int, int]]:
        """By step, how many devices have reached it, and of how many."""
        page = text_of(self._get("/commissioning/"))
        return {step: (int(reached), int(total)) for step, reached, total in reversed(STEP.findall(page))}

    def sites(self) -> list[str]:
        """Their numbers."""
        return sorted(set(SITE.findall(self._get("/commissioning/"))))

    def signed(self, site: str) -> str:
        """The sheet of `site`, signed, as text."""
        address = f"/commissioning/accept/?site={site}"
        digest = DIGEST.search(self._get(address))
        assert digest is not None
        form = {"name": "Ainur", "role": "Owner", "digest": digest[1]}
        token = {"X-CSRFToken": self.client.cookies["csrftoken"], "Referer": str(self.client.base_url)}
        drawn = {"drawn": ("signature.png", _drawn(), "image/png")}
        answer = self.client.post(address, data=form, files=drawn, headers=token)
        assert answer.status_code == httpx.codes.FOUND, text_of(answer.text)[-1_000:]
        return text_of(self._get(answer.headers["Location"]))

    def _get(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == httpx.codes.OK, answer.text[-1_000:]
        return answer.text


@contextmanager
def pages(it: Installation) -> Iterator[Pages]:
    """Those of a running installation."""
    session, *_ = it.python(SESSIONS).split()
    with httpx.Client(
        base_url=f"http://{HOST}:{it.web_port}",
        cookies={"sessionid": session},
        headers={"Accept-Language": "en"},
        timeout=PAGE_S,
    ) as client:
        yield Pages(client)


def tried(it: Installation) -> None:
    """All points: those that need nobody's hand have passed, the others are waived. The devices speak meanwhile."""
    it.python(TRIED)
    wait_for(lambda: it.python(UNDER_WAY).strip() == "0", SEEN_WITHIN_S, "every point is seen")


def _drawn() -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 100)).save(out, "PNG")
    return out.getvalue()
