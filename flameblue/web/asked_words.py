"""Words for devices that are asked: why one is not, and why a question had no answer."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOT_ASKED: Mapping[object, Promise | str] = {
    "no_address": _("It has no address on the line yet."),
    "wrong_address": _("Its address on the line is none of its model's."),
    "port_differs": _("Another device says other settings of the same serial port: both must say the same."),
    "protocol_differs": _("Another device speaks another protocol on the same port: one port speaks one."),
    "no_dial_in": _(
        "It is behind a 4G unit, and this installation has no port for those (modbus_dial_in.port is 0)."
    ),
    "too_many": _("As many lines or devices are asked already as one installation can."),
}
ASKING_FAILURES: Mapping[object, Promise | str] = {
    "time_out": _("No answer came in time."),
    "garbled": _("Something came, and no answer with a right check sum was in it."),
    "unreached": _("The gateway says that the device behind it does not answer."),
    "refused": _("The device refused the question."),
    "other_address": _("Another device answered: compare the address with the device's label."),
    "other_answer": _("An answer came, and not to this question."),
    "line_lost": _("The connection broke."),
}
