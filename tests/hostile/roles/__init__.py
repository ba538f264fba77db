"""What each role does, by name; `WEIGHTS` says how often."""

from tests.hostile.roles import committee, makers, operators, queue, rollups
from tests.hostile.scene import Action

ROLES: dict[str, dict[str, tuple[Action, float]]] = {
    "committee": {
        "commit": (committee.commit, 5),
        "commit any count": (committee.commit_any_count, 4),
        "commit rubbish": (committee.commit_rubbish, 2),
        "commit a lie": (committee.commit_lie, 3),
        "commit in other words": (committee.commit_in_other_words, 1),
        "commit without quorum": (committee.commit_without_quorum, 1),
        "attest again": (committee.attest_again, 1),
    },
    "submitter": {
        "send old commit": (committee.send_old_commit, 3),
        "record committee": (committee.record, 4),
    },
    "queue": {
        "spam": (queue.spam, 5),
        "big message": (queue.big_message, 2),
        "deposit": (queue.deposit, 2),
        "message of a contract": (queue.message_of_contract, 1),
        "invalid message": (queue.invalid_message, 1),
        "force": (queue.force, 4),
    },
    "owner": {
        "announce": (rollups.announce, 4),
        "cancel": (rollups.cancel, 1),
        "hand over": (rollups.hand_over, 1),
        "register": (rollups.register, 1),
    },
    "poster": {
        "post": (rollups.post, 3),
        "post rubbish": (rollups.post_rubbish, 2),
        "enter fallback": (rollups.enter, 3),
    },
    "operator": {
        "leave": (operators.leave, 2),
        "slash": (operators.slash, 1),
    },
}
"""By role: its actions, and how likely they are beside each other."""

MAKERS: dict[str, tuple[Action, float]] = {
    "mine": (makers.mine, 10),
    "mine at an edge": (makers.mine_at_edge, 5),
    "be silent": (makers.be_silent, 1),
    "reorg": (makers.reorg, 2),
    "send again": (makers.send_again, 2),
}
"""Of whoever makes L1's blocks."""

ACTIONS: dict[str, Action] = {
    name: action for actions in (*ROLES.values(), MAKERS) for name, (action, _) in actions.items()
}
