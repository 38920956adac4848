"""
An agent that pays once: `python examples/agent.py vendor 10.00`, with the environment of a devnet.
"""

import sys

from bursar.agent import AgentWallet

wallet = AgentWallet.connect()
to, amount = sys.argv[1:]
payment = wallet.pay("USDC", to, amount, category="refund", reference="order-123")
print(payment.status, payment.message)
if payment.remaining:
    print(payment.remaining.day_formatted, "left today")
