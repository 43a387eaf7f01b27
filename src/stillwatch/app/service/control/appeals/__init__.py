"""Appeals: a public page behind a link that nobody can guess, and the reviewer's side of it.

`links` says which link an account has, `seen` what its holder may see, `public` and `page` show it
and take the appeal; `reviewing` and `evidence` are for those who answer it.
"""

from stillwatch.app.service.control.appeals import public, reviewing
from stillwatch.app.service.control.appeals.links import AppealLinks

ROUTERS = (public.router, reviewing.router)

__all__ = ["ROUTERS", "AppealLinks"]
