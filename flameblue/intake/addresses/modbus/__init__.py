"""Addresses of devices that are asked over Modbus: the line, and the device's number on it."""

from flameblue.intake.asking.addresses import FORMS, place


class ModbusSpelling:
    """The plug-in."""

    forms = FORMS

    def normal(self, text: str) -> str:
        """As tcp://192.0.2.7:502?unit=17. Raises Misspelt."""
        return str(place(text))


PLUGIN = ModbusSpelling()
