"""The phones of a story (stand-in)."""


class Phones:
    def owner_has_it(self, case):
        return False

    def carry(self, now):
        return []

    def switch(self, person, *, on):
        pass

    def reply(self, person, text, now):
        return ""
