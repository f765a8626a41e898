// Asks the browser for a security key and sends what it signed; the work is done by allauth's script.
document.addEventListener("DOMContentLoaded", () => {
  window.allauth.webauthn.forms.authenticateForm({
    ids: { authenticate: "use-key", credential: "credential", data: "key-options" },
  });
});
