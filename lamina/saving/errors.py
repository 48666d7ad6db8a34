"""What goes wrong with files."""


class LoadError(ValueError):
    """A file can't be loaded: it is no model file, is damaged, does not fit the model, or holds what is refused.

    Nothing was changed by the attempt: a model keeps the weights that it had.

    Example:
        >>> try:
        ...     lamina.saving.load_model("notes.txt")
        ... except lamina.saving.LoadError as error:
        ...     print(error)
        notes.txt: there is no such file.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__("\n".join(map(printable, str(message).split("\n"))))


def printable(line: str) -> str:
    """Return text without what would steer a terminal: names in a file are anybody's."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line)


class SaveError(OSError):
    """A file could not be written; what stood under its name before is still there, whole."""
