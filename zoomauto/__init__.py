"""Fetch, cut, transcribe and publish meeting recordings on a schedule, with no services to run."""


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # 10 ms that only --version should pay

    return version("zoomauto")
