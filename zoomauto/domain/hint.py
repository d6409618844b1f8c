"""Commands that messages name, as a person can type them."""

import re
import shlex

#: An adapter does not know what it is called here, and says NAME for it.
_UNNAMED = re.compile(r"\b(zoomauto (?:source|destination) [a-z]+) NAME\b")


def named(text: str, name: str) -> str:
    """Fill the name of a source or destination into the commands of what its adapter says."""
    return _UNNAMED.sub(lambda command: f"{command[1]} {shlex.quote(name)}", text)
