"""Sessions that go on by refresh tokens.

::

    refresher = Refresher(confirmation="wired", within_seconds=86_400, signing=(1, secret))

    begun = refresher.begin_session("login", "ada", client="web", user_ver=0, device="Firefox on Linux").run(store)
    begun.token, begun.session.id                   # for the cookie, and for `session` of the access token

    refreshed = refresher.refresh(token, client="web").run(store)      # whatever fails raises RefreshError
    if refreshed.token is not None:
        ...                                         # the client stores it before it uses the access token

Each token has one successor. A request whose answer was lost is answered with the same one again, however late, for
`within_seconds`; a token that is used after its successor was ends the session, for thief and owner alike. A store
keeps one row for each session, and nothing in it opens one.

`confirmation` says how it is known that a client has stored what it was given. `wired`: the service calls `confirm`
when an access token of that generation comes from the client's own store in a later request; `within_seconds` may be a
week. `on_next_use`: nobody does, `within_seconds` is at most ten minutes, and who follows slowly with a copy is not
found.

An access token for the session is minted with `session=refreshed.session.id`,
`generation=refreshed.session.generation`, and `user_ver=refreshed.session.user_ver`. Where no cookie can be set,
`mint` gives an access token without a new refresh token; let it live for a few minutes.

A session that has ended has access tokens that live on for a few minutes. Who verifies them can look at which sessions
have ended, with no secret, as `SessionWatch` does; `refresh_access_ended` is what it refuses them with.

`RefreshError.clears_cookies` says whether the client is to forget its tokens. It is false for whoever lost a race:
clearing then would take away what the winner was given.

Why a token is refused, for your log: `refresher.explain(token, client="web").run(store)` looks at the session, writes
nothing, and tells each check with what it compared. `inspect(token)` shows what stands in a token that was found
somewhere, without any secret: the session that an operator may end. Neither shows what would open the session.

What it does not protect: who uses a stolen token right after its owner did, each time, is found only where the session
is bound to a key or to the secret of a device.
"""

from counterseal._counterseal import EndedSessions, Refreshed, Refresher, Session, SessionFeed
from counterseal._counterseal import inspect_refresh_token as inspect
from counterseal._session_watch import SessionWatch

__all__ = ["EndedSessions", "Refreshed", "Refresher", "Session", "SessionFeed", "SessionWatch", "inspect"]
