"""Errors by who is at fault; each says what was found and what was expected.

`PeerFault`: somebody outside broke a rule: drop the input, keep the evidence, go on.
`NotYet`: cannot be judged now; ask again later.
`LocalFault`: this node cannot go on safely and stops.
"""


class SwitchyardError(Exception):
    """Base of every error raised on purpose."""


class PeerFault(SwitchyardError):
    """Bytes or behaviour of a peer, a wallet or an L1 endpoint that break a rule."""


class DecodeError(PeerFault):
    """Bytes that are not a canonical encoding of what they claim to be."""


class NotYet(SwitchyardError):
    """The input may become valid: something it refers to is not known here yet."""


class LocalFault(SwitchyardError):
    """This node's own files, keys, clock or configuration do not allow it to go on."""
