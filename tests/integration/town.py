"""
A chain with a real Safe on it and nobody's organisation yet: for those who deploy one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.chain.anvil import Anvil
from bursar.chain.contracts import (
    deploy_token,
)
from bursar.chain.deployment import (
    Created,
    Deployment,
)
from bursar.chain.deployment_plan import Plan, parse_plan
from bursar.chain.local import LocalChain
from bursar.chain.reader import Call
from bursar.chain.safe import Safe
from bursar.chain.safe_setup import SafeContracts, create_safe, deploy_safe_contracts
from bursar.chain.safe_transaction import sign
from bursar.chain.verification import Expected, Status, verify
from bursar.types import HOUR, NATIVE, Address, checksummed
from scripts import deploy as script

NOBODY = checksummed("0x" + "ab" * 20)


class Town:
    """
    A chain with a Safe of two out of three owners, and people who deploy nothing yet.
    """

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.deployer = chain.new_account("deployer")
        self.owners = [chain.new_account(f"owner {number}") for number in range(3)]
        self.guardian = address_of(chain.new_account("guardian"))
        self.keeper = address_of(chain.new_account("keeper"))
        self.agent = address_of(chain.new_account("agent"))
        self.contracts: SafeContracts = deploy_safe_contracts(chain, self.deployer)
        self.safe = self.new_safe(threshold=2)
        self.usdc = deploy_token(chain, self.deployer, "USD Coin", "USDC", 6)

    def new_safe(self, threshold: int) -> Safe:
        owners = [address_of(owner) for owner in self.owners]
        return create_safe(self.chain, self.deployer, self.contracts, owners, threshold)

    def values(self, **changed: Any) -> dict[str, Any]:
        """
        A file's content: everything in order, two wallets.
        """
        usual = {
            "chain_id": self.chain.chain_id,
            "treasury": self.safe.address,
            "guardians": [self.guardian],
            "keepers": [self.keeper],
            "change_delay": "2d",
            "heartbeat_timeout": "1h",
            "wallets": [self.wallet_values(), {"name": "support"}],
        }
        return usual | changed

    def wallet_values(self, **changed: Any) -> dict[str, Any]:
        usdc = self.usdc.address
        usual = {
            "name": "trading",
            "limits": [
                {"token": usdc, "daily": 5_000_000, "max_balance": 9_000_000},
                {"token": NATIVE, "daily": 1_000, "max_balance": "never"},
            ],
            "budgets": [
                {
                    "agent": self.agent,
                    "token": usdc,
                    "category": "refund",
                    "per_payment": 1_000_000,
                    "hourly": 2_000_000,
                    "daily": 3_000_000,
                    "queue_from": "never",
                    "max_payments": 10,
                    "expires_at": 800_000 * HOUR,
                }
            ],
            "recipients": [self.keeper],
            "payment_delay": "30m",
            "grace": "12h",
            "open": True,
        }
        return usual | changed

    def write_file(self, path: Path, **changed: Any) -> Path:
        """
        A treasury.yaml with two wallets.
        """
        usdc = {"USDC": {"daily": "5", "max_balance": "9"}}
        budget = {"agent": "bot", "category": "refund", "daily": "3", "per_payment": "1"}
        file = {
            "organisation": {"name": "acme", "change_delay": "2d", "heartbeat_timeout": "1h"}
            | changed,
            "chain": {"id": self.chain.chain_id, "rpc_url": self.chain.rpc.url},
            "safe": {"address": self.safe.address},
            "guardians": {"dana": self.guardian},
            "keepers": {"watch": self.keeper},
            "agents": {"bot": {"address": self.agent}},
            "tokens": {"USDC": {"address": self.usdc.address, "decimals": "6"}},
            "categories": ["refund"],
            "wallets": {
                "trading": {"tokens": usdc, "budgets": [budget]},
                "support": {"tokens": usdc},
            },
        }
        path.write_text(json.dumps(file))  # which is YAML
        return path

    def plan(self, **changed: Any) -> Plan:
        return parse_plan(self.values(**changed))

    def create(self, code: bytes) -> Created:
        receipt = self.chain.deploy(self.deployer, code)
        assert receipt.created is not None
        return Created(receipt.created, f"0x{receipt.transaction.hex()}", receipt.block)

    def deploy(self, out: Path, plan: Plan | None = None, **options: Any) -> Deployment:
        deployer = address_of(self.deployer)
        return script.run(self.chain, plan or self.plan(), self.create, deployer, out, **options)

    def by_treasury(self, *calls: Call) -> None:
        """
        Two owners sign, somebody else sends it.
        """
        transaction = self.safe.build(*calls)
        signatures = [sign(transaction, owner) for owner in self.owners[:2]]
        self.safe.execute(self.deployer, transaction, signatures)

    def execute(self, batch: Path) -> None:
        """
        What the Safe's owners do with the batch's file.
        """
        calls = json.loads(batch.read_text())["transactions"]
        self.by_treasury(
            *(
                Call(checksummed(call["to"]), bytes.fromhex(call["data"][2:]), int(call["value"]))
                for call in calls
            )
        )

    def differing(self, expected: Expected | Deployment) -> set[tuple[str, str]]:
        """
        What differs, of what (without its address).
        """
        if isinstance(expected, Deployment):
            expected = Expected.of(expected)
        findings = verify(self.chain, expected)
        return {(f.subject.split(" 0x")[0], f.what) for f in findings if f.status == Status.DIFFERS}


def address_of(key: LocalAccount) -> Address:
    """
    The address of a key.
    """
    return checksummed(key.address)


def batch_of(out: Path) -> Path:
    """
    The file for the Safe's owners.
    """
    (path,) = out.glob("*.wallets-0.json")
    return path


@contextmanager
def founded_town() -> Iterator[Town]:
    """
    On an anvil of its own.
    """
    with Anvil() as anvil:
        yield Town(LocalChain(anvil.url))
