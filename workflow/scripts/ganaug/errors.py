"""The one exception that is meant for the person at the keyboard."""


class UserError(Exception):
    """A mistake in a config, a file or a data set that its owner can mend.

    The message is one line: what is wrong, where, and what to do. It carries no prefix;
    whoever prints it adds ``ganaug: ``.
    """
