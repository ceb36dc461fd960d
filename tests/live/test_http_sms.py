"""From an alarm to a provider's HTTP interface and the phone: signed, approved, and what follows when it is not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from flameblue.config import Config, HttpSms, Messages
from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices import blindness, delivery, sign_of_life
from flameblue.notices.channel import Carried, Channel, Ears, Outgoing
from flameblue.notices.channels.http_sms import PLUGIN, submission
from flameblue.notices.channels.http_sms.approved import approved
from flameblue.notices.models import Notice
from flameblue.notices.texts.carrying import carriage
from flameblue.runtime.set_up.findings import Verdict
from flameblue.runtime.set_up.ways_out import look_at_channels
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.live.sms_gateway import KEY, SECRET, SIGN, Gateway, sms_gateway
from tests.notices.conftest import bench as bench  # the same bench as the notices' own tests
from tests.notices.post import lines, planned

pytestmark = [pytest.mark.live, pytest.mark.django_db]
SILENT = Ears(receipt=lambda _id, _state: None, inbound=lambda _sender, _text: None)
FORMS = carriage("zh-hans").all_forms
ALARM = Carried("owner_alarm", (("where", "松林客栈"), ("beyond", "82度"), ("act", "拉下开关")))


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with sms_gateway() as running:
        yield running


def hand_in(gateway: Gateway, provider: str, file: Path, without: str = "") -> Path:
    """Every text approved by the provider, except one; the file that knows the ids."""
    rows = ["[zh-hans]"]
    for number, form in enumerate(FORMS, 1000):
        if form.id != without:
            gateway.approved[f"T{number}"] = submission.placed(form, provider)
            rows.append(f'{form.id} = "T{number}"')
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


def configured(gateway: Gateway, provider: str, templates: Path | str = "") -> Config:
    sms = HttpSms(
        provider=provider,
        key_id=KEY,
        secret=SECRET,
        sign_name=SIGN,
        app_id="1400000000" if provider == "tencent" else "",
        sender="+15550001",
        endpoint=gateway.url + ("" if provider == "twilio" else "/"),
        templates=str(templates),
    )
    messages = Messages(sms_channel="http_sms", voice_channel="console")
    config: Config = replace(settings.CONFIG, http_sms=sms, messages=messages)
    return config


@pytest.fixture(params=["aliyun", "tencent"])
def by_templates(
    request: pytest.FixtureRequest, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Channel]:
    config = configured(gateway, request.param, hand_in(gateway, request.param, tmp_path / "ids.toml"))
    monkeypatch.setattr(settings, "CONFIG", config)
    channel = PLUGIN.open(config, SILENT)
    yield channel
    channel.close()


def deliver(bench: Bench, channel: Channel) -> None:
    delivery.deliver_due(bench.now, {"http_sms": channel})


def test_an_alarm_arrives_as_the_text_that_was_approved(
    bench: Bench, cast: Cast, gateway: Gateway, by_templates: Channel
) -> None:
    bench.read(cast.ib, 38.0)
    bench.alarm(cast.tb)
    notices = planned(bench.now)
    deliver(bench, by_templates)
    assert lines(notices) == ["Ailin owner_alarm_heat first_notice", "Bolat officer_alarm_heat first_notice"]
    for notice in notices:
        notice.refresh_from_db()
        assert gateway.phones[notice.to] == [notice.text]
        assert notice.state == "sent"
        assert list(notice.attempts.get().parts.values_list("message_id", flat=True))
    assert gateway.phones[cast.ailin.phone] == [
        f"【{SIGN}】报警:松林客栈203房暖气,接头82度,限70度。有烟先撤人打119,没烟请拉下2号箱3号开关"
    ]
    assert all(len(value) <= 20 for values in gateway.variables for value in values)


def test_a_whole_case_is_told_by_approved_texts_alone(
    bench: Bench, cast: Cast, gateway: Gateway, by_templates: Channel
) -> None:
    bench.alarm(cast.tb)
    for _ in range(30):
        planned(bench.now)
        deliver(bench, by_templates)
        bench.wait(60)
        bench.escalate()
    sent = Notice.objects.filter(channel="http_sms")
    assert sent.exclude(state="sent").exclude(state="cancelled").count() == 0
    assert sorted(text for texts in gateway.phones.values() for text in texts) == sorted(
        sent.filter(state="sent").values_list("text", flat=True)
    )
    assert sent.filter(state="sent").count() >= 4


def test_the_daily_sign_of_life_and_the_cry_that_we_are_blind_are_carried(
    bench: Bench, cast: Cast, gateway: Gateway, by_templates: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_alive = replace(
        settings.CONFIG, messages=replace(settings.CONFIG.messages, alive_to="+8613900000009")
    )
    monkeypatch.setattr(settings, "CONFIG", with_alive)
    at_ten = bench.now.replace(hour=10)
    assert sign_of_life.plan_alive(at_ten)
    delivery.deliver_due(at_ten, {"http_sms": by_templates})
    (alive,) = gateway.phones["+8613900000009"]
    assert alive.startswith(f"【{SIGN}】平安:")
    assert blindness.blind(blindness.messages(bench.now), {"http_sms": by_templates}) == []
    assert gateway.phones[cast.bolat.phone][-1].startswith(f"【{SIGN}】系统报警:硬盘已满")


def test_a_reader_of_another_language_gets_the_approved_one(
    bench: Bench, cast: Cast, gateway: Gateway, by_templates: Channel
) -> None:
    type(cast.ailin).objects.filter(pk=cast.ailin.pk).update(language="kk")
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench, by_templates)
    assert gateway.phones[cast.ailin.phone][0].startswith(f"【{SIGN}】报警:松林客栈203房暖气")


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_a_text_that_is_not_approved_goes_by_the_other_channel_and_is_named(
    bench: Bench,
    cast: Cast,
    gateway: Gateway,
    provider: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = hand_in(gateway, provider, tmp_path / "ids.toml", without="owner_alarm")
    monkeypatch.setattr(settings, "CONFIG", configured(gateway, provider, file))
    channel = PLUGIN.open(settings.CONFIG, SILENT)
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench, channel)
    failed = Notice.objects.get(state="failed")
    assert failed.template == "owner_alarm_heat"
    assert failed.detail == "The provider has approved no template owner_alarm (zh-hans)."
    other = Notice.objects.get(person=cast.ailin, reason="channel_failed")
    assert (other.channel, other.template) == ("console", "owner_alarm_heat_voice")
    assert cast.ailin.phone not in gateway.phones
    channel.close()
    (found, *_) = look_at_channels(settings.CONFIG, SystemClock(), running=False)
    assert found.verdict is Verdict.WRONG
    assert found.seen.startswith("1 of 44 texts have no approved template in zh-hans")
    assert found.seen.endswith(": owner_alarm.")


def test_check_says_that_it_is_set_and_can_not_be_tried(gateway: Gateway, by_templates: Channel) -> None:
    for running in (True, False):
        (found, *_) = look_at_channels(settings.CONFIG, SystemClock(), running=running)
        assert found.verdict is Verdict.FINE
        assert found.seen == (
            "http_sms is set; it can't be tried without sending. "
            "It hears no answers: cases are taken on the pages."
        )
    assert gateway.asked == []


def test_check_names_what_is_missing_and_what_goes_unencrypted(gateway: Gateway, tmp_path: Path) -> None:
    whole = configured(gateway, "aliyun", hand_in(gateway, "aliyun", tmp_path / "ids.toml"))

    def told(**changes: str) -> str:
        config = replace(whole, http_sms=replace(whole.http_sms, **changes))
        (found, *_) = look_at_channels(config, SystemClock(), running=False)
        assert found.verdict is Verdict.WRONG
        return found.seen

    assert told(provider="") == (
        "The http_sms channel needs [http_sms] provider: one of aliyun, generic, tencent, twilio."
    )
    assert told(secret="", sign_name="") == (
        "The http_sms channel needs [http_sms] secret, sign_name for aliyun."
    )
    assert "can't be read" in told(templates=str(tmp_path / "none.toml"))
    assert "key_id and secret hold ASCII" in told(secret="钥匙")
    assert "should be an http(s) address" in told(endpoint="sms.example.org")
    assert "sms.example.org is asked by http" in told(endpoint="http://sms.example.org/")
    typo = tmp_path / "typo.toml"
    typo.write_text(
        (tmp_path / "ids.toml").read_text(encoding="utf-8") + '\nowner_alrm = "T1"\n', encoding="utf-8"
    )
    assert told(templates=str(typo)) == "There is no text in zh-hans that is named owner_alrm."


@pytest.mark.parametrize(
    ("said", "told"), [("[fr]\na = '1'", "fr"), ("zh-hans = 1", "is a table"), ("[", "read")]
)
def test_a_file_of_ids_that_makes_no_sense_is_told(tmp_path: Path, said: str, told: str) -> None:
    file = tmp_path / "ids.toml"
    file.write_text(said, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        approved(file)


def test_a_text_goes_as_it_is_by_twilio(
    bench: Bench, cast: Cast, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CONFIG", configured(gateway, "twilio"))
    channel = PLUGIN.open(settings.CONFIG, SILENT)
    bench.alarm(cast.tb)
    notices = planned(bench.now)
    deliver(bench, channel)
    for notice in notices:
        assert notice.carried == {}
        assert gateway.phones[notice.to] == [notice.text]
        assert "回1" not in notice.text
    channel.close()


def test_a_described_provider_is_reached(gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "sms.toml"
    file.write_text(
        f'url = "{gateway.url}/send"\nid = "data.0.id"\n[headers]\nAuthorization = "Bearer {{secret}}"\n'
        '[body]\nmessages = [{mobile = "{national}", content = "{text}"}]\n[success]\npath = "code"\nis = 0\n',
        encoding="utf-8",
    )
    config = Config(http_sms=HttpSms(provider="generic", secret=SECRET, request=str(file)))
    channel = PLUGIN.open(config, SILENT)
    sent = channel.send(Outgoing(1, 1, "http_sms", "+8613800000001", "报警:松林客栈", "zh-hans"))
    assert sent.message_ids == ("id-1",)
    assert gateway.phones == {"+8613800000001": ["报警:松林客栈"]}
    channel.close()


def test_a_wrong_secret_is_refused_by_both_and_may_be_put_right(gateway: Gateway, tmp_path: Path) -> None:
    for provider in ("aliyun", "tencent"):
        config = configured(gateway, provider, hand_in(gateway, provider, tmp_path / f"{provider}.toml"))
        wrong = replace(config, http_sms=replace(config.http_sms, secret="another"))
        channel = PLUGIN.open(wrong, SILENT)
        with pytest.raises(DeliveryError, match="Signature") as refused:
            channel.send(Outgoing(1, 1, "http_sms", "+8613800000001", "", "zh-hans", ALARM))
        assert not refused.value.permanent
        channel.close()
    assert gateway.phones == {}


def test_an_answer_without_end_and_a_text_without_a_template_are_errors(
    gateway: Gateway, by_templates: Channel
) -> None:
    gateway.answers.append((200, b"x" * 100_000))
    asked = Outgoing(1, 1, "http_sms", "+8613800000001", "", "zh-hans", ALARM)
    with pytest.raises(DeliveryError, match="can't be reached") as failed:
        by_templates.send(asked)
    assert not failed.value.permanent
    with pytest.raises(DeliveryError, match="approved templates alone") as refused:
        by_templates.send(replace(asked, carried=None))
    assert refused.value.permanent
    assert len(gateway.asked) == 1
