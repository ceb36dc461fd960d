"""Zigbee plugs and sensors behind a Zigbee2MQTT bridge (README.md)."""

from flameblue.intake.payloads.zigbee2mqtt.codec import Zigbee2Mqtt

PLUGIN = Zigbee2Mqtt()
