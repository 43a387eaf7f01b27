"""Which exchanges of a group are what it has in common, and which lives of their own.

Second step of *detect*: exchanges get a membership (`membership`, `densities`), from passages and,
where a queue gave some of its requests away (`handed_on`), from what these are like (`streams`);
accounts get what their traffic says (`members`).
"""
