"""The optional C helper (docs/adr/0009): `bulk`, or None where it was not built or is switched off
with SWITCHYARD_NATIVE=0. Whatever it does, Python does as well, with equal results."""

import os
from types import ModuleType

_CRYPTO = (
    "secp256k1_ecdsa_recoverable_signature_parse_compact",
    "secp256k1_ecdsa_recover",
    "secp256k1_ec_pubkey_serialize",
)


def _load() -> ModuleType | None:
    if os.environ.get("SWITCHYARD_NATIVE") == "0":
        return None
    try:
        from coincurve import _libsecp256k1 as secp256k1  # noqa: PLC0415
        from coincurve.context import GLOBAL_CONTEXT  # noqa: PLC0415

        from sequencer.native import _bulk as built  # noqa: PLC0415

        ffi, lib = secp256k1.ffi, secp256k1.lib
        pointers = GLOBAL_CONTEXT.ctx, *(ffi.addressof(lib, name) for name in _CRYPTO)
    except (ImportError, AttributeError):
        return None
    built.connect(*(int(ffi.cast("uintptr_t", pointer)) for pointer in pointers))
    return built


bulk = _load()
