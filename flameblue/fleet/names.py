"""Whether a name may be what somebody typed, in the words of a form."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from flameblue.domain.visible import flaw


def check_visible(text: str) -> None:
    """ValidationError, with the place, where something in `text` is not seen or brackets a signature."""
    if unseen := flaw(text):
        raise ValidationError(
            _(
                "Character %(at)d (%(name)s): it stands in messages, so no signature brackets and nothing invisible."
            )
            % unseen._asdict()
        )
