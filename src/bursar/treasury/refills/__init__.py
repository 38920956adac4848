"""
Refills with evidence: what people look at, what they confirm, and what they then sign.

    Report → checklist, confirmed by named people → approval → Safe draft → signatures → funds

A refill is begun and carried by people alone: no service imports this package, and a test says so.
"""
