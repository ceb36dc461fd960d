"""A process that does nothing, until it is told to end."""

import threading

threading.Event().wait()
