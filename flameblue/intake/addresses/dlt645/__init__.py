"""Addresses of devices that are asked by DL/T 645: the line, and the twelve digits on it."""

from flameblue.intake.protocols.dlt645.addresses import FORMS, place


class Dlt645Spelling:
    """The plug-in."""

    forms = FORMS

    def normal(self, text: str) -> str:
        """As tcp://192.0.2.7:8899?meter=000000123456. Raises Misspelt."""
        return str(place(text))


PLUGIN = Dlt645Spelling()
