"""Bytes become readings: protocols (sans-IO codecs), payloads, listener, broker, devices that are asked, quarantine.

Invariant: nothing is acknowledged before it is durable, in the journal or in quarantine.
"""
