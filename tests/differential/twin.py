"""
The compiled contracts and the Python model side by side: every call goes to both, and they must
agree on accept or refuse, on the reason, on what is returned and on every log, to the byte.

    Call → pyrevm ┐
                  ├→ equal? → next
    Call → decide ┘
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bursar import reference
from bursar.reasons import Reason
from bursar.reference import PLAIN, TOKEN_BALANCE, Accepted, Call, Ledger, Refused
from bursar.state import State, apply_event
from bursar.types import DAY, MAX_UINT256, NATIVE, ZERO_ADDRESS, Address
from tests.differential.naming import Names
from tests.differential.plain import Logs, plain
from tests.harness.evm import Contract, Evm, Reverted, actor, compiled
from tests.harness.signing import SigningContract, key

PLENTY = 10**30
WEI = 10**24

# The name of a call whose calldata names no function of the target.
UNKNOWN = "__unknown__"


class DisagreementError(AssertionError):
    """
    The contracts and the model differ; the message says where.
    """


class Twin:
    """
    One organisation and its tokens, twice. `step` makes a call in both.

    The third token is hostile as far as the model can follow: it can be told to answer "false".
    """

    def __init__(self, change_delay: int = 2 * DAY) -> None:
        self.evm = Evm()
        self.model = State()
        self.ledger = Ledger()
        self.calls = 0
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.names = Names()
        self.deployer = actor("deployer")
        self.treasury = Address(actor("treasury"))
        self.guardians = [Address(actor(f"guardian {i}")) for i in range(2)]
        self.keepers = [Address(actor(f"keeper {i}")) for i in range(2)]
        self.agents = [key(f"agent {i}").address for i in range(4)]
        self.stranger = Address(actor("stranger"))
        self.recipients = [Address(actor(f"recipient {i}")) for i in range(3)]
        # Tokens that answer "false" now.
        self.refusing: set[Address] = set()
        self.wallets: list[Contract] = []
        self._contracts: dict[str, Contract] = {}
        self._logs = Logs((compiled("Organization.vy"), compiled("HotWallet.vy")), self.treasury)
        self._deploy_tokens()
        self._deploy_organization(change_delay)
        # An agent that is a contract: it signs (ERC-1271) and never calls.
        self.signer = SigningContract(self.evm, self.deployer)
        self.ledger.contracts.add(self.signer.address)
        self.ledger.refusing_native.add(self.signer.address)
        self._name_everybody()

    def _name_everybody(self) -> None:
        give = self.names.give
        for name in ("treasury", "stranger", "deployer"):
            give(getattr(self, name), name)
        for name in ("guardian", "keeper", "agent", "recipient"):
            for number, address in enumerate(getattr(self, f"{name}s")):
                give(address, f"{name} {number}")
        for name, address in zip(("T6", "T18", "hostile"), self.token_addresses, strict=True):
            give(address, name)
        give(NATIVE, "native")
        give(self.organization.address, "organization")
        give(self.signer.address, "signer")

    @property
    def now(self) -> int:
        return self.evm.at

    def _deploy_tokens(self) -> None:
        artifact, deployer = compiled("testing/TestToken.vy"), self.deployer
        tokens = [
            self.evm.deploy(artifact, "Token", f"T{decimals}", decimals, sender=deployer)
            for decimals in (6, 18)
        ]
        tokens.append(self.evm.deploy(compiled("testing/HostileToken.vy"), sender=deployer))
        self.tokens = {Address(token.address): token for token in tokens}
        self.token_addresses = list(self.tokens)
        self.hostile = self.token_addresses[-1]
        self.ledger.contracts.update(self.token_addresses)
        self.ledger.refusing_native.update(self.token_addresses)
        self.evm.fund(self.treasury, WEI)
        self.ledger.mint(NATIVE, self.treasury, WEI)
        for address in self.token_addresses:
            self.mint(address, self.treasury, PLENTY)

    def _deploy_organization(self, change_delay: int) -> None:
        blueprint = compiled("HotWallet.vy").blueprint
        self.blueprint = Address(self.evm.deploy_code(blueprint, self.deployer))
        self.ledger.contracts.add(self.blueprint)
        self.ledger.blueprints.add(self.blueprint)
        arguments = (self.treasury, self.guardians, self.keepers, change_delay, MAX_UINT256)
        decision = self.found(*arguments)
        assert isinstance(decision, Accepted)
        self.founding = decision.events
        for event in self.founding:
            apply_event(self.model, event)

    def found(self, treasury: Address, *rest: Any) -> Accepted | Refused:
        """
        Deploy an organisation on both sides. The first one is the twin's own.
        """
        decision: Accepted | Refused
        self.calls += 1
        try:
            with self._code_at(treasury):
                deployed = self.evm.deploy(
                    compiled("Organization.vy"), treasury, *rest, sender=self.deployer
                )
        except Reverted as reverted:
            decision = self._decide_founding("", treasury, *rest)
            call = Call(Address(self.deployer), ZERO_ADDRESS, "__init__", (treasury, *rest))
            self._compare_refusal(call, decision, reverted.reason)
            return decision
        decision = self._decide_founding(deployed.address, treasury, *rest)
        call = Call(Address(self.deployer), Address(deployed.address), "__init__", rest)
        self._compare_logs(call, decision)
        self.accepted["__init__"] += 1
        if not self._contracts:
            self.organization = deployed
            self._contracts[deployed.address] = deployed
            self.ledger.contracts.add(Address(deployed.address))
        return decision

    def _decide_founding(self, address: str, *arguments: Any) -> Accepted | Refused:
        decision: Accepted | Refused = reference.create_organization(
            Address(address), *arguments, now=self.now, chain=self.ledger
        )
        return decision

    @contextmanager
    def _code_at(self, treasury: Address) -> Iterator[None]:
        """
        The twin's treasury is a contract while it is checked, and an account that can call
        afterwards.
        """
        if treasury != self.treasury:
            yield
            return
        held = self.evm.balance(treasury)
        self.evm.set_code(treasury, b"\0")
        self.ledger.contracts.add(treasury)
        try:
            yield
        finally:
            self.evm.set_code(treasury, b"")
            self.evm.fund(treasury, held)

    def mint(self, token: Address, to: Address, amount: int) -> None:
        """
        Tokens out of nothing.
        """
        self.tokens[token].call("mint", to, amount, sender=self.deployer)
        self.ledger.mint(token, to, amount)

    def approve(self, token: Address, spender: Contract, amount: int) -> None:
        """
        By the treasury.
        """
        self.tokens[token].call("approve", spender.address, amount, sender=self.treasury)
        self.ledger.approve(token, self.treasury, Address(spender.address), amount)

    def set_refusing(self, refusing: bool) -> None:
        """
        Have the hostile token answer "false" from now on, or "true" again.
        """
        answer = (not refusing).to_bytes(32, "big")
        self.tokens[self.hostile].call("set_answer", answer, sender=self.deployer)
        self.refusing = {self.hostile} if refusing else set()

    def shown(self, call: Call) -> str:
        """
        A call as people read it.
        """
        return self.names.call(call)

    def contract(self, address: str) -> Contract:
        """
        The organisation or one of its wallets.
        """
        return self._contracts[address]

    def step(
        self, sender: Address, target: Contract, function: str, *args: Any, value: int = 0
    ) -> Accepted | Refused:
        """
        One call on both sides. Raises DisagreementError.
        """
        return self.judge(Call(sender, Address(target.address), function, args, value))

    def judge(self, call: Call) -> Accepted | Refused:
        """
        The same for a call that is put together already.
        """
        self.calls += 1
        target = self._contracts[call.target]
        if call.function == UNKNOWN:
            return self._judge_unknown(call)
        decision = self._decide(call)
        data = b""
        if call.function != reference.DEFAULT:
            data = target.calldata(call.function, *[plain(a) for a in call.arguments])
        try:
            output = self.evm.transact(call.sender, call.target, data, call.value)
        except Reverted as reverted:
            self._compare_refusal(call, decision, reverted.reason)
            return decision
        accepted = self._compare_logs(call, decision)
        self._compare_output(call, accepted, output)
        self._settle(call, accepted)
        return decision

    def _decide(self, call: Call) -> Accepted | Refused:
        """
        What the model says, and what the hostile token has to say to that: it comes last.
        """
        decision = reference.decide(self.model, call, now=self.now, chain=self.ledger)
        if isinstance(decision, Refused):
            # It does not say why it lacks the balance.
            if decision.reason == TOKEN_BALANCE and _token_of(call) == self.hostile:
                return Refused(self._hostile_reason(call))
            # What a refill leaves is measured after the token has answered.
            is_late = decision.reason == Reason.REFILL_MAX_BALANCE
            if is_late and _token_of(call) in self.refusing:
                return Refused(Reason.TRANSFERS_TOKEN)
            return decision
        if self.refusing and any(_moves(event, self.refusing) for event in decision.events):
            return Refused(Reason.TRANSFERS_TOKEN)
        return decision

    def _hostile_reason(self, call: Call) -> str:
        """
        Why the hostile token refuses what is more than the wallet has: at the first transfer of a
        batch already, if that can be made, else without saying why.
        """
        if self.refusing and call.function == "pay_many":
            first = call.arguments[2][0].amount
            if first <= self.ledger.balance_of(self.hostile, call.target):
                return Reason.TRANSFERS_TOKEN
        return PLAIN

    def _judge_unknown(self, call: Call) -> Refused:
        is_wallet = call.target != self.organization.address
        decision = Refused(Reason.WALLET_UNKNOWN_CALL if is_wallet else PLAIN)
        try:
            self.evm.transact(call.sender, call.target, call.arguments[0], call.value)
        except Reverted as reverted:
            self._compare_refusal(call, decision, reverted.reason)
            return decision
        raise DisagreementError(f"{self.shown(call)}: the contract takes a call of no function")

    def _compare_refusal(self, call: Call, decision: Accepted | Refused, reason: str) -> None:
        if not isinstance(decision, Refused):
            raise DisagreementError(
                f"{self.shown(call)}: the contract reverts with {reason!r}, the model accepts"
            )
        if str(decision.reason) != reason:
            said = f"reverts with {reason!r}, the model with {str(decision.reason)!r}"
            raise DisagreementError(f"{self.shown(call)}: {said}")
        self.refused[reference.DEFAULT if call.function == UNKNOWN else call.function] += 1
        self.reasons[reason] += 1

    def _compare_logs(self, call: Call, decision: Accepted | Refused) -> Accepted:
        if isinstance(decision, Refused):
            raise DisagreementError(
                f"{self.shown(call)}: the contract accepts, the model says {str(decision.reason)!r}"
            )
        found, wanted = self.evm.logs(), self._logs.expected(decision)
        if found != wanted:
            logged = [self.evm.event(log) or log for log in found]
            both = f"contract {logged}\n  model    {decision.events}"
            raise DisagreementError(f"{self.shown(call)}: logs differ:\n  {both}")
        return decision

    def _compare_output(self, call: Call, decision: Accepted, output: bytes) -> None:
        if call.function == reference.DEFAULT:
            return
        function = self._contracts[call.target].artifact.functions[call.function]
        if output != function.encode_result(plain(decision.result)):
            found = function.decode(output)
            raise DisagreementError(
                f"{self.shown(call)}: returns {found!r}, the model {decision.result!r}"
            )

    def _settle(self, call: Call, decision: Accepted) -> None:
        self.ledger.settle(call, decision, self.treasury)
        for event in decision.events:
            apply_event(self.model, event)
        self.accepted[call.function] += 1
        self._count_nested(call, decision)
        if call.function == "create_wallet":
            wallet = self.evm.at_address(compiled("HotWallet.vy"), decision.result)
            self.wallets.append(wallet)
            self._contracts[wallet.address] = wallet
            self.names.give(wallet.address, f"wallet {len(self.wallets) - 1}")
            self.ledger.contracts.add(Address(wallet.address))

    def _count_nested(self, call: Call, decision: Accepted) -> None:
        """
        `changed` and `rotated` are only ever accepted from inside a wallet's call.
        """
        if call.function == "rotate_agent":
            self.accepted["rotated"] += 1
        elif call.target != self.organization.address:
            names = [event.__class__.__name__ for event in decision.events]
            self.accepted["changed"] += "ChangeVoided" in names


# Where a payment, or a refill, names its token.
_TOKENS = {"pay": 0, "pay_many": 0, "refill": 0, "execute": 1, "pay_signed": 1}


def _token_of(call: Call) -> Any:
    place = _TOKENS.get(call.function)
    return None if place is None else call.arguments[place]


def _moves(event: Any, tokens: set[Address]) -> bool:
    """
    Whether the event goes with a transfer of one of the tokens.
    """
    name = event.__class__.__name__
    if name not in ("Paid", "PaymentExecuted", "Refilled", "Swept"):
        return False
    return event.token in tokens and (name != "Swept" or event.amount != 0)
