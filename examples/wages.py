"""
Many payments in one transaction, all or none: `python examples/wages.py vendor 1.50 clerk 2`.
"""

import sys

from bursar.agent import AgentWallet

names, amounts = sys.argv[1::2], sys.argv[2::2]
wages = [
    (name, amount, f"wage-{n}") for n, (name, amount) in enumerate(zip(names, amounts, strict=True))
]
batch = AgentWallet.connect().pay_many("USDC", wages, category="refund")
print(batch.status, batch.message)
for payment in batch.payments:
    print(payment.reference, payment.amount_formatted, payment.code or payment.status)
