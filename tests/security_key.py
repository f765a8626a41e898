"""A security key in software, which signs WebAuthn challenges as a real one does."""

from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

PRESENT = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class SecurityKey:
    """A key with one credential, at the origin of the test server."""

    def __init__(self, origin: str = "http://testserver") -> None:
        self.origin = origin
        self.id = token_bytes(16)
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.counter = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the response to the options of `navigator.credentials.create()`."""
        public_key = ES256.from_cryptography_key(self.private_key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, public_key)
        data = self._data(options["publicKey"]["rp"]["id"], AuthenticatorData.FLAG.AT, credential)
        client = self._client("webauthn.create", options)
        return self._response(clientDataJSON=client, attestationObject=bytes(AttestationObject.create("none", data, {})))

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the response to the options of `navigator.credentials.get()`."""
        data = self._data(options["publicKey"]["rpId"])
        client = self._client("webauthn.get", options)
        signature = self.private_key.sign(bytes(data) + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._response(clientDataJSON=client, authenticatorData=bytes(data), signature=signature)

    def _data(self, rp_id: str, flags: int = 0, credential: AttestedCredentialData | None = None) -> AuthenticatorData:
        self.counter += 1
        given = {"credential_data": credential} if credential else {}
        return AuthenticatorData.create(sha256(rp_id.encode()).digest(), PRESENT | flags, self.counter, **given)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return bytes(CollectedClientData.create(kind, options["publicKey"]["challenge"], self.origin))

    def _response(self, **members: bytes) -> dict[str, Any]:
        encoded = {name: websafe_encode(value) for name, value in members.items()}
        key = websafe_encode(self.id)
        return {"type": "public-key", "id": key, "rawId": key, "clientExtensionResults": {}, "response": encoded}
