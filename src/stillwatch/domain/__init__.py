"""The nouns: table schemas, families of evidence, limits, errors and the keyed hash.

Every stage imports from here and no stage imports another; what they exchange is a table of
`tables.py`. Nothing here reads a file, a clock or the environment.
"""
