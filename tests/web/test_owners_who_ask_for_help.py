"""The owner's cry for help stands at the top until somebody has the case, on the board and on the case."""

from flameblue.cases import actions, kinds
from flameblue.cases.events import Draft, record
from flameblue.cases.models import Case
from tests.cases.bench import Bench, another_cabin
from tests.web.readers import Reader

PAGE = "/cases/4001/"
LOUD = "The owner asks for help, 03:08"
QUIET = "The owner asked for help, 03:08"


def cried(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    bench.wait(60)
    assert actions.ask_help(bench.case().pk, bench.cast.ailin, bench.now)


def test_it_is_loud_until_somebody_has_the_case_and_then_a_quiet_line(bench: Bench, bolat: Reader) -> None:
    cried(bench)
    assert LOUD in bolat.sees("/")
    assert LOUD in bolat.sees(PAGE)
    assert 'class="help-asked"' in bolat.html(PAGE)
    actions.take(bench.case().pk, by=bench.cast.bolat, now=bench.now)
    assert "for help, 03:08" not in bolat.sees("/")
    page = bolat.sees(PAGE)
    assert LOUD not in page
    assert QUIET in page
    assert "The owner asks for help" in page  # the time line


def test_the_newest_cry_counts_and_one_of_another_day_says_which(bench: Bench, bolat: Reader) -> None:
    cried(bench)
    bench.wait(1_200)
    actions.ask_help(bench.case().pk, bench.cast.yeerlan, bench.now)
    assert "The owner asks for help, 03:28" in bolat.sees("/")
    bench.wait(86_400)
    actions.ask_help(bench.case().pk, bench.cast.ailin, bench.now)
    assert "The owner asks for help, 01-16 03:28" in bolat.sees("/")


def test_only_the_card_of_that_case_says_it(bench: Bench, bolat: Reader) -> None:
    cried(bench)
    bench.alarm(another_cabin(bench.cast, "白桦客栈")[1])
    assert bolat.html("/").count("help-asked") == 1
    assert "for help, " not in bolat.sees("/cases/4002/")


def test_the_cry_from_a_member_stands_on_its_incident(bench: Bench, bolat: Reader) -> None:
    cried(bench)
    bench.alarm(another_cabin(bench.cast, "白桦客栈")[1])
    Case.objects.filter(number=4001).update(incident=Case.objects.get(number=4002))
    page = bolat.sees("/")
    assert "Open cases 1" in page
    assert LOUD in page
    assert LOUD in bolat.sees("/cases/4002/")


def test_an_officer_who_asks_for_reinforcement_is_no_owner(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    actions.ask_help(bench.case().pk, bench.cast.bolat, bench.now)
    assert "help-asked" not in bolat.html("/")
    assert "asked for help, " not in bolat.sees(PAGE)


def test_a_case_that_came_back_starts_anew(bench: Bench, bolat: Reader) -> None:
    cried(bench)
    record((Draft(bench.case(), kinds.REOPENED, bench.now, {}),))
    assert "for help, " not in bolat.sees(PAGE)
    assert "help-asked" not in bolat.html("/")
