"""A certificate authority of a site's own, and the certificate by which the site is spoken to encrypted."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.hub.secret_file import write_secret

CA, _CA_KEY, _SITE = "ca.pem", "ca.key", "site.pem"
# The authority is to outlive its devices' patience for being given another; the site's certificate is made
# anew at each start.
_CA_DAYS, _SITE_DAYS = 3650, 398


def certificate(state: Path, host: str, name: str, now: dt.datetime) -> tuple[Path, Path]:
    """The authority of a site, made if there is none, and a fresh certificate of it with its key.

    Args:
        state: The site's folder, which nobody else can read.
        host: Where it listens; a site that listens everywhere is known by this machine's name as well.
        name: What it is called.
        now: The time, in UTC.

    Returns:
        The authority's certificate, to be given to devices and people, and the site's with its key.
    """
    ca_file, key_file, site_file = state / CA, state / _CA_KEY, state / _SITE
    if not (ca_file.is_file() and key_file.is_file()):
        key = ec.generate_private_key(ec.SECP256R1())
        title = _named(f"Retinue site {name}")
        built = _built(title, title, key, key, now, _CA_DAYS)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        built = built.add_extension(_usage(is_ca=True), critical=True)
        write_secret(key_file, _pem(key))
        write_secret(ca_file, _signed(built, key))
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    ca_key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{key_file} holds another kind of key than this site made")
    own = ec.generate_private_key(ec.SECP256R1())
    built = _built(_named(name), ca.subject, own, ca_key, now, _SITE_DAYS)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(is_ca=False), critical=True)
    built = built.add_extension(x509.SubjectAlternativeName(_places(host)), critical=False)
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    built = built.add_extension(server, critical=False)
    write_secret(site_file, _signed(built, ca_key) + _pem(own))
    return ca_file, site_file


def _built(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    days: int,
) -> x509.CertificateBuilder:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A device whose clock is a little behind is let in all the same.
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
    )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _places(host: str) -> list[x509.GeneralName]:
    """Under which names and addresses it is found."""
    found = dict.fromkeys((host, "localhost", "127.0.0.1", "::1", socket.gethostname()))
    names: list[x509.GeneralName] = []
    for place in found:
        try:
            address = ipaddress.ip_address(place)
        except ValueError:
            names.append(x509.DNSName(place))
        else:
            if not address.is_unspecified:
                names.append(x509.IPAddress(address))
    return names


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _signed(built: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
