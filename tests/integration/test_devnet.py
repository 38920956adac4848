"""
`bursar devnet`: set up whole or not at all, found again where it runs, and gone without a trace.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bursar.book import AddressBook
from bursar.chain.anvil import Anvil
from bursar.chain.contracts import organization_at, token_at, wallet_at
from bursar.chain.local import LocalChain
from bursar.chain.safe import Safe
from bursar.config import load_treasury, read_treasury
from bursar.devnet import found_treasury, load_devnet_treasury, open_devnet
from bursar.types import NATIVE

EXAMPLE = Path(__file__).parents[2] / "examples" / "treasury.yaml"
FILES = ("devnet.env", "devnet.json")


def environment(folder: Path) -> dict[str, str]:
    """
    Of a shell in that folder, where temporary files go as well.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BURSAR_")}
    (folder / "tmp").mkdir(exist_ok=True)
    return clean | {"TMPDIR": str(folder / "tmp")} | _anvil()


def _anvil() -> dict[str, str]:
    from bursar.chain.anvil import find_anvil

    return {"BURSAR_ANVIL": str(find_anvil())}


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    """
    The command in that folder.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "bursar", "devnet", *options],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def devnet(folder: Path, *options: str) -> Iterator[AddressBook]:
    """
    One that runs, once its files are there.
    """
    process = start(folder, *options)
    try:
        path = folder / ".bursar" / "devnet.env"
        deadline = time.monotonic() + 60
        while not path.exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield AddressBook.load(path.with_suffix(".json"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """
    One that ends by itself.
    """
    process = start(folder, *options)
    output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def free_port() -> int:
    """
    A port that nobody has.
    """
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_found_treasury__example__stands_as_the_file_says() -> None:
    """
    T10: a Safe of two out of three with what is left of 5M, three wallets of 100k, 50k and 200k,
    and six agents with their budgets, all open.
    """
    treasury = load_treasury(EXAMPLE)
    with Anvil() as anvil:
        chain = LocalChain(anvil.url)
        founded = found_treasury(chain, treasury)
        book = founded.book
        usdc = token_at(chain, book.tokens["USDC"].address)
        assert book.multi_send is not None
        safe = Safe(chain, book.safe, book.multi_send)

        assert (safe.fetch_threshold(), len(safe.fetch_owners())) == (2, 3)
        assert safe.fetch_modules() == ()
        balances = {name: usdc.view("balanceOf", at) // 10**6 for name, at in book.wallets.items()}
        assert balances == {"trading": 100_000, "operations": 50_000, "defi": 200_000}
        assert usdc.view("balanceOf", book.safe) == 4_650_000 * 10**6
        for plan in treasury.wallets:
            wallet = wallet_at(chain, book.wallets[plan.name])
            assert wallet.view("sealed")
            assert wallet.view("payment_delay") == plan.payment_delay
            for line in plan.budgets:
                agent = book.agents[line.agent.name].address
                found = wallet.view("budget", agent, usdc.address, line.category.value)
                assert found == line.budget
                organization = organization_at(chain, book.organization)
                assert not organization.view("is_stopped", wallet.address, agent)


def test_found_treasury__twice__finds_everything_and_changes_nothing() -> None:
    """
    Idempotent: the same book, no wallet made, no transaction sent.
    """
    with Anvil() as anvil:
        chain = LocalChain(anvil.url)
        first = found_treasury(chain, load_devnet_treasury(None))
        height = chain.fetch_height()

        second = found_treasury(chain, load_devnet_treasury(None))

        assert second.book == first.book
        assert (first.made, second.made) == (2, 0)
        assert chain.fetch_height() == height


@pytest.fixture(scope="module")
def whole() -> AddressBook:
    """
    What comes of it where nobody interrupts.
    """
    with Anvil() as anvil:
        return found_treasury(LocalChain(anvil.url), load_devnet_treasury(None)).book


@pytest.mark.parametrize("step", [1, 4, 7, 8, 9, 10, 11])
def test_found_treasury__interrupted__goes_on_where_it_was(whole: AddressBook, step: int) -> None:
    """
    Ctrl-C after any transaction: the next run makes what is missing, and the same comes of it.
    """
    treasury = load_devnet_treasury(None)
    with Anvil() as anvil:
        chain = InterruptedChain(anvil.url, step)
        with pytest.raises(KeyboardInterrupt):
            found_treasury(chain, treasury)

        resumed = found_treasury(LocalChain(anvil.url), treasury)

        here = {"rpc_url": anvil.url, "block": resumed.book.block}
        assert resumed.book == whole.model_copy(update=here)
        usdc = token_at(LocalChain(anvil.url), resumed.book.tokens["USDC"].address)
        assert usdc.view("balanceOf", resumed.book.safe) == 940_000 * 10**6


class InterruptedChain(LocalChain):
    """
    One on which somebody presses Ctrl-C after so many transactions.
    """

    def __init__(self, url: str, after: int) -> None:
        super().__init__(url)
        self._left = after

    def _send(self, *arguments: Any) -> Any:
        receipt = super()._send(*arguments)
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return receipt


def test_found_treasury__a_wallet_more__is_added_to_what_stands() -> None:
    """
    The file grows while the chain runs: the new wallet is made and filled, the others stay.
    """
    more = """
  support:
    tokens:
      USDC: {daily: 100, max_balance: 400_000, refill_to: 400_000}
