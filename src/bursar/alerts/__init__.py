"""
What people are told without asking.

    state + balances + settings → rules → raised, cleared (the store) → outbox → channels

The rules are pure. Nothing here sends a transaction, drafts one, or asks for one: a low balance is
an alert and nothing else.
"""
