"""How a device gets its key: a one-time code for it, told once over HTTP."""

from __future__ import annotations

import http
import json
import ssl
import urllib.error
import urllib.request

from cerebellum.errors import CerebellumError

_TIMEOUT_S = 10.0


class NotEnrolled(CerebellumError):
    """The site did not take the device: the sentence says why, and what to do."""


def enrol(url: str, code: str, device: str, ca: str | None = None) -> str:
    """The key of a device, for a code that nobody used yet.

    Args:
        url: The site's address, "http://..." or "https://...".
        code: As somebody at the site was given it.
        device: The id under which it takes part.
        ca: A certificate authority of the site's own, in a file.

    Raises:
        NotEnrolled: The site refuses, or can not be reached.
    """
    body = json.dumps({"code": code, "id": device}).encode()
    request = urllib.request.Request(
        f"{url}/api/v1/devices/enrol", body, {"Content-Type": "application/json"}
    )
    trust = ssl.create_default_context(cafile=ca) if url.startswith("https") else None
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=trust) as answer:
            return str(json.load(answer)["key"])
    except urllib.error.HTTPError as error:
        raise NotEnrolled(_detail(error)) from None
    except (OSError, ValueError, KeyError) as error:
        why = getattr(error, "reason", error)
        if isinstance(why, ssl.SSLCertVerificationError):
            raise NotEnrolled(f"{url} {untrusted(why)}") from None
        raise NotEnrolled(
            f"{url} can not be reached ({why}): is that the site's address?"
        ) from None


def untrusted(error: ssl.SSLCertVerificationError) -> str:
    """Why a certificate is not believed, and what to do."""
    return (
        f"shows a certificate that is not trusted here ({error.verify_message}): give --ca with the ca.pem "
        "of the site's folder"
    )


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError):
        return f"the site answered {error.code} {http.HTTPStatus(error.code).phrase}"
