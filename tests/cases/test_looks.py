"""How much the looks at open cases ask of the database: as much for twenty cases as for one."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.cases import actions
from flameblue.cases.models import Case
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises
from tests.cases.bench import Bench, give_row

pytestmark = pytest.mark.django_db
MANY = 20


def cabins(bench: Bench, count: int) -> Iterator[tuple[Point, Point]]:
    """The temperature and the current of a circuit in each of `count` more premises."""
    for number in range(count):
        premises = Premises.objects.create(site=bench.cast.site, name=f"木屋{number}", short_name=f"{number}")
        panel = Panel.objects.create(premises=premises, name="箱")
        circuit = Circuit.objects.create(panel=panel, name="暖气", rated_current_a=40.0)
        device = Device.objects.create(premises=premises, name=f"E{number}", profile="flameblue-generic")
        hot, load = (
            Point.objects.create(device=device, circuit=circuit, key=key, quantity=quantity, phase="B")
            for key, quantity in (("tb", "temperature_c"), ("ib", "current_a"))
        )
        yield give_row(hot), give_row(load)


def burn(bench: Bench, hot: Point, load: Point) -> None:
    bench.read(load, 38.0, for_s=60)
    bench.read(hot, 82.0)
    bench.alarm(hot)


def asked(bench: Bench) -> tuple[int, int]:
    """The queries of a look at the evidence and of one at the steps, neither of which finds anything to do."""
    bench.look()
    bench.escalate()
    with CaptureQueriesContext(connection) as evidence:
        assert bench.look() == 0
    with CaptureQueriesContext(connection) as steps:
        assert sum(actions.escalate_each(bench.now, lambda _case: False)) == 0
    return len(evidence), len(steps)


def test_twenty_cases_that_nobody_has_cost_as_many_queries_as_one(bench: Bench) -> None:
    burn(bench, bench.cast.tb, bench.cast.ib)
    one = asked(bench)
    for hot, load in cabins(bench, MANY - 1):
        burn(bench, hot, load)
    assert Case.objects.count() == MANY
    assert asked(bench) == one
    assert one[0] <= 4
    assert one[1] <= 2


def test_twenty_cases_in_hand_cost_as_many_queries_as_one(bench: Bench) -> None:
    """Taken, switched off, and back to normal: all that can be proven is looked at."""
    first = (bench.cast.tb, bench.cast.ib)
    burn(bench, *first)
    in_hand(bench, *first)
    one = asked(bench)
    for hot, load in cabins(bench, MANY - 1):
        burn(bench, hot, load)
        in_hand(bench, hot, load)
    assert set(Case.objects.values_list("state", flat=True)) == {"made_safe"}
    assert Case.objects.count() == MANY
    assert asked(bench) == one
    assert one[0] <= 5


def in_hand(bench: Bench, hot: Point, load: Point) -> None:
    case = Case.objects.get(premises=hot.device.premises)
    actions.take(case.pk, bench.cast.bolat, bench.now)
    actions.made_safe(case.pk, bench.cast.bolat, "switched_off", bench.now)
    bench.read(hot, 40.0)
    bench.alarm(hot, Level.NORMAL, 40.0)
