"""Which kinds of premises there are (客栈, 商店 …): few words that very many premises share."""

from flameblue.fleet.models import Premises

KINDS_MAX = 20  # looked for by the index, a look for each; a registry that has more is not sorted by them


def known() -> list[str]:
    """The first KINDS_MAX kinds."""
    found: list[str] = []
    kinds = Premises.objects.order_by("kind").values_list("kind", flat=True)
    while len(found) < KINDS_MAX:
        following = kinds.filter(kind__gt=found[-1] if found else "").first()
        if following is None:
            break
        found.append(following)
    return found