"""
    grown = (EXAMPLE.read_text() + more).replace("5_000_000", "6_000_000")
    with Anvil() as anvil:
        chain = LocalChain(anvil.url)
        first = found_treasury(chain, read_treasury(EXAMPLE.read_text().replace("5_000_", "350_")))

        second = found_treasury(chain, read_treasury(grown))

        assert second.made == 1
        assert second.book.wallets.items() > first.book.wallets.items()
        usdc = token_at(chain, second.book.tokens["USDC"].address)
        assert usdc.view("balanceOf", second.book.wallets["support"]) == 400_000 * 10**6


def test_found_treasury__native_currency_and_addresses_of_others() -> None:
    """
    Ether is refilled as ether; keys that nobody has here are replaced, and that is told.
    """
    address = "0x00000000000000000000000000000000000bEEf1"
    text = EXAMPLE.read_text().replace("  trading-1: {address: devnet", f"  trading-1: {{address: "
                                       f'"{address}"')  # fmt: skip
    text = text.replace("{USDC: 5_000_000}", "{USDC: 5_000_000, NATIVE: 9}").replace(
        "      USDC: {daily: 20_000,", "      NATIVE: {daily: 1, max_balance: 5, refill_to: 3}\n"
        "      USDC: {daily: 20_000,"
    ).replace("{agent: trading-1,", "{agent: trading-1, token: USDC,").replace(
        "{agent: trading-2,", "{agent: trading-2, token: USDC,"
    )  # fmt: skip
    with Anvil() as anvil:
        chain = LocalChain(anvil.url)
        founded = found_treasury(chain, read_treasury(text))

        assert chain.fetch_balance(founded.book.wallets["trading"]) == 3 * 10**18
        assert founded.replaced == {"agent trading-1": address}
        assert founded.book.agents["trading-1"].address != address
        assert NATIVE not in {token.address for token in founded.book.tokens.values()}


def test_devnet__runs__and_leaves_nothing(tmp_path: Path) -> None:
    """
    Files for others to read while it runs; afterwards no file, no process, no answer.
    """
    with devnet(tmp_path, "--port", "0") as book:
        assert book.rpc_url is not None
        assert LocalChain(book.rpc_url).chain_id == 31337
        assert sorted(path.name for path in (tmp_path / ".bursar").iterdir()) == sorted(FILES)
        text = (tmp_path / ".bursar" / "devnet.env").read_text()
        assert "never use them anywhere else" in text
        assert f"BURSAR_RPC_URL={book.rpc_url}" in text

    assert list((tmp_path / ".bursar").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("pause", [0.3, 1.0, 1.5, 2.2, 4.0])
def test_devnet__interrupted_at_any_time__leaves_nothing(tmp_path: Path, pause: float) -> None:
    """
    Ctrl-C while it loads, starts, deploys, writes or runs.
    """
    process = start(tmp_path, "--port", "0")
    time.sleep(pause)
    children = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert process.returncode in (0, 130, -signal.SIGINT)
    if process.returncode != -signal.SIGINT:  # Python itself had not begun to listen
        assert pause < 1 or "Traceback" not in errors
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert list((tmp_path / "tmp").iterdir()) == []
    left = tmp_path / ".bursar"
    assert not left.exists() or list(left.iterdir()) == []


def children_of(pid: int) -> list[str]:
    """
    The processes that it has started, by id.
    """
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def test_devnet__second_on_the_same_port__says_what_to_do(tmp_path: Path) -> None:
    """
    A devnet, another chain and another program are told apart.
    """
    port = free_port()
    with devnet(tmp_path, "--port", str(port)) as book:
        second = run(tmp_path, "--port", str(port))
        assert second.returncode == 1
        assert f"--attach http://127.0.0.1:{port}" in second.stderr
        assert f"--port {port + 1}" in second.stderr
        # The first one's files are still the first one's.
        assert AddressBook.load(tmp_path / ".bursar" / "devnet.json") == book

    with Anvil() as anvil:
        other = run(tmp_path, "--port", anvil.url.rpartition(":")[2])
        assert other.returncode == 1
        assert "no devnet yet" in other.stderr

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.1)
        taken = run(tmp_path, "--port", str(server.getsockname()[1]), "--json")
        assert taken.returncode == 1
        assert "another program" in json.loads(taken.stdout)["error"]["message"]


def test_devnet__attached_twice__recognises_what_it_has_deployed(tmp_path: Path) -> None:
    """
    Returns at once, the same both times; the chain goes on, and so do the files.
    """
    with Anvil() as anvil:
        first = run(tmp_path, "--attach", anvil.url, "--json")
        second = run(tmp_path, "--attach", anvil.url, "--json")
        assert LocalChain(anvil.url).chain_id == 31337

    told = json.loads(first.stdout), json.loads(second.stdout)
    assert (told[0]["created_wallets"], told[1]["created_wallets"]) == (2, 0)
    assert told[0]["book"] == told[1]["book"]
    assert (tmp_path / ".bursar" / "devnet.json").exists()


def test_devnet__attached_to_nothing__or_to_no_anvil__says_so(tmp_path: Path) -> None:
    """
    Public keys are set up on local chains only.
    """
    done = run(tmp_path, "--attach", "http://127.0.0.1:1")

    assert done.returncode == 1
    assert "Nothing answers at http://127.0.0.1:1" in done.stderr
    assert not (tmp_path / ".bursar").exists()


def test_devnet__fork__has_the_chain_and_its_contracts(tmp_path: Path) -> None:
    """
    A fork of another chain: its id, its state, and a whole treasury on top; the other chain sees
    nothing of it.
    """
    with Anvil(chain_id=8453) as original:
        base = LocalChain(original.url)
        usdc = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
        code = token_code()
        base.rpc.request("anvil_setCode", usdc, f"0x{code.hex()}")
        base.warp(by=12)
        height = base.fetch_height()
        with open_devnet(load_devnet_treasury(None), port=0, fork_url=original.url) as forked:
            book = forked.founded.book
            assert (forked.chain.chain_id, book.chain_id) == (8453, 8453)
            assert book.tokens["USDC"].address == usdc
            wallet = book.wallets["operations"]
            assert token_at(forked.chain, usdc).view("balanceOf", wallet) == 10_000 * 10**6
        assert base.fetch_height() == height
        assert base.fetch_code(book.organization) == b""


def token_code() -> bytes:
    """
    The runtime code of a test token.
    """
    from bursar.devnet.contracts import find_token

    with Anvil() as anvil:
        chain = LocalChain(anvil.url)
        return chain.fetch_code(find_token(chain, "USDC", 6).address)


def test_devnet__fork_of_nothing__says_so(tmp_path: Path) -> None:
    """
    At once, and not after anvil's own patience.
    """
    done = run(tmp_path, "--port", "0", "--fork-url", "http://127.0.0.1:1")

    assert done.returncode == 1
    assert "--fork-url" in done.stderr


def test_devnet__bad_file__tells_every_problem(tmp_path: Path) -> None:
    """
    As `validate` does; nothing is started.
    """
    bad = tmp_path / "bad.yaml"
    bad.write_text(EXAMPLE.read_text().replace("threshold: 2", "threshold: 1"))

    done = run(tmp_path, "--file", str(bad))

    assert done.returncode == 1
    assert "fix:" in done.stderr
