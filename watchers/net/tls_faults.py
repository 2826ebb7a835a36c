"""What went wrong with TLS, in one sentence: which certificate fault, or that nobody speaks TLS there.

Never repeats the library's text, which may hold what the other side chose.
"""

from __future__ import annotations

import ssl

_CERTIFICATE = {
    9: "the certificate is not valid yet; is this machine's clock right?",
    10: "the certificate has expired; is this machine's clock right?",
    18: "the certificate is self-signed",
    19: "the certificate leads to a self-signed one that nobody here trusts",
    20: "the certificate is of an authority that nobody here trusts",
    21: "the certificate is of an authority that nobody here trusts",
    23: "the certificate was revoked",
    62: "the certificate is for another host name",
    64: "the certificate is for another address",
}
"""By OpenSSL's verify codes (X509_V_ERR_…), which Python hands on as `verify_code`."""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})
_TOO_OLD = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"})


def tls_sentence(failure: Exception) -> str:
    """Why a TLS connection could not be made, for a person."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        code = failure.verify_code
        return f"TLS: {_CERTIFICATE.get(code, f'the certificate is not valid (code {code})')}"
    reason = getattr(failure, "reason", None)
    if reason in _NO_TLS:
        return "TLS: what answers there does not speak it"
    if reason in _TOO_OLD:
        return "TLS: the other side speaks only versions that are too old"
    if isinstance(failure, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return "TLS: the connection broke off before it was secure"
    return "TLS: no secure connection could be made"
