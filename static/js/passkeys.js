// allauth tells when a passkey could not be used (refused, timed out, none there); here the person is told too.
(() => {
  const { failed } = document.currentScript.dataset;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("toast", { detail: { tone: "warn", text: failed } }));
  });
})();
