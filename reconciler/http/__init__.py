"""HTTP for sources and targets: signed in, paced, tried again by meaning, and bounded.

What does no harm twice is asked again; of a POST that may have been carried out, the caller is told. No
secret is in any message: neither headers, nor queries, nor what a server answered.
"""

from reconciler.http.client import LARGEST, LONGEST_PAUSE, TRIES, WORKERS, Answer, Client
from reconciler.http.errors import TIMEOUT, LostAnswerError, RefusedError, TokenRefusedError
from reconciler.http.gate import Clock, Gate, SystemClock
from reconciler.http.signin import ClientCredentials, Credentials, Fixed, SignIn, Token, ask_for_token

__all__ = [
    "LARGEST",
    "LONGEST_PAUSE",
    "TIMEOUT",
    "TRIES",
    "WORKERS",
    "Answer",
    "Client",
    "ClientCredentials",
    "Clock",
    "Credentials",
    "Fixed",
    "Gate",
    "LostAnswerError",
    "RefusedError",
    "SignIn",
    "SystemClock",
    "Token",
    "TokenRefusedError",
    "ask_for_token",
]
