"""ape, loaded once: each line on standard input is a JSON array of arguments, each line on standard
output a JSON array of exit status and what the command wrote."""

import json
import sys

from ape._cli import cli
from click.testing import CliRunner


def run(arguments: list[str]) -> tuple[int, str]:
    found = CliRunner().invoke(cli, arguments)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        return 2, f"{found.output}\nTraceback: {found.exception!r}"
    return found.exit_code, found.output


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
