"""Standard Webhooks, sent and received.

::

    sender = Sender([secret])                       # "whsec_..", as the receiver has it
    id = message_id()                               # the same for each attempt
    client.post(url, content=body, headers=sender.sign(id, body))

    receiver = Receiver("billing", [secret], SharedRing("/run/billing/ring", past_seconds=300, future_seconds=300))
    received = receiver.receive(headers, body)      # the raw body; whatever fails raises WebhookError
    received.id

A receiver takes each delivery once. A sender that tries again signs anew, so whoever must act once for each message
remembers `received.id`, for longer than the sender tries; such programs may leave the store out, and call `check`.
`counterseal.fastapi.ReceivedWebhook` is the dependency for FastAPI.

While a secret is rotated either side has both: a sender signs with each of its secrets, a receiver tries each of its.

What it does not protect: method, target and fields of the request; use TLS. Whoever can verify can also sign.
"""

from counterseal._counterseal import Received, Receiver, Sender, message_id

__all__ = ["Received", "Receiver", "Sender", "message_id"]
