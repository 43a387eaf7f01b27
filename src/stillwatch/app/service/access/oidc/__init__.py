"""People of an identity provider: OpenID Connect, authorisation code with PKCE.

`provider` knows the issuer's addresses and keys, `flow` sends a browser there and takes it back,
`tokens` believes an identity token or not, `roles` reads what it says, `enter` lets its person in.
Nothing but the issuer that the operator names is ever asked, over TLS or on this machine.
"""
