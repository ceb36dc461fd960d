"""Addresses of GB/T 26875.3-2011, 6.6: six bytes, kept as hex digits in the order in which they travel."""

from flameblue.domain.errors import BadInput
from flameblue.intake.addresses import Misspelt, Slip
from flameblue.intake.protocols.gb26875.fields import spelled_address


class Gb26875Spelling:
    """The plug-in."""

    forms = ("790300000000", "889")

    def normal(self, text: str) -> str:
        """Twelve hex digits. Raises Misspelt."""
        try:
            return spelled_address(text).hex()
        except BadInput as error:
            raise Misspelt(Slip.ORDER, str(error)) from error


PLUGIN = Gb26875Spelling()
