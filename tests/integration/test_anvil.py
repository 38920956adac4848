"""
The local chain against a real anvil: it answers, it ends, and it says why when it cannot start.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bursar.chain.anvil import Anvil, AnvilError, find_anvil

ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def runs(pid: int) -> bool:
    """
    True while the process exists and is not just waiting to be collected.
    """
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() != "" and not done.stdout.strip().startswith("Z")


def wait_until_gone(pid: int, seconds: float = 10.0) -> bool:
    """
    True if the process ends within the time.
    """
    deadline = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def fake_anvil(folder: Path, body: str) -> Path:
    """
    Something that is started in anvil's place.
    """
    script = folder / "fake-anvil"
    script.write_text("#!/bin/sh\n" + body)
    script.chmod(0o755)
    return script


def test_anvil__started__answers_with_its_chain_id() -> None:
    """
    Within the block the chain is there, with the id that was asked for.
    """
    with Anvil(chain_id=4242) as anvil:
        assert anvil.chain_id == 4242
        assert int(anvil.request("eth_chainId"), 16) == 4242
        assert anvil.websocket_url.replace("ws://", "http://") == anvil.url


def test_anvil__two_at_once__have_ports_of_their_own() -> None:
    """
    Any number can run beside each other without agreeing on ports.
    """
    with Anvil() as one, Anvil() as other:
        one.request("evm_mine")

        assert one.url != other.url
        assert int(one.request("eth_blockNumber"), 16) == 1
        assert int(other.request("eth_blockNumber"), 16) == 0


def test_anvil__options__reach_the_chain() -> None:
    """
    Gas limit, first timestamp and mining only on demand are what was asked for.
    """
    with Anvil(gas_limit=1_000_000_000, timestamp=2_000_000_000, mine=False) as anvil:
        block = anvil.request("eth_getBlockByNumber", "latest", False)
        transaction = {"from": ACCOUNT, "to": ACCOUNT, "value": "0x1"}
        anvil.request("eth_sendTransaction", transaction)

        assert int(block["gasLimit"], 16) == 1_000_000_000
        assert int(block["timestamp"], 16) == 2_000_000_000
        assert int(anvil.request("eth_blockNumber"), 16) == 0
        anvil.request("evm_mine")
        mined = anvil.request("eth_getBlockByNumber", "latest", False)
        assert len(mined["transactions"]) == 1


@pytest.mark.parametrize(
    ("hardfork", "has_requests_hash"), [("cancun", False), ("prague", True)], ids=str
)
def test_anvil__hardfork__is_the_one_asked_for(hardfork: str, has_requests_hash: bool) -> None:
    """
    Prague's block header carries a requests hash and Cancun's does not.
    """
    with Anvil(hardfork=hardfork) as anvil:  # type: ignore[arg-type]
        block = anvil.request("eth_getBlockByNumber", "latest", False)

    assert (block.get("requestsHash") is not None) is has_requests_hash


def test_anvil__block_time__mines_without_transactions() -> None:
    """
    With a block time the chain moves by itself.
    """
    with Anvil(block_time=1) as anvil:
        deadline = time.monotonic() + 10
        while int(anvil.request("eth_blockNumber"), 16) == 0 and time.monotonic() < deadline:
            time.sleep(0.05)

        assert int(anvil.request("eth_blockNumber"), 16) >= 1


def test_anvil__history__keeps_recent_states_and_drops_older_ones() -> None:
    """
    Reading at a recent block works, and old states do not pile up.
    """
    with Anvil(history=10) as anvil:
        anvil.request("anvil_mine", hex(30))

        assert int(anvil.request("eth_getBalance", ACCOUNT, hex(25)), 16) > 0
        with pytest.raises(AnvilError, match="BlockOutOfRange"):
            anvil.request("eth_getBalance", ACCOUNT, hex(5))


def test_anvil__fork__serves_the_state_of_the_other_chain() -> None:
    """
    A fork starts from the other node's state and id.
    """
    holder = "0x" + "ab" * 20  # not one of anvil's own accounts: it gives those their ether anew
    with Anvil(chain_id=77) as origin:
        origin.request("anvil_setBalance", holder, hex(123))
        with Anvil(fork_url=origin.url) as fork:
            assert fork.chain_id == 77
            assert int(fork.request("eth_getBalance", holder, "latest"), 16) == 123


def test_anvil__stopped__process_and_folder_are_gone() -> None:
    """
    Nothing is left behind, and stopping twice is harmless.
    """
    anvil = Anvil().start()
    pid, home = anvil.pid, anvil._home
    assert pid is not None
    assert home is not None

    anvil.stop()
    anvil.stop()

    assert not runs(pid)
    assert not home.exists()
    assert anvil.pid is None


def test_anvil__stopped__can_be_started_again() -> None:
    """
    A restart gives a fresh chain.
    """
    anvil = Anvil()
    with anvil:
        anvil.request("evm_mine")
    with anvil:
        assert int(anvil.request("eth_blockNumber"), 16) == 0


def test_anvil__exception_in_the_block__process_is_gone() -> None:
    """
    An exception passes through and the chain ends all the same.
    """
    pid = None
    with pytest.raises(RuntimeError, match="inside"), Anvil() as anvil:
        pid = anvil.pid
        raise RuntimeError("inside")

    assert pid is not None
    assert not runs(pid)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=str)
def test_anvil__parent_killed__process_and_folder_are_gone(
    ending: signal.Signals, tmp_path: Path
) -> None:
    """
    The chain does not outlive the program that started it, however that ends.
    """
    program = """
        import time
        from bursar.chain.anvil import Anvil
        anvil = Anvil().start()
        print(anvil.pid, anvil._home, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    pid, home = parent.stdout.readline().split()
    assert runs(int(pid))

    parent.send_signal(ending)
    parent.communicate()

    assert wait_until_gone(int(pid))
    deadline = time.monotonic() + 10
    while Path(home).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(home).exists()


def test_anvil__port_taken__says_so_with_anvils_own_words() -> None:
    """
    A port that somebody else listens on is an error that names the port, not an endless wait.
    """
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(AnvilError, match=rf"(?s)--port {port}.*in use"):
            Anvil(port=port).start()


def test_anvil__port_taken_by_another_anvil__is_not_mistaken_for_ours() -> None:
    """
    The neighbour answers on that port, with another chain. That must not count as started.
    """
    with Anvil(chain_id=1) as neighbour:
        port = int(neighbour.url.rpartition(":")[2])

        with pytest.raises(AnvilError, match="in use"):
            Anvil(port=port, chain_id=2).start()


def test_anvil__dies_at_start__error_shows_what_it_printed(tmp_path: Path) -> None:
    """
    The reason is in the message; nobody has to look for a log.
    """
    binary = fake_anvil(tmp_path, "echo 'no such hardfork' >&2; exit 3\n")

    with pytest.raises(AnvilError, match=r"(?s)ended instead of starting.*no such hardfork"):
        Anvil(binary=binary).start()


def test_anvil__never_answers__is_ended_after_the_timeout(tmp_path: Path) -> None:
    """
    A binary that hangs is an error after the timeout, and it is killed with all its children.
    """
    pids = tmp_path / "pids"
    binary = fake_anvil(tmp_path, f"sleep 60 & echo $! > {pids}; wait\n")

    with pytest.raises(AnvilError, match=r"did not answer within 0\.5 s"):
        Anvil(binary=binary, start_timeout=0.5).start()

    assert wait_until_gone(int(pids.read_text()))


def test_anvil__started_twice__is_refused() -> None:
    """
    A second start of the same object would lose the first process.
    """
    with Anvil() as anvil, pytest.raises(AnvilError, match="already runs"):
        anvil.start()


def test_anvil__contradicting_options__are_refused() -> None:
    """
    What cannot both hold is refused before anything starts.
    """
    with pytest.raises(ValueError, match="exclude each other"):
        Anvil(block_time=1, mine=False)
    with pytest.raises(ValueError, match="needs fork_url"):
        Anvil(fork_block=1)


def test_find_anvil__environment_names_it__wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    BURSAR_ANVIL comes before everything else.
    """
    real = find_anvil()
    named = tmp_path / "elsewhere"
    named.symlink_to(real)
    monkeypatch.setenv("BURSAR_ANVIL", str(named))

    assert find_anvil() == real


def test_find_anvil__environment_names_nothing__is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A wrong BURSAR_ANVIL is said, not silently replaced by another binary.
    """
    monkeypatch.setenv("BURSAR_ANVIL", str(tmp_path / "missing"))

    with pytest.raises(AnvilError, match="BURSAR_ANVIL"):
        find_anvil()


def test_find_anvil__tools_folder_above__is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    From anywhere inside a project its own `.tools/bin/anvil` is used, before the PATH's.
    """
    binary = tmp_path / ".tools" / "bin" / "anvil"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(b"\x7fELF")
    binary.chmod(0o755)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.delenv("BURSAR_ANVIL", raising=False)
    monkeypatch.chdir(below)

    assert find_anvil() == binary.resolve()


def test_find_anvil__only_a_script__is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A wrapper script on the PATH is no anvil, and the error says what to do.
    """
    script = tmp_path / "anvil"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr("bursar.chain.anvil.__file__", str(tmp_path / "anvil.py"))
    monkeypatch.delenv("BURSAR_ANVIL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    with pytest.raises(AnvilError, match="make setup"):
        find_anvil()
