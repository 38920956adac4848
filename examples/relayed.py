"""
An agent without any native currency pays: it signs, and somebody with gas brings the payment.

    python examples/relayed.py vendor 10.00, with the environment of a devnet and BURSAR_RELAYER_KEY
"""

import sys

from bursar.agent import AgentWallet, Relayer, SignedPayment

to, amount = sys.argv[1:]

# Where the agent runs: a key that signs, and no gas.
signed = AgentWallet.connect().sign_payment("USDC", to, amount, category="refund")
if not isinstance(signed, SignedPayment):
    sys.exit(f"{signed.status} {signed.message}")
text = signed.to_json()

# Anywhere else: a key with gas, and no rights.
payment = Relayer.connect().relay(SignedPayment.from_json(text))
print(payment.status, payment.message)
print("replayed:", Relayer.connect().relay(signed).message)
