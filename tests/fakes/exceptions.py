"""All that an exception could tell a log."""

import traceback


def everything_of(error: BaseException | None) -> str:
    """Text, repr, arguments and attributes of an exception and of those behind it, with the requests they carry."""
    told = []
    while error is not None:
        told += ["".join(traceback.format_exception(error)), repr(error), repr(error.args), repr(vars(error))]
        request = getattr(error, "request", None)
        told += [repr(vars(request))] if request is not None else []
        error = error.__cause__ or error.__context__
    return "\n".join(told)
