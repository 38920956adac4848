"""
What Bursar keeps on this machine. The chain is the authority; this is a record and a cache.
"""
