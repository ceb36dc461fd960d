"""A Modbus slave by libmodbus, in a process of its own: `… LIBRARY tcp PORT IMAGE` or `… LIBRARY rtu DEVICE IMAGE`.

IMAGE is JSON, {"unit": 7, "registers": {"0": 1234}}: the same words as holding and as input registers. It says
"ready" once it listens, and serves one master after the other until it is ended.
"""

import ctypes
import json
import sys
from collections.abc import Mapping

REGISTERS_MAX = 65_536
REQUEST_BYTES_MAX = 260  # MODBUS_MAX_ADU_LENGTH
BAUD, PARITY, DATA_BITS, STOP_BITS = 9600, b"N", 8, 1


class RegisterMapping(ctypes.Structure):
    """modbus_mapping_t of modbus.h, libmodbus 3.1."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("nb_bits", "start_bits", "nb_input_bits", "start_input_bits")),
        *((name, ctypes.c_int) for name in ("nb_input_registers", "start_input_registers")),
        *((name, ctypes.c_int) for name in ("nb_registers", "start_registers")),
        *((name, ctypes.POINTER(ctypes.c_uint8)) for name in ("tab_bits", "tab_input_bits")),
        *((name, ctypes.POINTER(ctypes.c_uint16)) for name in ("tab_input_registers", "tab_registers")),
    )


def loaded(path: str) -> ctypes.CDLL:
    """The library, with the types of what is called."""
    library = ctypes.CDLL(path, use_errno=True)
    pointer = ctypes.c_void_p
    library.modbus_new_tcp.restype = library.modbus_new_rtu.restype = pointer
    library.modbus_new_tcp.argtypes = (ctypes.c_char_p, ctypes.c_int)
    library.modbus_new_rtu.argtypes = (
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char,
        ctypes.c_int,
        ctypes.c_int,
    )
    library.modbus_mapping_new.restype = ctypes.POINTER(RegisterMapping)
    library.modbus_set_slave.argtypes = (pointer, ctypes.c_int)
    library.modbus_connect.argtypes = (pointer,)
    library.modbus_tcp_listen.argtypes = (pointer, ctypes.c_int)
    library.modbus_tcp_accept.argtypes = (pointer, ctypes.POINTER(ctypes.c_int))
    library.modbus_receive.argtypes = (pointer, ctypes.c_char_p)
    library.modbus_reply.argtypes = (pointer, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(RegisterMapping))
    library.modbus_close.argtypes = (pointer,)
    return library


def mapped(library: ctypes.CDLL, registers: Mapping[str, int]) -> "ctypes._Pointer[RegisterMapping]":
    mapping: ctypes._Pointer[RegisterMapping] = library.modbus_mapping_new(0, 0, REGISTERS_MAX, REGISTERS_MAX)
    for at, word in registers.items():
        mapping.contents.tab_registers[int(at)] = mapping.contents.tab_input_registers[int(at)] = word
    return mapping


def serve(library: ctypes.CDLL, context: int, mapping: "ctypes._Pointer[RegisterMapping]") -> None:
    """Until the master leaves."""
    request = ctypes.create_string_buffer(REQUEST_BYTES_MAX)
    while (size := library.modbus_receive(context, request)) >= 0:
        if size:  # 0: another unit's
            library.modbus_reply(context, request, size, mapping)


def main(path: str, kind: str, where: str, image: str) -> None:
    library, said = loaded(path), json.loads(image)
    mapping = mapped(library, said["registers"])
    if kind == "rtu":
        context = library.modbus_new_rtu(where.encode(), BAUD, PARITY, DATA_BITS, STOP_BITS)
        library.modbus_set_slave(context, said["unit"])
        assert library.modbus_connect(context) == 0, ctypes.get_errno()
        print("ready", flush=True)
        serve(library, context, mapping)
        return
    context = library.modbus_new_tcp(b"127.0.0.1", int(where))
    library.modbus_set_slave(context, said["unit"])
    listening = ctypes.c_int(library.modbus_tcp_listen(context, 1))
    assert listening.value >= 0, ctypes.get_errno()
    print("ready", flush=True)
    while library.modbus_tcp_accept(context, ctypes.byref(listening)) >= 0:
        serve(library, context, mapping)
        library.modbus_close(context)


if __name__ == "__main__":
    main(*sys.argv[1:5])
