"""
The chain that a devnet runs on: one of its own, a fork, or one that runs already.

    with open_devnet(treasury) as devnet: devnet.founded.book, devnet.url
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from bursar.chain.anvil import Anvil
from bursar.chain.client import Client
from bursar.chain.errors import ChainError, NoAnswerError, RpcError
from bursar.chain.local import LocalChain
from bursar.config import Treasury, load_treasury, read_treasury
from bursar.devnet.contracts import expected_blueprint
from bursar.devnet.founding import DevnetError, Founded, Progress, found_treasury

PORT: Final = 8545
_QUICK: Final = 5.0


class RunningDevnet(NamedTuple):
    """
    A chain with everything on it. `own`: it ends with the block that opened it.
    """

    chain: LocalChain
    founded: Founded
    own: bool

    @property
    def url(self) -> str:
        """
        Where it answers.
        """
        return self.chain.rpc.url


def load_devnet_treasury(path: Path | None) -> Treasury:
    """
    The file at `path`, or the small treasury that the package ships. Raises ConfigError.
    """
    if path is not None:
        return load_treasury(path)
    text = (files("bursar.devnet") / "treasury.yaml").read_text()
    return read_treasury(text, "the devnet's own treasury.yaml")


@contextmanager
def open_devnet(
    treasury: Treasury,
    *,
    port: int = PORT,
    fork_url: str | None = None,
    attach: str | None = None,
    block_time: float | None = None,
    progress: Progress = lambda _: None,
) -> Iterator[RunningDevnet]:
    """
    Start anvil, or attach to the one at `attach`, and set everything up.

    port: 0 lets the system choose a free one. Raises DevnetError, ChainError, AnvilError.
    """
    with ExitStack() as stack:
        if attach is not None:
            chain = _attach(attach)
        else:
            _check_port(port)
            _check_fork(fork_url)
            progress("Starting a local chain")
            anvil = Anvil(port=port, fork_url=fork_url, block_time=block_time)
            chain = LocalChain(stack.enter_context(anvil).url)
        yield RunningDevnet(chain, found_treasury(chain, treasury, progress), attach is None)


def _attach(url: str) -> LocalChain:
    chain = LocalChain(url)
    try:
        chain.rpc.request("anvil_nodeInfo")
    except NoAnswerError as error:
        raise DevnetError(
            f"Nothing answers at {url}. Start a chain there, or leave --attach out. ({error})"
        ) from error
    except RpcError as error:
        raise DevnetError(
            f"{url} is no anvil (chain {chain.chain_id}): a devnet's keys are public, so it is "
            "set up on local chains only. For another chain use `bursar init`."
        ) from error
    return chain


def _check_fork(url: str | None) -> None:
    if url is None:
        return
    try:
        _ = Client(url, timeout=_QUICK).chain_id
    except ChainError as error:
        raise DevnetError(
            f"The chain to fork does not answer. Check --fork-url. ({error})"
        ) from error


def _check_port(port: int) -> None:
    """
    Say who has the port, if somebody has.
    """
    if port == 0 or not _is_taken(port):
        return
    url = f"http://127.0.0.1:{port}"
    other = f"start another one with --port {port + 1}"
    try:
        found = is_devnet(LocalChain(url, timeout=_QUICK))
    except ChainError:
        raise DevnetError(
            f"Port {port} is in use by another program: end it, or {other}."
        ) from None
    if found:
        raise DevnetError(
            f"Port {port} is in use by a devnet that runs already: use it with --attach {url}, "
            f"end it with Ctrl-C in its terminal, or {other}."
        )
    raise DevnetError(
        f"Port {port} is in use by a chain that is no devnet yet: set one up there with --attach "
        f"{url}, or {other}."
    )


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_devnet(chain: LocalChain) -> bool:
    """
    Whether a devnet was ever set up on this chain. Raises ChainError.
    """
    return bool(chain.fetch_code(expected_blueprint()))
