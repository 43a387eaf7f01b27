"""The language of policies: YAML text in, a policy or a list of problems out.

`compose` gives nodes that know their place, `values` reads them by type, `asking`, `rules`,
`guarding` and `reading` read the parts of a policy, `reach` finds rules that never match.
`published` is the schema for other tools. What can be asked is in `conditions`, beside this folder.
"""
