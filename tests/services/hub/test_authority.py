"""A site's own certificate authority: who has it trusts the site, who has not does not."""

import datetime as dt
import socket
import ssl
import threading

import pytest

from services.hub.authority import certificate

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
TODAY = dt.datetime.now(dt.UTC)


def shaken(cert, trust, name):
    """A handshake on loopback; what the client thinks of it."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(cert)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            try:
                with listening.accept()[0] as taken, serving.wrap_socket(taken, server_side=True):
                    pass
            except (ssl.SSLError, OSError):
                return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listening.getsockname()) as raw,
                ssl.create_default_context(cafile=trust).wrap_socket(raw, server_hostname=name),
            ):
                return "trusted"
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        finally:
            thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "fleet.example"])
def test_who_has_the_authority_trusts_the_site_under_its_names(tmp_path, name):
    ca, cert = certificate(tmp_path, "fleet.example", "fleet", TODAY)
    assert shaken(cert, ca, name) == "trusted"
    assert "mismatch" in shaken(cert, ca, "elsewhere.example")


def test_who_has_it_not_or_another_does_not(tmp_path):
    (tmp_path / "other").mkdir()
    _, cert = certificate(tmp_path, "127.0.0.1", "fleet", TODAY)
    other, _ = certificate(tmp_path / "other", "127.0.0.1", "other", TODAY)
    assert "issuer" in shaken(cert, None, "127.0.0.1")
    assert shaken(cert, other, "127.0.0.1") != "trusted"


def test_the_authority_stays_and_an_expired_certificate_is_refused(tmp_path):
    ca, old = certificate(tmp_path, "127.0.0.1", "fleet", TODAY - dt.timedelta(days=500))
    assert "expired" in shaken(old, ca, "127.0.0.1")
    before = ca.read_bytes()
    again, fresh = certificate(tmp_path, "127.0.0.1", "fleet", TODAY)
    assert again.read_bytes() == before
    assert shaken(fresh, ca, "127.0.0.1") == "trusted"


def test_keys_are_for_nobody_else(tmp_path):
    certificate(tmp_path, "127.0.0.1", "fleet", NOW)
    assert {oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()} == {"0o600"}
