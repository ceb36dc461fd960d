"""Bytes become readings: protocols (sans-IO codecs), payloads, the listener, an existing broker, quarantine.

Invariant: nothing is acknowledged before it is durable, in the journal or in quarantine.
"""
