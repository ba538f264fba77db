"""The numbers that may change (PARAM-1): show, propose, execute and cancel a change.

    ape run parameters show --network URL --account ALIAS
    ape run parameters propose JAIL_SECONDS 86400 --network URL --account ALIAS
    ape run parameters execute JAIL_SECONDS 86400 --network URL --account ALIAS

A proposal waits in OpenZeppelin's TimelockController; anybody executes it when its delay is over.
Values are given in wei, basis points and seconds, as the names say, and shown in plain units, too.
"""

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._figures import in_unit, moment, seconds
from sequencer.crypto.hashing import keccak
from sequencer.deployment.economy import PARAMETER_NAMES
from sequencer.deployment.words import at_time
from sequencer.errors import LocalFault
from sequencer.l1 import abi

NOTHING = bytes(32)
"""No operation that must come before."""
STATES = ("unset", "waiting", "ready", "done")
"""`OperationState` of OpenZeppelin's TimelockController."""


@click.group()
def cli() -> None:
    """Show the parameters, and change one behind the timelock."""


_name_argument = click.argument("name", type=click.Choice(PARAMETER_NAMES, case_sensitive=False))
_value_argument = click.argument("value", type=click.IntRange(0, 2**96 - 1))
_again_option = click.option(
    "--again", default="", metavar="TEXT", help="Tells apart proposals of the same change."
)


@action(cli)
def show(actor: Actor) -> None:
    """All values now, with their bounds."""
    for number, (name, value) in enumerate(
        zip(PARAMETER_NAMES, actor.read("Parameters", "values"), strict=True)
    ):
        bounds = actor.read("Parameters", "boundsOf", number)
        now, low, high = (in_unit(name, one) for one in (value, *bounds))
        click.echo(f"{name:24} {value:>24}  {now:>16}   from {low} to {high}")
    delay = actor.read("ParameterTimelock", "getMinDelay")
    click.echo(f"A change takes {seconds(delay)} at least.")


@action(cli)
@_name_argument
@_value_argument
@_again_option
def propose(actor: Actor, name: str, value: int, again: str) -> None:
    """Announce that a parameter changes. By a proposer."""
    number = PARAMETER_NAMES.index(name)
    least, most = actor.read("Parameters", "boundsOf", number)
    if not least <= value <= most:
        raise LocalFault(
            f"{name} is from {least} to {most}, not {value} (PARAM-2): that is"
            f" {in_unit(name, least)} to {in_unit(name, most)}, not {in_unit(name, value)}"
        )
    delay = actor.read("ParameterTimelock", "getMinDelay")
    change = _Change(actor, name, value, again)
    present = actor.read("Parameters", "value", number)
    click.echo(
        f"{name} is to become {in_unit(name, value)}; it is {in_unit(name, present)}. That takes"
        f" {seconds(delay)}, and a call of execute."
    )
    actor.act(Call("ParameterTimelock", "schedule", (*change.operation, delay)), change.figures)
    if not actor.is_dry_run:
        ready_at = actor.read("ParameterTimelock", "getTimestamp", change.id)
        click.echo(f"It can be executed from {at_time(ready_at)}.")


@action(cli)
@_name_argument
@_value_argument
@_again_option
def execute(actor: Actor, name: str, value: int, again: str) -> None:
    """Carry out a change whose delay is over. By anyone."""
    change = _Change(actor, name, value, again)
    actor.act(Call("ParameterTimelock", "execute", change.operation), change.figures)


@action(cli)
@_name_argument
@_value_argument
@_again_option
def status(actor: Actor, name: str, value: int, again: str) -> None:
    """Where a proposal is."""
    actor.show(_Change(actor, name, value, again).figures)


@action(cli)
@_name_argument
@_value_argument
@_again_option
def cancel(actor: Actor, name: str, value: int, again: str) -> None:
    """Take a proposal back. By a proposer."""
    change = _Change(actor, name, value, again)
    actor.act(Call("ParameterTimelock", "cancel", (change.id,)), change.figures)


class _Change:
    """One change as the timelock knows it."""

    def __init__(self, actor: Actor, name: str, value: int, again: str) -> None:
        number = PARAMETER_NAMES.index(name)
        data = abi.function("Parameters", "set").call(number, value)
        target = actor.contracts.deployment.contracts.parameters
        salt = keccak(again.encode()) if again else NOTHING
        self.operation = (target, 0, data, NOTHING, salt)
        self.id: bytes = actor.read("ParameterTimelock", "hashOperation", *self.operation)
        self.figures = [
            Figure(
                name,
                Call("Parameters", "value", (number,)),
                lambda found: f"{found} ({in_unit(name, found)})",
            ),
            Figure(
                "proposal",
                Call("ParameterTimelock", "getOperationState", (self.id,)),
                lambda state: STATES[state],
            ),
            Figure("ready", Call("ParameterTimelock", "getTimestamp", (self.id,)), moment),
        ]
