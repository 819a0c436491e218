"""The sections `intake.tls` and `worker.tls`: their files make a listener. Connects to nothing."""

from collections.abc import Iterator, Mapping

from runtime.config.listener_tls import ListenerFileError, ListenerTLS, server_context


def listener_faults(listeners: Mapping[str, ListenerTLS | None]) -> Iterator[str]:
    """A fault for each section, by its path, whose files cannot be used."""
    for path, tls in listeners.items():
        if tls is not None:
            try:
                server_context(tls)
            except ListenerFileError as error:
                yield f"{path}.{error.key}: {error.fault}"
