"""Arguments and options that several actions take."""

import click

operator_argument = click.argument("operator_id", type=click.IntRange(1, 2**32 - 1))
rollup_argument = click.argument("rollup", type=click.IntRange(1, 2**32 - 1))
epoch_argument = click.argument("epoch", type=click.IntRange(0, 2**40))
member_option = click.option(
    "--member", type=click.IntRange(0, 127), metavar="INDEX", help="Only this one (default: all)."
)
beacon_option = click.option(
    "--beacon", metavar="URL", help="A beacon API, for batches whose data is in blobs."
)
archives_option = click.option(
    "--archive", "archives", multiple=True, metavar="URL",
    help="The RPC address of a node, for blobs that L1's clients have dropped. May be repeated.",
)  # fmt: skip
