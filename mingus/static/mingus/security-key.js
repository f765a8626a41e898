// Requests a signature by a security key from the browser and submits it, with allauth's script.
document.addEventListener("DOMContentLoaded", () => {
  window.allauth.webauthn.forms.authenticateForm({
    ids: { authenticate: "use-key", credential: "credential", data: "key-options" },
  });
});
